import { DOMAIN, initPoseidon, poseidon, type FieldElement } from '../crypto/index.js';
import { commitment, decodeDocument, slotsInTurns, type CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import { purposeOf, type Network, type RegisterClaims } from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import type { ProvableEvaluation } from '../proofs/index.js';
import type { OwnEntry } from './entries.js';
import { claimsOf } from './entry-on-ledger.js';
import type { Evaluations } from './evaluations.js';
import { fingerprintDocument, possessionIdentity } from './fingerprinting.js';
import { keptEvaluation } from './kept-evaluation.js';
import type { MemberKeys } from './keys.js';

interface Parts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly evaluations: Pick<Evaluations, 'of'>;
}

/** The document of an own entry. Throws `failed_precondition` where this folder no longer has it. */
export function documentOf({ document, sequence }: OwnEntry): CanonicalDocument {
  ensure(
    document !== '',
    'failed_precondition',
    `this folder no longer has the document of entry ${sequence ?? ''}: the entry was found in the log again`,
  );
  return decodeDocument(Buffer.from(document, 'utf8'));
}

/** What the `register` transaction of an own entry says. Throws `failed_precondition` where the folder lacks it. */
export function ownClaims({ transaction, sequence }: OwnEntry): RegisterClaims {
  ensure(
    transaction !== '',
    'failed_precondition',
    `this folder no longer has the transaction of entry ${sequence ?? ''}: the entry was found in the log again`,
  );
  return claimsOf(Buffer.from(transaction, 'base64'));
}

/**
 * The evaluation of an own entry's possession fingerprint: what was kept at registration, else a new one. Throws
 * `missing_field` where the document lacks one of its slots, and as the evaluators do.
 */
export async function possessionOf(
  { evaluations }: Pick<Parts, 'evaluations'>,
  entry: OwnEntry,
): Promise<ProvableEvaluation & { readonly documentKey: DocumentKey }> {
  if (entry.possession) return keptEvaluation(entry.possession);
  const identity = possessionIdentity(await fingerprintDocument(documentOf(entry)));
  const { evaluations: done } = await evaluations.of([identity]);
  return done[0]!;
}

/** The salt of an own entry, from the seed or from the document; checked against the commitment before it leaves. */
export async function saltOf(
  parts: Parts,
  entry: OwnEntry,
  claims: RegisterClaims = ownClaims(entry),
): Promise<FieldElement> {
  await initPoseidon();
  const document = documentOf(entry);
  const convergent = purposeOf(parts.network.genesis.schema, entry.purpose).saltPolicy === 'convergent';
  const salt = convergent
    ? poseidon([DOMAIN.convergentSalt, (await possessionOf(parts, entry)).documentKey, claims.nullifier])
    : parts.keys.entry(claims.nullifier).salt;
  ensure(
    commitment(document.kind, document.present, await slotsInTurns(document), salt) === claims.commitment,
    'data_corrupted',
    'what this folder keeps of the entry is not what the entry commits to',
  );
  return salt;
}
