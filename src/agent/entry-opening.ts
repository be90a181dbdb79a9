import { DOMAIN, initPoseidon, poseidon, type FieldElement } from '../crypto/index.js';
import { commitment, decodeDocument, slotsInTurns, type CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import { purposeOf, type Network, type RegisterClaims } from '../ledger/index.js';
import type { DocumentKey } from '../oprf/index.js';
import type { ProvableEvaluation } from '../proofs/index.js';
import { entryByNullifier, putEntry, type OwnEntry } from './entries.js';
import { claimsOf } from './entry-on-ledger.js';
import type { Evaluations } from './evaluations.js';
import { evaluateAll, fingerprintDocument, possessionIdentity } from './fingerprinting.js';
import { keepEvaluation, keptEvaluation } from './kept-evaluation.js';
import type { MemberKeys } from './keys.js';
import { lookAgain } from './mail-state.js';
import type { AgentStore } from './store.js';

interface Parts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly evaluations: Pick<Evaluations, 'of'>;
  readonly store: AgentStore;
}

/** The document of an own entry. Throws `failed_precondition` where this folder no longer has it. */
export function documentOf({ document, sequence }: OwnEntry): CanonicalDocument {
  ensure(
    document !== '',
    'failed_precondition',
    `this folder no longer has the document of entry ${sequence ?? ''}: the entry was found in the log again`,
    'entry',
  );
  return decodeDocument(Buffer.from(document, 'utf8'));
}

/** The `register` transaction of an own entry. Throws `failed_precondition` where this folder no longer has it. */
export function transactionOf({ transaction, sequence }: OwnEntry): Uint8Array {
  ensure(
    transaction !== '',
    'failed_precondition',
    `this folder no longer has the transaction of entry ${sequence ?? ''}: the entry was found in the log again`,
    'entry',
  );
  return Buffer.from(transaction, 'base64');
}

/** What it claims. Throws as {@link transactionOf}. */
export const ownClaims = (entry: OwnEntry): RegisterClaims => claimsOf(transactionOf(entry));

/** An own entry whose keys are all known: what it takes to act on it, to open it and to read its mail. */
export type EvaluatedEntry<Entry extends OwnEntry = OwnEntry> = Entry &
  Required<Pick<OwnEntry, 'possession' | 'exactKey'>>;

const isEvaluated = <Entry extends OwnEntry>(entry: Entry): entry is EvaluatedEntry<Entry> =>
  entry.possession !== undefined && entry.exactKey !== undefined;

/**
 * An own entry with what was evaluated when it was registered. Where that is not here (the entry was found in the log
 * again), it is evaluated once more, in a request that looks like a check, and kept; then the messages from before are
 * looked for. Throws `missing_field` where the document lacks a slot that its holders know, and as the evaluators do.
 */
export async function withEvaluations<Entry extends OwnEntry>(
  { evaluations, store }: Pick<Parts, 'evaluations' | 'store'>,
  entry: Entry,
): Promise<EvaluatedEntry<Entry>> {
  if (isEvaluated(entry)) return entry;
  const fingerprinted = await fingerprintDocument(documentOf(entry));
  possessionIdentity(fingerprinted);
  const { evaluated } = await evaluateAll(evaluations, [fingerprinted]);
  const { exact, possession } = evaluated[0]!;
  const known = { possession: keepEvaluation(possession!), exactKey: exact.documentKey.toString() };
  await store.use((session) => {
    const kept = entryByNullifier(session, entry.nullifier);
    if (kept) putEntry(session, { ...kept, ...known });
    if (kept && !kept.possession) lookAgain(session);
  });
  return { ...entry, ...known };
}

/** The evaluation of an own entry's possession fingerprint. Throws as {@link withEvaluations}. */
export async function possessionOf(
  parts: Pick<Parts, 'evaluations' | 'store'>,
  entry: OwnEntry,
): Promise<ProvableEvaluation & { readonly documentKey: DocumentKey }> {
  return keptEvaluation(entry.possession ?? (await withEvaluations(parts, entry)).possession);
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
