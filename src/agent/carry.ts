import { ed25519Sign, setTree, text, type FieldElement } from '../crypto/index.js';
import { fingerprintRow, slotsInTurns, type CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import {
  carriedFingerprint,
  encodeTransaction,
  equalBytes,
  fingerprintBinding,
  fingerprintMessage,
  logIndex,
  purposeOf,
  roleMaskOf,
  textOf,
  transactionHash,
  unixMs,
  type CarriedFingerprint,
  type FingerprintClaims,
  type FingerprintVerdict,
  type Network,
} from '../ledger/index.js';
import { tagOf } from '../oprf/index.js';
import {
  fingerprintIdentity,
  fingerprintInstance,
  type FingerprintElement,
  type FingerprintRequest,
} from '../proofs/index.js';
import type { LedgerClient } from '../rpc/ledger-client.js';
import { noteOrder, ownEntryOrThrow, type RegisteredEntry } from './entries.js';
import { documentOf, ownClaims, possessionOf, saltOf } from './entry-opening.js';
import type { Evaluations } from './evaluations.js';
import { EVALUATED_EACH } from './fingerprinting.js';
import { keepEvaluation, keptEvaluation, type KeptEvaluation } from './kept-evaluation.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { prove } from './prove.js';
import { membersToProve, roleIn } from './proving-member.js';
import type { Proving } from './registering.js';
import type { AgentStore } from './store.js';

export interface CarryParts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly evaluations: Pick<Evaluations, 'of' | 'committee'>;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly ledger: LedgerClient;
}

/** A fingerprint that an own entry shows. */
export interface ShownFingerprint extends FingerprintVerdict {
  readonly sequence: number;
  /** Full name. */
  readonly name: string;
  /** `type|id` of the element that it is of. */
  readonly element?: string;
  /** The entry showed it before. */
  readonly existed?: true;
}

interface Part {
  readonly element?: { readonly string: string; readonly proof: FingerprintElement };
}

/** One of {@link CarriedFingerprint}, by its short name; of one element where it is of elements, else of each. */
export interface WhichFingerprint {
  readonly name: string;
  readonly element?: string;
}

/**
 * Evaluates what it takes to show a fingerprint, and keeps it, sealed: showing it later, or again, asks no evaluator,
 * and none can tell by the time whose entry it is. Throws `not_found`, `invalid_argument`, `missing_field` where the
 * document lacks a slot, and as the evaluators do.
 */
export async function prepareFingerprint(parts: CarryParts, sequence: number, which: WhichFingerprint) {
  const { network, store, copy } = parts;
  await copy.sync();
  const entry = await store.use((session) => ownEntryOrThrow(session, sequence));
  const fingerprint = fingerprintOf(network, entry, which.name);
  const document = documentOf(entry);
  const claims = ownClaims(entry);
  const purpose = purposeOf(network.genesis.schema, entry.purpose);
  const roleMask = roleMaskOf(purpose, document.kind)!;
  const statement = {
    kind: document.kind,
    slots: await slotsInTurns(document),
    present: document.present,
    purpose: textOf(fingerprint.scope),
    fingerprintId: textOf(fingerprint.name),
    mask: fingerprint.mask,
    oprfKey: parts.evaluations.committee.groupKey,
    roleMask,
    convergent: fingerprint.convergent,
    nullifier: claims.nullifier,
  };
  const wanted = partsOf(document, fingerprint, which.element).map((part) => ({
    ...part,
    request: { ...statement, ...(part.element ? { element: part.element.proof } : {}) },
  }));
  const salt = await saltOf(parts, entry, claims);
  const { possession } = fingerprintRow(document.kind);
  const evaluated: readonly Evaluated[] =
    fingerprint.name === possession.name
      ? [await possessionOf(parts, entry)]
      : await evaluatedOnce(
          parts,
          wanted.map(({ request }) => fingerprintIdentity(request)),
        );
  return { entry, fingerprint, document, roleMask, wanted, salt, evaluated };
}

type Evaluated = ReturnType<typeof keptEvaluation>;

/** Those that are kept already, and the rest in one request. */
async function evaluatedOnce(
  { evaluations, store }: Pick<CarryParts, 'evaluations' | 'store'>,
  identities: readonly FieldElement[],
): Promise<Evaluated[]> {
  const keyOf = (identity: FieldElement) => `own/evaluation/${identity}`;
  const kept = await store.use((session) =>
    identities.map((identity) => session.getSealed<KeptEvaluation>(keyOf(identity))),
  );
  const missing = identities.filter((_, i) => !kept[i]);
  if (missing.length > 0) {
    const { evaluations: done } = await evaluations.of(missing, { atLeast: paddedCount(missing.length) });
    await store.use((session) => {
      for (const [i, identity] of missing.entries()) {
        const evaluation = keepEvaluation(done[i]!);
        kept[identities.indexOf(identity)] = evaluation;
        session.putSealed(keyOf(identity), evaluation);
      }
    });
  }
  return kept.map((evaluation) => keptEvaluation(evaluation!));
}

/**
 * Has an own entry show a fingerprint beside exact and near (protocol section 9): `possession`, or one that its purpose
 * switches on, by its short name; one for each element of the set where it is of elements, or for the one of them that
 * is named. One evaluation and one proof each; what the entry shows already is left at that, so that an order that was
 * interrupted goes on. Throws as {@link prepareFingerprint}, `permission_denied`, `rejected`.
 */
export async function showFingerprint(
  parts: CarryParts,
  sequence: number,
  which: WhichFingerprint,
  { prover, onProgress }: Proving,
): Promise<ShownFingerprint[]> {
  const { network, keys, store, copy } = parts;
  onProgress('evaluating');
  const { entry, fingerprint, document, roleMask, wanted, salt, evaluated } = await prepareFingerprint(
    parts,
    sequence,
    which,
  );

  const shown: ShownFingerprint[] = [];
  for (const [i, { element: of, request }] of wanted.entries()) {
    const what = { sequence, name: fingerprint.name, ...(of ? { element: of.string } : {}) };
    const tag = tagOf(evaluated[i]!.documentKey, fingerprint.scope);
    const { existing, member, membersRoot } = await store.use((session) => {
      const replica = copy.replica(session);
      const self = replica.entry(entry.sequence)!;
      const now = unixMs(Date.now());
      if (self.fingerprints.some((carried) => carried.tag === tag))
        return { existing: replica.carried({ ...self, name: fingerprint.name }, tag, now, self) };
      const role = roleIn(replica, keys.memberId, roleMask);
      ensure(
        role !== undefined,
        'permission_denied',
        `this member has no role that may register documents of kind ${document.kind} for ${entry.purpose}`,
      );
      const { members } = membersToProve(replica, keys.memberId, role, now);
      const path = members.path(keys.memberId, role);
      return { member: { secret: keys.secret, role, path }, membersRoot: members.root };
    });
    if (existing) {
      shown.push({ ...what, ...existing, existed: true });
      continue;
    }
    onProgress('proving');
    const order: FingerprintClaims = {
      entry: entry.sequence,
      name: fingerprint.name,
      epoch: network.epoch,
      membersRoot,
      tag,
    };
    const full: FingerprintRequest = { ...request, salt, evaluation: evaluated[i]!, member, membersRoot };
    const instance = await fingerprintInstance(full, fingerprintBinding(network.id, order));
    ensure(instance.public.tag === tag, 'internal', 'the statement is about another tag');
    const proof = await prove(prover, network, 'fingerprint', instance);
    onProgress('submitting');
    shown.push({ ...what, ...(await submit(parts, entry, order, proof)) });
  }
  return shown;
}

async function submit(
  { network, keys, store, copy, ledger }: CarryParts,
  { nullifier }: RegisteredEntry,
  claims: FingerprintClaims,
  proof: Uint8Array,
): Promise<FingerprintVerdict> {
  const { controlSeed } = keys.entry(BigInt(nullifier) as FieldElement);
  const signature = ed25519Sign(controlSeed, fingerprintMessage(network.id, claims, proof));
  const transaction = encodeTransaction({ type: 'fingerprint', claims, proof, signature });
  await store.use((session) => noteOrder(session, transactionHash(transaction)));
  const { index } = await ledger.submit(transaction, new Uint8Array());
  await copy.sync();
  const { body, txHash } = await store.use((session) => copy.record(session, logIndex(Number(index))));
  ensure(
    body.type === 'fingerprint' && equalBytes(txHash, transactionHash(transaction)),
    'data_corrupted',
    'the node answered with the record of something else',
  );
  return body.verdict;
}

/** By its short name: `possession`, or one that the purpose of the entry switches on. */
function fingerprintOf(
  { genesis }: Network,
  { purpose: purposeName, documentKind }: RegisteredEntry,
  short: string,
): CarriedFingerprint {
  const purpose = purposeOf(genesis.schema, purposeName);
  const { possession, further } = fingerprintRow(documentKind);
  const found = short === 'possession' ? possession : further.find((one) => one.further === short);
  const carried = found && carriedFingerprint(purpose, documentKind, found.name);
  const possible = further
    .filter((one) => carriedFingerprint(purpose, documentKind, one.name))
    .map((one) => one.further);
  ensure(
    carried,
    'invalid_argument',
    `entries of kind ${documentKind} carry no fingerprint ${short} for ${purposeName}: there are ${['possession', ...possible].join(', ')}`,
    'name',
  );
  return carried;
}

/** The document as a whole, or each of the elements that the fingerprint is of. */
function partsOf(
  document: CanonicalDocument,
  { ofElement, name }: CarriedFingerprint,
  wanted: string | undefined,
): Part[] {
  if (!ofElement) {
    ensure(wanted === undefined, 'invalid_argument', `${name} is not of an element`, 'element');
    return [{}];
  }
  const strings = (document.strings.objects ?? []) as readonly string[];
  const chosen = wanted === undefined ? strings : strings.filter((string) => string === wanted.toUpperCase());
  ensure(
    chosen.length > 0,
    wanted === undefined ? 'missing_field' : 'invalid_argument',
    wanted === undefined
      ? 'the document names no objects'
      : `the document has no ${JSON.stringify(wanted)}; it has ${strings.join(', ')}`,
    'element',
  );
  const { tree, leaves } = setTree(strings);
  return chosen.map((string) => {
    const value = text(string);
    return { element: { string, proof: { value, path: tree.path(leaves.indexOf(value)) } } };
  });
}

/** As many as checks of documents take: how many elements there are is nobody's business. */
const paddedCount = (count: number): number => Math.ceil(count / EVALUATED_EACH) * EVALUATED_EACH;
