import { ed25519Verify } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { type Genesis, keyBytes } from './genesis.js';
import { equalBytes, sha256 } from './hash.js';
import { height, type Height, type UnixMs, unixMs } from './units.js';

/**
 * Checkpoints: the log's size and root, signed, as C2SP tlog-checkpoint and signed-note have them. Extension lines
 * carry the state root and the block, so that one signature covers all of consensus state:
 *
 *     <network id>
 *     <size>
 *     <base64 of the log's root>
 *     state <base64 of the state root>
 *     block <height> <milliseconds since 1970>
 *
 *     — <key name> <base64 of key id and signature>
 */
export interface Checkpoint {
  /** The network's id. */
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly stateRoot: Uint8Array;
  readonly height: Height;
  readonly time: UnixMs;
}

/** Whose signature counts: the key's name is the origin for operators, the witness's own for others. */
export interface NoteKey {
  readonly name: string;
  /** Ed25519. */
  readonly publicKey: Uint8Array;
}

export interface NoteSigner extends NoteKey {
  sign(message: Uint8Array): Uint8Array;
}

/** Larger notes are not read: 64 signatures have room. */
const NOTE_MAX_BYTES = 16_384;
const ED25519_TYPE = 0x01;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/u;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function checkpointBody(checkpoint: Checkpoint): string {
  const { origin, size, root, stateRoot, height: block, time } = checkpoint;
  return `${origin}\n${size}\n${base64(root)}\nstate ${base64(stateRoot)}\nblock ${block} ${time}\n`;
}

/** signed-note's key id: the first four bytes of SHA-256(name, newline, type, public key). */
function keyId({ name, publicKey }: NoteKey): Uint8Array {
  return sha256(Buffer.from(`${name}\n`), Uint8Array.of(ED25519_TYPE), publicKey).subarray(0, 4);
}

/** The signed note of a checkpoint. */
export function signCheckpoint(checkpoint: Checkpoint, signer: NoteSigner): string {
  const body = checkpointBody(checkpoint);
  const signature = signer.sign(Buffer.from(body));
  return `${body}\n\u2014 ${signer.name} ${base64(Buffer.concat([keyId(signer), signature]))}\n`;
}

/** A note with one more signature line, such as a witness's; throws `invalid_argument` for what is no such line. */
export function addSignatureLine(note: string, line: string): string {
  ensure(SIGNATURE_LINE.test(line), 'invalid_argument', 'not a signature line of a signed note');
  return `${note}${line}\n`;
}

/**
 * Reads a note, and requires signatures of at least `quorum` of the keys over it. Lines of other signers are passed
 * over, as signed-note demands; one by a known key that does not verify is an error. Throws `invalid_argument` for
 * what is not a checkpoint of `origin`, `permission_denied` where too few of the keys signed.
 */
export function openCheckpoint(
  note: string,
  origin: string,
  keys: readonly NoteKey[],
  quorum = 1,
): Checkpoint {
  ensure(Buffer.byteLength(note) <= NOTE_MAX_BYTES, 'invalid_argument', 'the checkpoint is too large');
  const body = noteBody(note);
  const lines = note.slice(body.length + 1, -1).split('\n');
  const message = Buffer.from(body);
  const signers = new Set<NoteKey>();
  for (const line of lines) {
    const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
    ensure(name && encoded, 'invalid_argument', 'the checkpoint has a malformed signature line');
    const bytes = fromBase64(encoded);
    const key = keys.find(
      (candidate) => candidate.name === name && equalBytes(keyId(candidate), bytes.subarray(0, 4)),
    );
    if (!key) continue;
    ensure(
      ed25519Verify(key.publicKey, message, bytes.subarray(4)),
      'permission_denied',
      `the signature of ${name} on the checkpoint is wrong`,
    );
    signers.add(key);
  }
  ensure(
    quorum >= 1 && signers.size >= quorum,
    'permission_denied',
    `the checkpoint has ${signers.size} signatures of known keys, not ${quorum}`,
  );
  const checkpoint = parseBody(body);
  ensure(
    checkpoint.origin === origin,
    'invalid_argument',
    `the checkpoint is of ${checkpoint.origin}, not of ${origin}`,
  );
  return checkpoint;
}

/** The text of a note that signatures are over, with its last newline. Throws `invalid_argument` for what is no note. */
export function noteBody(note: string): string {
  const end = note.indexOf('\n\n');
  ensure(end > 0 && note.endsWith('\n'), 'invalid_argument', 'the checkpoint is not a signed note');
  return note.slice(0, end + 1);
}

/** What a note says, whoever signed it: for notes that were verified before. */
export const readVerifiedCheckpoint = (note: string): Checkpoint => parseBody(noteBody(note));

/** Reads a checkpoint that an operator of the network signed; throws as {@link openCheckpoint} does. */
export function checkpointOf(genesis: Genesis, note: string): Checkpoint {
  const name = genesis.networkId;
  const keys = genesis.operators.map(({ checkpointKey }) => ({ name, publicKey: keyBytes(checkpointKey) }));
  return openCheckpoint(note, name, keys);
}

function parseBody(body: string): Checkpoint {
  const [origin, size, root, state, block] = body.split('\n');
  const [, stateRoot] = /^state (\S+)$/.exec(state ?? '') ?? [];
  const [, blockHeight, time] = /^block (\d{1,16}) (\d{1,16})$/.exec(block ?? '') ?? [];
  ensure(
    origin && /^\d{1,16}$/.test(size ?? '') && root && stateRoot && blockHeight && time,
    'invalid_argument',
    'the checkpoint is not of this form',
  );
  const checkpoint: Checkpoint = {
    origin,
    size: Number(size),
    root: fromBase64(root),
    stateRoot: fromBase64(stateRoot),
    height: height(Number(blockHeight)),
    time: unixMs(Number(time)),
  };
  ensure(
    Number.isSafeInteger(checkpoint.size) &&
      checkpoint.root.length === 32 &&
      checkpoint.stateRoot.length === 32,
    'invalid_argument',
    'the checkpoint has a size or root that cannot be',
  );
  // Leading zeros, further lines, loose base64: whatever would not be written is not read.
  ensure(checkpointBody(checkpoint) === body, 'invalid_argument', 'the checkpoint is not in canonical form');
  return checkpoint;
}

function fromBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text)
    throw new CountersealError('invalid_argument', 'the checkpoint has malformed base64');
  return new Uint8Array(bytes);
}
