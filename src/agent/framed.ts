import { concatBytes } from '@noble/hashes/utils.js';

/** Parts behind their lengths (4 bytes, big-endian), the domain first: no two lists of parts give the same bytes. */
export function framed(domain: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array {
  return concatBytes(
    ...[domain, ...parts].flatMap((part) => {
      const bytes = typeof part === 'string' ? new TextEncoder().encode(part) : part;
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}
