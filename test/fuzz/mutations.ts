/** Structured damage to bytes: what transports, parsers and attackers do to them. */

type Random = () => number;
const EXTREMES = [
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  // Varints: the largest of 64 bits, one that is too long, one without end.
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
  [0x80, 0x00],
  [0x00],
];

/** One to four changes of a sample; `other` is what pieces are spliced in from. */
export function mutated(sample: Uint8Array, other: Uint8Array, random: Random): Buffer {
  const below = (n: number) => Math.floor(random() * Math.max(n, 1));
  let bytes = Buffer.from(sample);
  for (let i = 1 + below(4); i > 0; i--) {
    const at = below(bytes.length);
    const length = below(random() < 0.5 ? 8 : bytes.length - at);
    const rest = () => bytes.subarray(at + length);
    const head = bytes.subarray(0, at);
    switch (below(8)) {
      case 0:
        if (bytes.length > 0) bytes[at]! ^= 1 << below(8);
        break;
      case 1:
        bytes = Buffer.from(head);
        break;
      case 2:
        bytes = Buffer.concat([head, rest()]);
        break;
      case 3:
        bytes = Buffer.concat([head, bytes.subarray(at, at + length), bytes.subarray(at)]);
        break;
      case 4: {
        const from = below(other.length);
        bytes = Buffer.concat([head, other.subarray(from, from + length), rest()]);
        break;
      }
      case 5: {
        const extreme = Buffer.from(EXTREMES[below(EXTREMES.length)]!);
        bytes = Buffer.concat([head, extreme, bytes.subarray(Math.min(at + extreme.length, bytes.length))]);
        break;
      }
      case 6:
        // A length, or a tag, that is off by one.
        if (bytes.length > 0) bytes[at] = (bytes[at]! + (random() < 0.5 ? 1 : 255)) & 255;
        break;
      default:
        bytes = Buffer.concat([
          head,
          Buffer.from(Array.from({ length: 1 + below(16) }, () => below(256))),
          rest(),
        ]);
    }
    // No message is this long; what is, is refused by its length alone.
    if (bytes.length > 100_000) bytes = bytes.subarray(0, 100_000);
  }
  return bytes;
}
