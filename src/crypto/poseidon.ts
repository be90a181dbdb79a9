import { readFile } from 'node:fs/promises';
import { CountersealError } from '../errors.js';
import { FIELD_ORDER, type FieldElement } from './field.js';

/** The first input of each hash (protocol section 3). */
export const DOMAIN = {
  text: 1n,
  commitment: 2n,
  identity: 3n,
  documentKey: 4n,
  tag: 5n,
  memberId: 6n,
  memberLeaf: 7n,
  nullifier: 8n,
  escrowPad: 9n,
  dleqChallenge: 10n,
  convergentSalt: 11n,
  headroom: 12n,
  draw: 13n,
  headroomBlind: 14n,
  note: 15n,
  noteNullifier: 16n,
  headroomPad: 17n,
  ownerId: 18n,
} as const;

/** What `scripts/poseidon.mjs` makes of circomlibjs: numbers in it are 32 bytes, little-endian, in Montgomery form. */
interface Program {
  frm_toMontgomery(from: number, to: number): void;
  frm_fromMontgomery(from: number, to: number): void;
  poseidon(initialState: number, inputs: number, count: number, outputs: number, outputCount: number): void;
}
const PROGRAM = new URL('./poseidon.wasm', import.meta.url);
/** Its constants and variables have their place in it. */
const MEMORY_PAGES = 25;
const BYTES = 32;
const WORD = 64n;
const MAX_INPUTS = 16;

let hash: ((inputs: readonly bigint[]) => bigint) | undefined;
let loading: Promise<void> | undefined;

async function load(): Promise<NonNullable<typeof hash>> {
  const memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  const { instance } = await WebAssembly.instantiate(await readFile(PROGRAM), { env: { memory } });
  const program = instance.exports as Program;
  const view = new DataView(memory.buffer);
  // The first word of the memory says where what is not taken begins.
  const zero = Math.ceil(view.getUint32(0, true) / BYTES) * BYTES;
  const output = zero + BYTES;
  const first = output + BYTES;
  return (inputs) => {
    for (const [i, input] of inputs.entries()) {
      const at = first + i * BYTES;
      for (let word = 0, rest = input; word < BYTES; word += 8, rest >>= WORD)
        view.setBigUint64(at + word, BigInt.asUintN(64, rest), true);
      program.frm_toMontgomery(at, at);
    }
    program.poseidon(zero, first, inputs.length, output, 1);
    program.frm_fromMontgomery(output, output);
    let result = 0n;
    for (let word = BYTES - 8; word >= 0; word -= 8)
      result = (result << WORD) | view.getBigUint64(output + word, true);
    return result;
  };
}

/** Loads the hash, once. Everything that hashes field elements awaits it first. */
export function initPoseidon(): Promise<void> {
  loading ??= load().then((loaded) => void (hash = loaded));
  return loading;
}

/**
 * H(x1..xn): circomlib's Poseidon over BN254, 1 <= n <= 16 inputs, each below p (Grassi et al., "Poseidon", USENIX
 * Security 2021, parameters of circomlib). Each arity is its own permutation.
 */
export function poseidon(inputs: readonly bigint[]): FieldElement {
  if (!hash) throw new CountersealError('internal', 'poseidon was used before initPoseidon()');
  if (inputs.length < 1 || inputs.length > MAX_INPUTS)
    throw new CountersealError('invalid_argument', 'poseidon takes 1 to 16 inputs');
  for (const x of inputs)
    if (x < 0n || x >= FIELD_ORDER)
      throw new CountersealError('invalid_argument', 'an input of poseidon is not a field element');
  return hash(inputs) as FieldElement;
}
