import { MEMBERS_DEPTH } from '../crypto/index.js';
import { DAY_MS } from '../time.js';

/** The numbers of the ledger, each named once (protocol sections 6 and 7). Sizes in bytes, times in milliseconds. */

/** Version of the canonical encodings of transactions and log records. */
export const ENCODING_VERSION = 1;

/** A transaction's largest encoding. A `register` is about 1 KiB; a full membership change is the largest. */
export const TRANSACTION_MAX_BYTES = 8192;
/** A block's transactions together. */
export const BLOCK_MAX_BYTES = 1_048_576;
export const BLOCK_MAX_TRANSACTIONS = 1024;

/** The ciphertexts of entries: padded to a power of two, so their length says little. */
export const PAYLOAD_MIN_BYTES = 1024;
export const PAYLOAD_MAX_BYTES = 65_536;

/** The ciphertexts of messages: a power of two as well, so that an acknowledgement is as long as a page of text. */
export const MESSAGE_MIN_BYTES = 8192;
export const MESSAGE_MAX_BYTES = 32_768;
/** Messages that the holders of one document may exchange under one purpose on one day. */
export const MESSAGE_SLOTS = 256;
/** Messages of one day under one purpose, where the genesis does not say: what a flood can make nodes keep. */
export const MESSAGES_PER_DAY = 20_000;
/** Days for which nodes keep a message, where the genesis does not say. */
export const MESSAGE_RETAIN_DAYS = 90;

export const PURPOSE_MAX_BYTES = 32;
/** The mailbox key under its AEAD: 24 bytes of nonce, 32 of key, 16 of tag. */
export const NOTICE_BYTES = 72;
/** A.x A.y | B.x.c0 B.x.c1 B.y.c0 B.y.c1 | C.x C.y, each 32 bytes big-endian. */
export const PROOF_BYTES = 256;

/** How far the agent's clock may be ahead of the block's time, which can be a minute old. */
export const PERIOD_LEEWAY_MS = 600_000;
/** The longest time that an action stays valid after the block that could first hold it. */
export const ACTION_VALIDITY_MAX_MS = DAY_MS;
/** How long a members' root that was current at a full hour stays accepted, unless a member was removed since. */
export const MEMBERS_ROOT_WINDOW_MS = DAY_MS;

export const MEMBERS_MAX = 2 ** MEMBERS_DEPTH;
export const MEMBERSHIP_CHANGES_MAX = 64;
export const ADMINISTRATORS_MAX = 32;
export const ROLES_MAX = 16;
/** Bounds the size of a popular tag's leaf: it counts its live entries by day. */
export const TTL_MAX_DAYS = 1100;

/** Engagements of one entry that may be refused: they are recorded, so they must not be free. */
export const REFUSED_ENGAGEMENTS_MAX = 16;

/** Draws of one entry: as little as 1 can be drawn, and each spoils the draws that others are making. At most 255. */
export const DRAWS_PER_ENTRY_MAX = 100;

/** Fingerprints of an entry beside exact and near: all elements of a set, and the others. */
export const FINGERPRINTS_MAX = 72;

/** Entries in one page of a tag's list; page 0 lies in the tag's own leaf. */
export const TAG_PAGE_SIZE = 16;
/** A verdict lists this many of the earliest and of the latest matches of a tag, and counts them all. */
export const MATCHES_LISTED_EACH_END = 16;

/** Expired nullifiers that one block may delete. */
export const NULLIFIERS_PRUNED_PER_BLOCK = 2048;
/** Blocks with transactions whose state tree can still be proved against. */
export const STATE_VERSIONS_KEPT = 128;
/** Outdated tree nodes that one commit may delete. */
export const STALE_NODES_PRUNED_PER_COMMIT = 16_384;

/** Snapshots that are offered; the oldest holds back the pruning of tree nodes. */
export const SNAPSHOTS_KEPT = 2;

/** Verdicts on proofs that are remembered between `checkTx` and `finalizeBlock`. */
export const PROOF_CACHE_MAX = 65_536;
