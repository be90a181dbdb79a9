import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CountersealError } from '../errors.js';
import { ByteReader } from './byte-reader.js';

/** LevelDB's log format: blocks of this size, in which records have a checksum (4), a length (2) and a type (1). */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
/** Of a record: all of it, or its first, a middle and its last part. */
const LAST_PARTS: readonly number[] = [1, 4];

/** Tags of a version edit. */
const COMPARATOR = 1;
const NUMBERS: readonly number[] = [2, 3, 4, 9];
const COMPACT_POINTER = 5;
const DELETED_FILE = 6;
const NEW_FILE = 7;

/**
 * The numbers of the tables that a database consists of. Others may lie beside them: what a process had not finished
 * when it was killed. Empty for what cannot be read: opening the database says why.
 */
export function liveTables(directory: string): number[] {
  const live = new Set<number>();
  try {
    const manifest = readFileSync(join(directory, 'CURRENT'), 'utf8').trim();
    for (const edit of records(readFileSync(join(directory, manifest)))) apply(edit, live);
  } catch (error) {
    const unreadable = error instanceof RangeError || error instanceof CountersealError;
    if (!unreadable && (error as NodeJS.ErrnoException).code === undefined) throw error;
    return [];
  }
  return [...live];
}

function* records(log: Buffer): Generator<Buffer> {
  let parts: Buffer[] = [];
  for (let at = 0; at + HEADER_BYTES <= log.length;) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const type = log.readUInt8(at + 6);
    parts.push(log.subarray(at + HEADER_BYTES, at + HEADER_BYTES + length));
    at += HEADER_BYTES + length;
    if (!LAST_PARTS.includes(type)) continue;
    yield Buffer.concat(parts);
    parts = [];
  }
}

function apply(edit: Buffer, live: Set<number>): void {
  const reader = new ByteReader(edit);
  const skipString = () => reader.skip(reader.varint());
  while (!reader.atEnd) {
    const tag = reader.varint();
    if (NUMBERS.includes(tag)) reader.varint();
    else if (tag === COMPARATOR) skipString();
    else if (tag === COMPACT_POINTER) {
      reader.varint();
      skipString();
    } else if (tag === DELETED_FILE) {
      reader.varint();
      live.delete(reader.varint());
    } else if (tag === NEW_FILE) {
      reader.varint();
      live.add(reader.varint());
      reader.varint();
      skipString();
      skipString();
    } else throw new CountersealError('data_corrupted', 'an unknown tag');
  }
}
