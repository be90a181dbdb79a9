import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { ed25519Verify } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import type { Genesis, NoteSigner } from '../ledger/index.js';

/**
 * The form of a backup file: a line that says what it is, then parts, each its kind (1 byte), its length (4 bytes,
 * big-endian) and its content, in the order of {@link PART_KINDS}. The last part is a seal: the SHA-256 of all before
 * it, signed with the node's checkpoint key. Its text cannot be taken for a checkpoint: no network's id has a slash.
 */
const MAGIC = Buffer.from('counterseal-backup/v1\n');
export const PART_KINDS = ['genesis', 'checkpoint', 'manifest', 'chunk', 'payload', 'key', 'seal'] as const;
export type PartKind = (typeof PART_KINDS)[number];
/** The largest genesis: its 65,536 members take less. A chunk has 1 MiB, everything else less. */
const PART_MAX_BYTES = 33_554_432;
const HEAD_BYTES = 5;

export interface Part {
  readonly kind: PartKind;
  readonly bytes: Uint8Array;
}

/** A file of the node's folder: its name, a zero byte, its content. */
export const keyPart = (name: string, content: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.from(`${name}\0`), content]);

const sealText = (networkId: string, height: number, digest: Uint8Array): string =>
  `counterseal-backup/v1\n${networkId}\n${height}\n${Buffer.from(digest).toString('base64')}\n`;

/** Makes the bytes of a backup file out of its parts, the seal at the end. */
export async function* writeParts(
  parts: AsyncIterable<Part>,
  { signer, height }: { readonly signer: NoteSigner; readonly height: number },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  // With the first part, so that nothing is there before it is known that there is something.
  let before = MAGIC;
  for await (const part of parts) {
    const bytes = Buffer.concat([before, framed(part)]);
    before = Buffer.alloc(0);
    hash.update(bytes);
    yield bytes;
  }
  const text = sealText(signer.name, height, hash.digest());
  const signature = Buffer.from(signer.sign(Buffer.from(text))).toString('base64');
  yield framed({ kind: 'seal', bytes: Buffer.from(`${text}\n${signature}\n`) });
}

function framed({ kind, bytes }: Part): Uint8Array {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(PART_KINDS.indexOf(kind));
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** A part as it was read, and the SHA-256 of all before it. */
export interface ReadPart extends Part {
  readonly digestBefore: Uint8Array;
}

/**
 * The parts of a file, in their order, the seal as the last one. Throws `data_corrupted` for what is not of this form,
 * `not_found` or `io` where it cannot be read. Who made the file is for {@link verifySeal} to say.
 */
export async function* readParts(path: string): AsyncGenerator<ReadPart> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const code = cause.code === 'ENOENT' ? 'not_found' : 'io';
    throw new CountersealError(code, `the backup ${path} cannot be read`, { cause });
  });
  try {
    const hash = createHash('sha256');
    const magic = await readExactly(file, MAGIC.length, path);
    if (!magic?.equals(MAGIC)) throw damaged(path, 'it is not a backup of a node');
    hash.update(magic);
    let last = 0;
    for (;;) {
      const digestBefore = hash.copy().digest();
      const head = await readExactly(file, HEAD_BYTES, path);
      if (!head) throw damaged(path, 'its end is missing');
      const kind = PART_KINDS[head[0]!];
      const length = head.readUInt32BE(1);
      if (kind === undefined || head[0]! < last || length > PART_MAX_BYTES)
        throw damaged(path, 'a part of it cannot be');
      last = head[0]!;
      const bytes = length === 0 ? Buffer.alloc(0) : await readExactly(file, length, path);
      if (!bytes) throw damaged(path, 'its end is missing');
      hash.update(head).update(bytes);
      if (kind === 'seal' && (await readExactly(file, 1, path)))
        throw damaged(path, 'something follows its end');
      yield { kind, bytes, digestBefore };
      if (kind === 'seal') return;
    }
  } finally {
    await file.close();
  }
}

/** The next bytes, or undefined at the end of the file. */
async function readExactly(file: FileHandle, length: number, path: string): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at);
    if (bytesRead === 0 && at === 0) return undefined;
    if (bytesRead === 0) throw damaged(path, 'its end is missing');
    at += bytesRead;
  }
  return bytes;
}

/** The height that a seal names. Throws `data_corrupted` unless an operator of the network made it over `digest`. */
export function verifySeal(genesis: Genesis, { bytes, digestBefore }: ReadPart, path: string): number {
  const [text, signature] = Buffer.from(bytes).toString('utf8').split('\n\n');
  const height = /^counterseal-backup\/v1\n[^\n]+\n(\d{1,15})\n[^\n]+$/.exec(text ?? '')?.[1];
  if (height === undefined) throw damaged(path, 'its seal is malformed');
  const expected = sealText(genesis.networkId, Number(height), digestBefore);
  const signed = Buffer.from(signature ?? '', 'base64');
  const canonical = Buffer.from(`${expected}\n${signed.toString('base64')}\n`);
  const valid =
    canonical.equals(bytes) &&
    genesis.operators.some(({ checkpointKey }) =>
      ed25519Verify(new Uint8Array(Buffer.from(checkpointKey, 'hex')), Buffer.from(expected), signed),
    );
  if (!valid) throw damaged(path, 'it is not what an operator of the network sealed');
  return Number(height);
}

export const damaged = (path: string, why: string): CountersealError =>
  new CountersealError('data_corrupted', `the backup ${path} was changed or is damaged: ${why}`);

/** The name and the content of a file of the node's folder. Throws `data_corrupted` for a name that is none of them. */
export function readKeyPart(bytes: Uint8Array, names: readonly string[], path: string): [string, Uint8Array] {
  const end = bytes.indexOf(0);
  const name = Buffer.from(bytes.subarray(0, Math.max(end, 0))).toString('utf8');
  ensure(
    names.includes(name),
    'data_corrupted',
    `the backup ${path} was changed or is damaged: it holds a file that is no part of a node's folder`,
  );
  return [name, bytes.subarray(end + 1)];
}
