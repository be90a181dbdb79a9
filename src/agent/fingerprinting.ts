import {
  fingerprintRow,
  identity,
  requiredSlots,
  slotsOf,
  type CanonicalDocument,
  type Fingerprint,
  type Identity,
} from '../documents/index.js';
import { initPoseidon, type FieldElement } from '../crypto/index.js';
import { skippableMask } from '../ledger/index.js';

/** A document as the protocol takes it: its slots, and the fingerprints that an entry of its kind carries. */
export interface FingerprintedDocument {
  readonly document: CanonicalDocument;
  readonly slots: readonly FieldElement[];
  /** Exact and near; the exact one twice where the near one is skipped. */
  readonly fingerprints: readonly [exact: Fingerprint, near: Fingerprint];
  readonly identities: readonly [exact: Identity, near: Identity];
  /** The near mask where it is skipped because one of its slots is absent, else 0. */
  readonly skippedMask: number;
}

/**
 * The fingerprints of a document. Throws `missing_field` where it lacks what the exact one needs, or the near one in
 * a kind whose near slots every document has: then nobody may leave it out.
 */
export async function fingerprintDocument(document: CanonicalDocument): Promise<FingerprintedDocument> {
  await initPoseidon();
  const { exact, near } = fingerprintRow(document.kind);
  requiredSlots(exact, document.present);
  const skippable = skippableMask(document.kind);
  const skips = near !== null && skippable !== undefined && (near.mask & ~document.present) !== 0;
  if (near !== null && !skips) requiredSlots(near, document.present);
  const second = near === null || skips ? exact : near;
  const slots = slotsOf(document);
  const of = ({ name, mask }: Fingerprint) => identity(name, mask, slots);
  return {
    document,
    slots,
    fingerprints: [exact, second],
    identities: [of(exact), of(second)],
    skippedMask: skips ? near.mask : 0,
  };
}

/** The identity of the possession fingerprint. Throws `missing_field`. */
export function possessionIdentity({ document, slots }: FingerprintedDocument): Identity {
  const { possession } = fingerprintRow(document.kind);
  requiredSlots(possession, document.present);
  return identity(possession.name, possession.mask, slots);
}
