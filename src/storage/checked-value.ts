import { crc32 } from 'node:zlib';
import { CountersealError } from '../errors.js';

const CHECKSUM_BYTES = 4;

const checksum = (key: string, value: Uint8Array): number => crc32(value, crc32(key));

/**
 * A value as it is stored: behind a CRC-32 of its key and itself. LevelDB does not check what it reads from its tables.
 */
export function sealChecked(key: string, value: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(CHECKSUM_BYTES + value.length);
  new DataView(sealed.buffer).setUint32(0, checksum(key, value));
  sealed.set(value, CHECKSUM_BYTES);
  return sealed;
}

/** The value of what {@link sealChecked} made. Throws `data_corrupted` unless it is what was stored under this key. */
export function openChecked(key: string, sealed: Uint8Array): Uint8Array {
  // A plain view: what leaves the store does not depend on the driver.
  const length = Math.max(0, sealed.length - CHECKSUM_BYTES);
  const value = new Uint8Array(sealed.buffer, sealed.byteOffset + sealed.length - length, length);
  const intact =
    sealed.length >= CHECKSUM_BYTES &&
    new DataView(sealed.buffer, sealed.byteOffset).getUint32(0) === checksum(key, value);
  if (!intact)
    throw new CountersealError('data_corrupted', `the stored value of ${key} is damaged: restore a backup`);
  return value;
}
