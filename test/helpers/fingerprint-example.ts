import {
  DOMAIN,
  encodeToCurve,
  fieldElement,
  initPoseidon,
  multiply,
  poseidon,
  setTree,
  text,
} from '../../src/crypto/index.js';
import {
  fingerprintIdentity,
  type FingerprintElement,
  type FingerprintRequest,
} from '../../src/proofs/fingerprint.js';
import { EXAMPLE_REQUEST, evaluateWith, OPRF_SECRET } from './register-example.js';

await initPoseidon();
const OBJECTS = ['CONTAINER|MSKU1234565', 'CONTAINER|TGHU7654321', 'CONTAINER|OOLU1112223'];
const { tree, leaves } = setTree(OBJECTS);

const { kind, oprfKey, member, membersRoot, roleMask, purpose, slots, present } = EXAMPLE_REQUEST;

/** Slots with a set of three objects (10) and a class code (11), all others those of the register vector. */
const SLOTS = slots.map((slot, i) => (i === 10 ? tree.root : i === 11 ? text('HS|840999') : slot));
const PRESENT = present | (1 << 10) | (1 << 11);

type Fields = Pick<FingerprintRequest, 'fingerprintId' | 'mask'> &
  Partial<Pick<FingerprintRequest, 'slots' | 'present' | 'element' | 'convergent' | 'nullifier' | 'salt'>>;

/** A request with an evaluation to match; `convergent` with the salt that it asks for. */
export function fingerprintRequest(fields: Fields): FingerprintRequest {
  const request = {
    kind,
    slots: SLOTS,
    present: PRESENT,
    salt: fieldElement(987654321n),
    purpose,
    oprfKey,
    member,
    membersRoot,
    roleMask,
    convergent: false,
    nullifier: fieldElement(1234567n),
    ...fields,
  };
  const u = fingerprintIdentity(request);
  const { point: P } = encodeToCurve(u);
  const documentKey = poseidon([DOMAIN.documentKey, u, multiply(P, OPRF_SECRET).toAffine().y]);
  return {
    ...request,
    evaluation: evaluateWith(OPRF_SECRET, P),
    ...(request.convergent
      ? { salt: poseidon([DOMAIN.convergentSalt, documentKey, request.nullifier]) }
      : {}),
  };
}

/** Possession of an invoice: issuer, number, currency, amount, issue date. */
export const POSSESSION = { mask: 0b1110_0011, fingerprintId: text('invoice/possession@1') };

/** One of the objects under its class code. */
export const ofObject = (index: number): Fields & { readonly element: FingerprintElement } => ({
  fingerprintId: text('element@1'),
  mask: (1 << 10) | (1 << 11),
  element: { value: leaves[index]!, path: tree.path(index) },
});
