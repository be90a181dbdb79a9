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

type Hash = ((inputs: bigint[]) => Uint8Array) & { F: { toObject(x: Uint8Array): bigint } };
let hash: Hash | undefined;
let loading: Promise<void> | undefined;

/** Loads the hash (0.6 s, once). Everything that hashes field elements awaits it first. */
export function initPoseidon(): Promise<void> {
  loading ??= import('circomlibjs').then(async ({ buildPoseidon }) => {
    hash = await buildPoseidon();
  });
  return loading;
}

/**
 * H(x1..xn): circomlib's Poseidon over BN254, 1 <= n <= 16 inputs, each below p (Grassi et al., "Poseidon", USENIX
 * Security 2021, parameters of circomlib). Each arity is its own permutation.
 */
export function poseidon(inputs: readonly bigint[]): FieldElement {
  if (!hash) throw new CountersealError('internal', 'poseidon was used before initPoseidon()');
  if (inputs.length < 1 || inputs.length > 16)
    throw new CountersealError('invalid_argument', 'poseidon takes 1 to 16 inputs');
  for (const x of inputs)
    if (x < 0n || x >= FIELD_ORDER)
      throw new CountersealError('invalid_argument', 'an input of poseidon is not a field element');
  return hash.F.toObject(hash([...inputs])) as FieldElement;
}
