import { createHash } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { fieldToBytes, text, type FieldElement } from '../../src/crypto/index.js';
import { fingerprintRow, identity, readDocument, slotsOf } from '../../src/documents/index.js';

/** Something that must not be found, and how it was written. */
export interface Needle {
  readonly what: string;
  readonly bytes: Buffer;
}

/** Shorter strings are found by chance; so are some digits, in the milliseconds of a time that ends with a minute. */
const MIN_LENGTH = 6;
const FEW_DIGITS = /^\d{1,7}$/;

const base64Needles = (bytes: Buffer): string[] =>
  [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replaceAll('=', '');
    // The characters that hold bits of what lies before and after are left out.
    const start = shift === 0 ? 0 : shift + 1;
    const end = ((shift + bytes.length) * 8) % 6 === 0 ? encoded.length : encoded.length - 1;
    const inner = encoded.slice(start, end);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });

/** Bytes as they are, in hexadecimal and in base64. */
function binary(what: string, bytes: Buffer): Needle[] {
  const hex = bytes.toString('hex');
  return [
    { what, bytes },
    ...[hex, hex.toUpperCase()].map((s) => ({ what: `${what} in hexadecimal`, bytes: Buffer.from(s) })),
    ...base64Needles(bytes).map((s) => ({ what: `${what} in base64`, bytes: Buffer.from(s) })),
  ];
}

function element(what: string, x: FieldElement): Needle[] {
  const big = Buffer.from(fieldToBytes(x));
  return [
    ...binary(what, big),
    ...binary(`${what}, little-endian`, Buffer.from(big).reverse()),
    { what: `${what} in decimal`, bytes: Buffer.from(x.toString()) },
  ];
}

/** A string in every form in which somebody could have written it down. */
export function needlesOf(string: string): Needle[] {
  const utf16 = Buffer.from(string, 'utf16le');
  return [
    ...binary(`"${string}"`, Buffer.from(string)),
    ...binary(`"${string}" in UTF-16`, utf16),
    ...binary(`"${string}" in UTF-16, big-endian`, Buffer.from(utf16).swap16()),
    ...binary(`SHA-256 of "${string}"`, createHash('sha256').update(string).digest()),
    ...element(`text("${string}")`, text(string)),
  ];
}

/** All that is in a document: what its file says, its canonical strings and slots, and what identifies it. */
export function secretsOf(file: Buffer): Needle[] {
  const { document } = readDocument(file);
  const said = [...file.toString('utf8').matchAll(/>([^<>]+)</g)].map(([, value]) => value!.trim());
  const canonical = Object.values(document.strings).flat();
  const parts = canonical.flatMap((value) => value.split('|'));
  // What every file of the format says is no secret of this one.
  const strings = [...said, ...canonical, ...parts].filter(
    (value) => value.length >= MIN_LENGTH && !FEW_DIGITS.test(value) && !value.startsWith('urn:'),
  );
  const slots = slotsOf(document);
  const { exact, near, possession, further } = fingerprintRow(document.kind);
  const identities = [exact, near, possession, ...further].flatMap((fingerprint) =>
    fingerprint && (fingerprint.mask & ~document.present) === 0
      ? element(`identity ${fingerprint.name}`, identity(fingerprint.name, fingerprint.mask, slots))
      : [],
  );
  const large = slots.filter((slot) => slot > 2n ** 64n).flatMap((slot, i) => element(`slot ${i}`, slot));
  return [...[...new Set(strings)].flatMap(needlesOf), ...large, ...identities];
}

/** The needles that are in a haystack. */
export const found = (haystack: Buffer, needles: readonly Needle[]): string[] =>
  needles.filter(({ bytes }) => haystack.includes(bytes)).map(({ what }) => what);

const isDatabase = (files: readonly string[]) => files.includes('CURRENT') && files.includes('LOCK');

/** Keys and values of a database that nobody has open. */
export async function databaseEntries(folder: string): Promise<[Buffer, Buffer][]> {
  const copy = await mkdtemp(join(tmpdir(), 'counterseal-dump-'));
  try {
    await cp(folder, copy, { recursive: true });
    const db = new Level<Buffer, Buffer>(copy, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    const entries = await db.iterator().all();
    await db.close();
    return entries;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** The same in one piece: the files themselves are compressed. */
export const dumpDatabase = async (folder: string): Promise<Buffer> =>
  Buffer.concat((await databaseEntries(folder)).flat());

/** Every file below a folder, and the content of every database among them. */
export async function dumpFolder(folder: string): Promise<Buffer> {
  const files = await readdir(folder);
  const parts = isDatabase(files) ? [await dumpDatabase(folder)] : [];
  for (const file of files) {
    const path = join(folder, file);
    parts.push((await stat(path)).isDirectory() ? await dumpFolder(path) : await readFile(path));
  }
  return Buffer.concat(parts);
}
