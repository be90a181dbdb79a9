import { readFileSync } from 'node:fs';
import { FIELD_ORDER } from '../../src/crypto/index.js';

/** Values of all signals in the order of the .sym file of an --O0 compilation, beginning with the constant 1. */
export type Witness = bigint[];

interface Combination {
  readonly wires: Uint32Array;
  readonly coefficients: readonly bigint[];
}
type Constraint = readonly [Combination, Combination, Combination];

/** `EscalarMulAny_12_3456` is an anonymous component: the numbers say nothing to a reader. */
export const readable = (name: string): string => name.replace(/_\d+_\d+(?=[.[]|$)/g, '');

/** Names of all signals by number, from a .sym file. */
export function readSymbols(sym: string): string[] {
  const names = ['1'];
  for (const line of readFileSync(sym, 'utf8').split('\n')) {
    const [, wire, , name] = line.split(',');
    if (name !== undefined && Number(wire) >= 0) names[Number(wire)] = name;
  }
  return names;
}

/**
 * For each signal of an --O2 compilation the one of --O0 that it is, from its .sym file: the optimiser removes signals
 * and gives the rest other numbers.
 */
export function readKept(sym: string): number[] {
  const kept = [0];
  for (const line of readFileSync(sym, 'utf8').split('\n')) {
    const [label, wire] = line.split(',', 2);
    if (wire !== undefined && Number(wire) >= 0) kept[Number(wire)] = Number(label);
  }
  return kept;
}

/** A constraint system of circom (r1cs format, version 1), with the names of its signals. */
export class ConstraintSystem {
  /** For each wire the constraints that it is in. */
  readonly #of: number[][] = [];
  /** The first witness that was judged, and the constraints that it violates. */
  #judged: { readonly witness: Witness; readonly violated: ReadonlySet<number> } | undefined;

  private constructor(
    readonly constraints: readonly Constraint[],
    readonly names: readonly string[],
    readonly publicCount: number,
  ) {
    for (const [index, combinations] of constraints.entries())
      for (const { wires } of combinations) for (const wire of wires) (this.#of[wire] ??= []).push(index);
  }

  static read(r1cs: string, sym: string): ConstraintSystem {
    const sections = readSections(readFileSync(r1cs), 'r1cs');
    const header = sections.get(1)!;
    const publicCount = header.readUInt32LE(40) + header.readUInt32LE(44);
    const constraintCount = header.readUInt32LE(60);
    const known = new Map<string, bigint>();
    const body = sections.get(2)!;
    let at = 0;
    const combination = (): Combination => {
      const count = body.readUInt32LE(at);
      at += 4;
      const wires = new Uint32Array(count);
      const coefficients: bigint[] = [];
      for (let i = 0; i < count; i++, at += 36) {
        wires[i] = body.readUInt32LE(at);
        const hex = body.toString('hex', at + 4, at + 36);
        let coefficient = known.get(hex);
        if (coefficient === undefined) known.set(hex, (coefficient = littleEndian(body, at + 4)));
        coefficients.push(coefficient);
      }
      return { wires, coefficients };
    };
    const constraints = Array.from(
      { length: constraintCount },
      () => [combination(), combination(), combination()] as const,
    );
    return new ConstraintSystem(constraints, readSymbols(sym), publicCount);
  }

  /** The wire of a signal, by its name in the .sym file without `main.`. */
  wire(name: string): number {
    const wire = this.names.indexOf(`main.${name}`);
    if (wire < 0) throw new Error(`the circuit has no signal ${name}`);
    return wire;
  }

  /**
   * Indices of the constraints that the witness does not satisfy. Those in which no wire has another value than in the
   * first witness are as they were with it: a lie is judged in a fraction of the time.
   */
  violations(witness: Witness): number[] {
    const judged = this.#judged;
    if (judged?.witness.length !== witness.length) {
      const violated = this.#violated(witness, this.constraints.keys());
      this.#judged ??= { witness: [...witness], violated: new Set(violated) };
      return violated;
    }
    const changed = new Set<number>();
    for (const [wire, was] of judged.witness.entries())
      if (witness[wire] !== was) for (const index of this.#of[wire] ?? []) changed.add(index);
    const unchanged = [...judged.violated].filter((index) => !changed.has(index));
    return [...unchanged, ...this.#violated(witness, changed)].sort((a, b) => a - b);
  }

  #violated(witness: Witness, indices: Iterable<number>): number[] {
    const value = ({ wires, coefficients }: Combination): bigint => {
      let sum = 0n;
      for (let i = 0; i < wires.length; i++) {
        const w = witness[wires[i]!]!;
        if (w !== 0n) sum += w === 1n ? coefficients[i]! : coefficients[i]! * w;
      }
      return sum;
    };
    const violated: number[] = [];
    for (const index of indices) {
      const [a, b, c] = this.constraints[index]!;
      const product = a.wires.length === 0 || b.wires.length === 0 ? 0n : (value(a) % FIELD_ORDER) * value(b);
      if ((product - value(c)) % FIELD_ORDER !== 0n) violated.push(index);
    }
    return violated;
  }

  /**
   * The components whose constraints the witness does not satisfy, as paths below `main`, each once, sorted: the
   * longest path that all signals of a constraint have in common, '' for main itself. Empty if the witness satisfies.
   */
  broken(witness: Witness): string[] {
    const places = this.violations(witness).map((index) => {
      const owners = this.constraints[index]!.flatMap(({ wires }) => [...wires])
        .filter((wire) => wire !== 0)
        .map((wire) => this.names[wire]!.split('.').slice(0, -1));
      const first = owners[0]!;
      let length = 0;
      while (length < first.length && owners.every((owner) => owner[length] === first[length])) length++;
      return readable(first.slice(1, length).join('.'));
    });
    return [...new Set(places)].sort();
  }
}

/** Values of 32 bytes each, little-endian. */
export function readWitness(bytes: Uint8Array): Witness {
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  return Array.from({ length: words.length / 4 }, (_, i) => {
    const [a, b, c, d] = words.subarray(4 * i, 4 * i + 4) as unknown as [bigint, bigint, bigint, bigint];
    // Most are bits.
    return b === 0n && c === 0n && d === 0n ? a : a | (b << 64n) | (c << 128n) | (d << 192n);
  });
}

/** A .wtns file, for snarkjs. */
export function writeWitness(witness: Witness): Uint8Array {
  const field = (x: bigint) => Buffer.from(x.toString(16).padStart(64, '0'), 'hex').reverse();
  const u32 = (x: number) => {
    const b = Buffer.alloc(4);
    b.writeUInt32LE(x);
    return b;
  };
  const section = (id: number, ...parts: Buffer[]) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(Buffer.concat(parts).length));
    return Buffer.concat([u32(id), length, ...parts]);
  };
  return Buffer.concat([
    Buffer.from('wtns'),
    u32(2),
    u32(2),
    section(1, u32(32), field(FIELD_ORDER), u32(witness.length)),
    section(2, Buffer.concat(witness.map(field))),
  ]);
}

function readSections(bytes: Buffer, magic: string): Map<number, Buffer> {
  if (bytes.toString('latin1', 0, 4) !== magic) throw new Error(`not a file of type ${magic}`);
  const sections = new Map<number, Buffer>();
  for (let i = 0, at = 12; i < bytes.readUInt32LE(8); i++) {
    const length = Number(bytes.readBigUInt64LE(at + 4));
    sections.set(bytes.readUInt32LE(at), bytes.subarray(at + 12, at + 12 + length));
    at += 12 + length;
  }
  return sections;
}

function littleEndian(bytes: Buffer, at: number): bigint {
  let x = 0n;
  for (let i = 3; i >= 0; i--) x = (x << 64n) | bytes.readBigUInt64LE(at + 8 * i);
  return x;
}
