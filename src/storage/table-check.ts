import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { CountersealError, ensure } from '../errors.js';
import { ByteReader } from './byte-reader.js';
import { liveTables } from './manifest.js';

/** LevelDB's table format: blocks, an index of them, and a footer of two handles, padding and a magic number. */
const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** Behind each block: how it is compressed, and a masked CRC-32C of both. */
const TRAILER_BYTES = 5;
const SNAPPY = 1;

interface Handle {
  readonly offset: number;
  readonly size: number;
}

/** Tables that this process has checked: LevelDB never changes one. */
const checked = new Set<string>();

/**
 * Checks every block of every table of a database, before it is opened. LevelDB does so only when it is told to, which
 * its driver cannot: a byte that changed in a key makes what it stands for seem never written, or ends the process when
 * the table is merged into another. Throws `data_corrupted`, `io`.
 */
export function checkTables(directory: string): void {
  for (const number of liveTables(directory)) {
    const path = tablePath(directory, number);
    try {
      const found = path && statSync(path, { throwIfNoEntry: false });
      // Whoever has the database open has removed it; or it is lost, and opening says so.
      if (!found) continue;
      const identity = `${path} ${found.ino} ${found.size} ${found.mtimeMs}`;
      if (checked.has(identity)) continue;
      ensure(isIntact(readFileSync(path)), 'data_corrupted', `${path} is damaged: restore a backup`);
      checked.add(identity);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      if (error instanceof CountersealError) throw error;
      throw new CountersealError('io', `${path} cannot be read: see to the disk`, { cause: error });
    }
  }
}

function tablePath(directory: string, number: number): string | undefined {
  const name = join(directory, String(number).padStart(6, '0'));
  return [`${name}.ldb`, `${name}.sst`].find((path) => existsSync(path));
}

function isIntact(table: Buffer): boolean {
  try {
    const footer = table.subarray(table.length - FOOTER_BYTES);
    if (footer.readBigUInt64LE(FOOTER_BYTES - 8) !== MAGIC) return false;
    const reader = new ByteReader(footer);
    // What is found by name, which is the filter that says what is not there; then the blocks of content.
    for (const list of [handle(reader), handle(reader)])
      for (const found of handlesIn(blockAt(table, list))) blockAt(table, found);
    return true;
  } catch (error) {
    if (error instanceof RangeError || error instanceof CountersealError) return false;
    throw error;
  }
}

/** The content of a block; throws unless it is what was written. */
function blockAt(table: Buffer, { offset, size }: Handle): Buffer {
  const end = offset + size;
  ensure(end + TRAILER_BYTES <= table.length, 'data_corrupted', 'a block beyond the end');
  const crc = crc32c(table.subarray(offset, end + 1));
  const masked = (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
  ensure(masked === table.readUInt32LE(end + 1), 'data_corrupted', 'a block with another checksum');
  const block = table.subarray(offset, end);
  // Only the index is looked into.
  return table[end] === SNAPPY ? uncompress(block) : block;
}

const handle = (reader: ByteReader): Handle => ({ offset: reader.varint(), size: reader.varint() });

/** The values of an index are handles; its entries come before the offsets of its restarts. */
function handlesIn(index: Buffer): Handle[] {
  const restarts = index.readUInt32LE(index.length - 4);
  const reader = new ByteReader(index.subarray(0, index.length - 4 * (restarts + 1)));
  const handles: Handle[] = [];
  while (!reader.atEnd) {
    reader.varint();
    const rest = reader.varint();
    reader.varint();
    reader.skip(rest);
    handles.push(handle(reader));
  }
  return handles;
}

/** Snappy's format: a length, then literals and copies of what came before. */
function uncompress(block: Buffer): Buffer {
  const reader = new ByteReader(block);
  const out = Buffer.alloc(reader.varint());
  let at = 0;
  while (!reader.atEnd) {
    const tag = reader.byte();
    if ((tag & 3) === 0) {
      const short = tag >> 2;
      const length = (short < 60 ? short : reader.littleEndian(short - 59)) + 1;
      at += reader.take(length).copy(out, at);
      continue;
    }
    const kind = tag & 3;
    const length = kind === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
    const offset = kind === 1 ? ((tag >> 5) << 8) | reader.byte() : reader.littleEndian(kind === 2 ? 2 : 4);
    // Byte by byte: a copy may overlap what it makes.
    for (let i = 0; i < length; i++, at++) out[at] = out[at - offset]!;
  }
  return out;
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c >>> 0;
});

/** CRC-32C (Castagnoli), which LevelDB uses; zlib's CRC-32 is another. */
function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}
