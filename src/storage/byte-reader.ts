import { ensure } from '../errors.js';

/** Reads LevelDB's encodings one after another. Throws, a RangeError or `data_corrupted`, at the end. */
export class ByteReader {
  private at = 0;
  constructor(private readonly bytes: Buffer) {}

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  skip(count: number): void {
    this.at += count;
  }

  byte(): number {
    return this.bytes.readUInt8(this.at++);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  take(count: number): Buffer {
    ensure(this.at + count <= this.bytes.length, 'data_corrupted', 'too short');
    return this.bytes.subarray(this.at, (this.at += count));
  }

  littleEndian(count: number): number {
    return this.take(count).readUIntLE(0, count);
  }
}
