import {
  DOMAIN,
  poseidon,
  reduceField,
  type FieldElement,
  type Point,
  type Scalar,
  BASE,
  multiply,
  coordinates,
} from '../crypto/index.js';
import { ensure } from '../errors.js';

/** One value for each of the two fingerprints of an entry: exact, near. */
export type Pair<T> = readonly [T, T];

export const mapPair = <T, U>([first, second]: Pair<T>, f: (x: T) => U): Pair<U> => [f(first), f(second)];

export { commitmentOf, identityOf } from '../documents/identity.js';

function escrowPads(shared: Point): Pair<FieldElement> {
  const { x, y } = coordinates(shared);
  return [poseidon([DOMAIN.escrowPad, x, y, 0n]), poseidon([DOMAIN.escrowPad, x, y, 1n])];
}

/** escrowPoint = e·G and (salt, memberId), each plus its pad. `e` is fresh, uniform and not 0. */
export function sealEscrow(
  e: Scalar,
  auditorKey: Point,
  salt: FieldElement,
  memberId: FieldElement,
): { point: Point; escrow: Pair<FieldElement> } {
  ensure(e !== 0n, 'invalid_argument', 'the scalar of an escrow must not be 0');
  const pads = escrowPads(multiply(auditorKey, e));
  return {
    point: multiply(BASE, e),
    escrow: [reduceField(salt + pads[0]), reduceField(memberId + pads[1])],
  };
}

/** What an escrow holds. `shared` is the auditors' key times escrowPoint, which t of them compute. */
export function openEscrow(
  shared: Point,
  escrow: Pair<FieldElement>,
): { salt: FieldElement; memberId: FieldElement } {
  const pads = escrowPads(shared);
  return { salt: reduceField(escrow[0] - pads[0]), memberId: reduceField(escrow[1] - pads[1]) };
}
