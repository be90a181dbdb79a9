import {
  fingerprintRow,
  identity,
  requiredSlots,
  slotsInTurns,
  type CanonicalDocument,
  type Fingerprint,
  type Identity,
} from '../documents/index.js';
import { initPoseidon, type FieldElement } from '../crypto/index.js';
import { skippableMask } from '../ledger/index.js';
import type { Evaluation, EvaluatorWarning } from '../oprf/index.js';
import type { Evaluations } from './evaluations.js';

/** A document as the protocol takes it: its slots, and the fingerprints that an entry of its kind carries. */
export interface FingerprintedDocument {
  readonly document: CanonicalDocument;
  readonly slots: readonly FieldElement[];
  /** Exact and near; the exact one twice where the near one is skipped. */
  readonly fingerprints: readonly [exact: Fingerprint, near: Fingerprint];
  readonly identities: readonly [exact: Identity, near: Identity];
  /** Unset where the document lacks one of its slots. */
  readonly possession: { readonly fingerprint: Fingerprint; readonly identity: Identity } | undefined;
  /** The near mask where it is skipped because one of its slots is absent, else 0. */
  readonly skippedMask: number;
}

/**
 * The fingerprints of a document. Throws `missing_field` where it lacks what the exact one needs, or the near one in
 * a kind whose near slots every document has: then nobody may leave it out.
 */
export async function fingerprintDocument(document: CanonicalDocument): Promise<FingerprintedDocument> {
  await initPoseidon();
  const { exact, near, possession } = fingerprintRow(document.kind);
  requiredSlots(exact, document.present);
  const skippable = skippableMask(document.kind);
  const skips = near !== null && skippable !== undefined && (near.mask & ~document.present) !== 0;
  if (near !== null && !skips) requiredSlots(near, document.present);
  const second = near === null || skips ? exact : near;
  const slots = await slotsInTurns(document);
  const of = ({ name, mask }: Fingerprint) => identity(name, mask, slots);
  return {
    document,
    slots,
    fingerprints: [exact, second],
    identities: [of(exact), of(second)],
    possession:
      (possession.mask & ~document.present) === 0
        ? { fingerprint: possession, identity: of(possession) }
        : undefined,
    skippedMask: skips ? near.mask : 0,
  };
}

/** The identity of the possession fingerprint. Throws `missing_field`. */
export function possessionIdentity({ document, possession }: FingerprintedDocument): Identity {
  requiredSlots(fingerprintRow(document.kind).possession, document.present);
  return possession!.identity;
}

/** How many identities are evaluated for each document, whether it has all of them or not: see {@link evaluateAll}. */
export const EVALUATED_EACH = 3;

export interface EvaluatedDocument {
  readonly exact: Evaluation;
  readonly near: Evaluation;
  readonly possession: Evaluation | undefined;
}

/**
 * Evaluates documents in one round: exact, near and possession of each. What a document lacks is made up for with
 * dummies, so that the evaluators see three for each, whatever is done with it. Throws as the evaluators do.
 */
export async function evaluateAll(
  evaluations: Pick<Evaluations, 'of'>,
  documents: readonly FingerprintedDocument[],
): Promise<{ readonly evaluated: EvaluatedDocument[]; readonly warnings: readonly EvaluatorWarning[] }> {
  const identities = documents.flatMap(({ identities, possession }) => [
    ...identities,
    ...(possession ? [possession.identity] : []),
  ]);
  const { evaluations: done, warnings } = await evaluations.of(identities, {
    atLeast: EVALUATED_EACH * documents.length,
  });
  const rest = done.values();
  const next = () => rest.next().value!;
  return {
    evaluated: documents.map(({ possession }) => ({
      exact: next(),
      near: next(),
      possession: possession ? next() : undefined,
    })),
    warnings,
  };
}
