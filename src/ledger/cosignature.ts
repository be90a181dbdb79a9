import { ed25519Verify, isStrongEd25519Key } from '../crypto/index.js';
import { ensure } from '../errors.js';
import { noteBody, type NoteKey, type NoteSigner } from './checkpoint.js';
import { equalBytes, sha256 } from './hash.js';
import { type UnixMs, unixMs } from './units.js';

/**
 * Cosignatures of witnesses on checkpoints (C2SP tlog-cosignature, Ed25519 `cosignature/v1`): that at a time, by its own
 * clock, this was the largest tree that the witness had seen, and that it extends all that it had seen before.
 */
export interface Cosignature {
  readonly key: NoteKey;
  /** Of the witness's clock; whole seconds. */
  readonly time: UnixMs;
}

const COSIGNATURE_TYPE = 0x04;
const NAME = /^[^\s+]{1,255}$/u;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

function cosignerId({ name, publicKey }: NoteKey): Uint8Array {
  return sha256(Buffer.from(`${name}\n`), Uint8Array.of(COSIGNATURE_TYPE), publicKey).subarray(0, 4);
}

const cosignedMessage = (note: string, seconds: number | bigint): Uint8Array =>
  Buffer.from(`cosignature/v1\ntime ${seconds}\n${noteBody(note)}`);

/** The signature line of a cosigner, without its newline. */
export function cosignatureLine(note: string, signer: NoteSigner, time: UnixMs): string {
  const seconds = Math.floor(time / 1000);
  const timestamp = Buffer.alloc(8);
  timestamp.writeBigUInt64BE(BigInt(seconds));
  const signature = signer.sign(cosignedMessage(note, seconds));
  return `\u2014 ${signer.name} ${base64(Buffer.concat([cosignerId(signer), timestamp, signature]))}`;
}

/**
 * The cosignature that a line of a note is, if it is one of `keys`; undefined for lines of others. Throws
 * `permission_denied` where it bears a known key's name and id and is not that key's.
 */
export function readCosignature(
  note: string,
  line: string,
  keys: readonly NoteKey[],
): Cosignature | undefined {
  const [, name, encoded = ''] = /^\u2014 ([^\s+]+) (\S+)$/u.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const key = keys.find(
    (candidate) => candidate.name === name && equalBytes(cosignerId(candidate), bytes.subarray(0, 4)),
  );
  if (!key) return undefined;
  const seconds = bytes.length === 76 ? bytes.readBigUInt64BE(4) : undefined;
  ensure(
    base64(bytes) === encoded &&
      seconds !== undefined &&
      seconds <= BigInt(Number.MAX_SAFE_INTEGER) / 1000n &&
      ed25519Verify(key.publicKey, cosignedMessage(note, seconds), bytes.subarray(12)),
    'permission_denied',
    `the cosignature of ${name} is wrong`,
  );
  return { key, time: unixMs(Number(seconds) * 1000) };
}

/** The cosignatures of a note by `keys`, one for each at most; throws as {@link readCosignature} does. */
export function cosignaturesOf(note: string, keys: readonly NoteKey[]): Cosignature[] {
  const found = new Map<NoteKey, Cosignature>();
  for (const line of note.slice(noteBody(note).length + 1, -1).split('\n')) {
    const cosignature = readCosignature(note, line, keys);
    if (cosignature) found.set(cosignature.key, cosignature);
  }
  return [...found.values()];
}

/** C2SP's text form of a cosigner's key: `name+key id+base64(0x04 || key)`. */
export function formatVerifierKey(key: NoteKey): string {
  ensure(NAME.test(key.name), 'invalid_argument', 'the name of a witness has no spaces and no plus sign');
  const id = Buffer.from(cosignerId(key)).toString('hex');
  return `${key.name}+${id}+${base64(Buffer.concat([Uint8Array.of(COSIGNATURE_TYPE), key.publicKey]))}`;
}

/** Reads {@link formatVerifierKey}'s form; throws `invalid_argument` for anything else, and for weak keys. */
export function parseVerifierKey(text: string): NoteKey {
  const [, name = '', encoded = ''] = /^([^\s+]+)\+[0-9a-f]{8}\+(\S+)$/u.exec(text) ?? [];
  const key = { name, publicKey: new Uint8Array(Buffer.from(encoded, 'base64').subarray(1)) };
  ensure(
    NAME.test(name) && isStrongEd25519Key(key.publicKey) && formatVerifierKey(key) === text,
    'invalid_argument',
    `${text} is not the verifier key of a witness: expected name+key id+base64`,
  );
  return key;
}
