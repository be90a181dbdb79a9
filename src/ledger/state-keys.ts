import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type FieldElement, fieldToBytes } from '../crypto/index.js';
import type { EpochDay, Height, LogIndex, Sequence } from './units.js';

/** Every key of the ledger's store. Numbers are hexadecimal of fixed width, so that keys sort as numbers do. */
const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
const field = (x: FieldElement): string => bytesToHex(fieldToBytes(x));

declare const stateKey: unique symbol;
/** A key of consensus state: its value is a leaf of the state tree. */
export type StateKey = string & { readonly [stateKey]: true };
const state = (key: string): StateKey => key as StateKey;

const ERASED = 's/erased/';
/** All payloads that were erased. */
export const ERASED_RANGE = { gte: ERASED, lt: 's/erased0' } as const;
/** The hash of the payload that a key says was erased; undefined for any other key. */
export const erasedPayloadOf = (key: string): Uint8Array | undefined =>
  key.startsWith(ERASED) ? hexToBytes(key.slice(ERASED.length)) : undefined;

/** Consensus state: all of it is in the state tree. */
export const stateKeys = {
  /** What the network is: the genesis' hash. */
  network: state('s/network'),
  /** How many entries there are. */
  counters: state('s/counters'),
  /** Members: number of changes, number of slots, the roots that are accepted. */
  members: state('s/members'),
  memberSlot: (slot: number) => state(`s/member/${hex(slot, 4)}`),
  entry: (sequence: Sequence) => state(`s/entry/${hex(sequence, 14)}`),
  /** A tag's counts and the first page of its list. */
  tag: (purpose: string, tag: FieldElement) => state(`s/tag/${purpose}/${field(tag)}`),
  /** Page 1 and up of a tag's list. */
  tagPage: (purpose: string, tag: FieldElement, page: number) =>
    state(`s/tag/${purpose}/${field(tag)}/${hex(page, 8)}`),
  /** The entry that named a payload's hash: no second one may. */
  payload: (payloadHash: Uint8Array) => state(`s/payload/${bytesToHex(payloadHash)}`),
  /** There once a payload's author has erased it. */
  erased: (payloadHash: Uint8Array) => state(`${ERASED}${bytesToHex(payloadHash)}`),
  nullifier: (period: EpochDay, nullifier: FieldElement) =>
    state(`s/nullifier/${hex(period, 8)}/${field(nullifier)}`),
  /** The chain of draws of an exact tag. */
  capacity: (purpose: string, exact: FieldElement) => state(`s/capacity/${purpose}/${field(exact)}`),
  /** There once a draw was made. */
  draw: (w: FieldElement) => state(`s/draw/${field(w)}`),
  /** How often an entry has drawn. */
  entryDraws: (sequence: Sequence) => state(`s/draws/${hex(sequence, 14)}`),
  /** There once a message was sent to an address. */
  message: (period: EpochDay, address: FieldElement) =>
    state(`s/message/${hex(period, 8)}/${field(address)}`),
  /** How many messages of a day there are under a purpose. */
  messageCount: (period: EpochDay, purpose: string) => state(`s/message/${hex(period, 8)}/count/${purpose}`),
  /** All addresses and counts of periods before `period`. */
  messagesBefore: (period: EpochDay) => ({
    gte: `s/message/${hex(0, 8)}/`,
    lt: `s/message/${hex(period, 8)}/`,
  }),
  /** All nullifiers of periods before `period`. */
  nullifiersBefore: (period: EpochDay) => ({
    gte: `s/nullifier/${hex(0, 8)}/`,
    lt: `s/nullifier/${hex(period, 8)}/`,
  }),
} as const;

/** All of consensus state. */
export const STATE_RANGE = { gte: 's/', lt: 's0' } as const;

/** Where the store stands: see machine.ts. */
export const META_KEY = 'm/meta';
/** There while a snapshot is being written: what has been written so far is not yet a ledger. */
export const RESTORING_KEY = 'm/restoring';
/** A node of the state tree; `path` is one hexadecimal digit per level. */
export const treeNodeKey = (version: number, path: string): string => `n/${hex(version, 14)}/${path}`;
/** That a node is no longer part of the tree since a version: the value is the node's key. */
export const staleNodeKey = (since: number, version: number, path: string): string =>
  `o/${hex(since, 14)}/${hex(version, 14)}/${path}`;
export const staleNodesUpTo = (since: number) => ({ gte: 'o/', lt: `o/${hex(since + 1, 14)}/` });
/** The root of a complete subtree of the log. */
export const logNodeKey = (level: number, index: number): string => `h/${hex(level, 2)}/${hex(index, 14)}`;
export const recordKey = (index: LogIndex): string => `r/${hex(index, 14)}`;
export const recordRange = (from: LogIndex, to: LogIndex) => ({ gte: recordKey(from), lt: recordKey(to) });
/** An included transaction: its log index, then its bytes. */
export const transactionKey = (txHash: Uint8Array): string => `t/${bytesToHex(txHash)}`;
/** A snapshot that this node offers. */
export const snapshotKey = (height: Height): string => `x/${hex(height, 14)}`;
export const SNAPSHOT_RANGE = { gte: 'x/', lt: 'x0' } as const;
/** All that restoring a snapshot writes. */
export const RESTORED_RANGES = ['h', 'n', 'r', 's', 't'].map((kind) => ({
  gte: `${kind}/`,
  lt: `${kind}0`,
}));
/** An entry's ciphertext, beside consensus state: it can be erased. */
export const payloadKey = (payloadHash: Uint8Array): string => `p/${bytesToHex(payloadHash)}`;
/** That a payload may be erased after a day, unless it says a later one itself. */
export const payloadDueKey = (lastDay: EpochDay, payloadHash: Uint8Array): string =>
  `q/${hex(lastDay, 8)}/${bytesToHex(payloadHash)}`;
/** That a payload was deleted, and the space that it took not yet freed. */
export const payloadFreeKey = (payloadHash: Uint8Array): string => `f/${bytesToHex(payloadHash)}`;
export const PAYLOADS_TO_FREE = { gte: 'f/', lt: 'f0' } as const;
export const PAYLOAD_RANGE = { gte: 'p/', lt: 'p0' } as const;
export const payloadsDueBefore = (day: EpochDay) => ({ gte: 'q/', lt: `q/${hex(day, 8)}/` });
