import { randomInt } from 'node:crypto';
import {
  DOMAIN,
  poseidon,
  randomScalar,
  sealedLength,
  text,
  ed25519Sign,
  pointFromAffine,
  fieldFromDecimal,
  type FieldElement,
} from '../crypto/index.js';
import { encodeDocument, type CanonicalDocument } from '../documents/index.js';
import { ensure } from '../errors.js';
import {
  dayOf,
  PAYLOAD_MAX_BYTES,
  encodeTransaction,
  registerBinding,
  registerMessage,
  roleMaskOf,
  sha256,
  unixMs,
  type Network,
  type Purpose,
  type RegisterClaims,
  type UnixMs,
} from '../ledger/index.js';
import type { EvaluatorWarning } from '../oprf/index.js';
import { registerInstance, registerOutputs, type Prover, type RegisterRequest } from '../proofs/index.js';
import { HOUR_MS, MINUTE_MS } from '../time.js';
import { entryByNullifier, putEntry, reserveIndex, type OwnEntry } from './entries.js';
import type { Evaluations } from './evaluations.js';
import { evaluateAll, fingerprintDocument, possessionIdentity } from './fingerprinting.js';
import { keepEvaluation } from './kept-evaluation.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { prove } from './prove.js';
import { membersToProve, roleIn } from './proving-member.js';
import { sealNotice, sealPayload } from './sealing.js';
import type { AgentStore, StoreSession } from './store.js';

/** What a registration is doing. */
export type RegisterProgress = 'evaluating' | 'proving' | 'submitting';

export interface Registration {
  readonly keys: MemberKeys;
  readonly network: Network;
  readonly evaluations: Evaluations;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
  readonly document: CanonicalDocument;
  readonly fileHash: string;
  readonly purpose: Purpose;
  readonly prover: Prover;
  readonly onProgress: (step: RegisterProgress) => void;
  /** Milliseconds within which, at random, it is to be submitted; left out: at once. */
  readonly within?: number;
  /** The nullifier of an entry that waits, and that this one takes the place of. */
  readonly replaces?: string;
}

/**
 * Evaluates, proves and signs an entry, and keeps it on disk as pending. Nothing has been submitted when this
 * returns.
 */
export async function prepareRegistration(
  registration: Registration,
): Promise<{ entry: OwnEntry; warnings: readonly EvaluatorWarning[] }> {
  const { keys, network, purpose, document, store, copy } = registration;
  const roleMask = roleMaskOf(purpose, document.kind);
  ensure(
    roleMask !== undefined,
    'invalid_argument',
    `the purpose ${purpose.name} does not take documents of kind ${document.kind}`,
    'purpose',
  );
  // What cannot be registered is refused before an evaluation is spent.
  const encoded = encodeDocument(document);
  ensure(
    sealedLength(encoded.length) <= PAYLOAD_MAX_BYTES,
    'invalid_document',
    `the document is too large: its canonical form has ${encoded.length} bytes, and an entry holds ${PAYLOAD_MAX_BYTES / 1024} KiB`,
    'lines',
  );
  const role = await store.use((session) => roleIn(copy.replica(session), keys.memberId, roleMask));
  ensure(
    role !== undefined,
    'permission_denied',
    `this member has no role that may register documents of kind ${document.kind} for ${purpose.name}`,
  );
  const fingerprinted = await fingerprintDocument(document);
  const convergent = purpose.saltPolicy === 'convergent';
  // Without the possession fingerprint nobody could open the entry: refused before an evaluation is spent.
  if (convergent) possessionIdentity(fingerprinted);
  const { evaluated, warnings } = await evaluateAll(registration.evaluations, [fingerprinted]);
  const { exact, near, possession } = evaluated[0]!;

  const { index, member, membersRoot, period, notBefore } = await store.use((session) => {
    const replica = copy.replica(session);
    const now = unixMs(Date.now());
    const { members, hourly } = membersToProve(replica, keys.memberId, role, now);
    const notBefore = submissionTime(now, registration.within, !hourly);
    // Of the day on which it goes: an older one would tell that it was held back.
    const period = dayOf(notBefore ?? now);
    // Also past what an agent used that kept its records elsewhere: the log has them.
    const free = reserveIndex(session, period, purpose.quota, (candidate) =>
      replica.hasNullifier(keys.nullifier(period, candidate)),
    );
    ensure(
      free !== undefined,
      'quota_exceeded',
      `all ${purpose.quota} entries of today are used: go on tomorrow`,
    );
    return {
      index: free,
      member: { secret: keys.secret, role, path: members.path(keys.memberId, role) },
      membersRoot: members.root,
      period,
      notBefore,
    };
  });

  const nullifier = keys.nullifier(period, index);
  const own = keys.entry(nullifier);
  const salt = convergent ? poseidon([DOMAIN.convergentSalt, possession!.documentKey, nullifier]) : own.salt;
  const point = ([x, y]: readonly [string, string]) =>
    pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y));
  const request: RegisterRequest = {
    kind: document.kind,
    slots: fingerprinted.slots,
    present: document.present,
    salt,
    purpose: text(purpose.name),
    fingerprints: [
      {
        id: text(fingerprinted.fingerprints[0].name),
        mask: fingerprinted.fingerprints[0].mask,
        evaluation: exact,
      },
      {
        id: text(fingerprinted.fingerprints[1].name),
        mask: fingerprinted.fingerprints[1].mask,
        evaluation: near,
      },
    ],
    skippedMask: fingerprinted.skippedMask,
    oprfKey: registration.evaluations.committee.groupKey,
    member,
    membersRoot,
    roleMask,
    period,
    index,
    quota: purpose.quota,
    auditorKey: point(network.genesis.auditors.publicKey),
    ephemeral: randomScalar(),
  };
  const outputs = await registerOutputs(request);
  const binding = {
    networkId: network.id,
    nullifier,
    commitment: outputs.commitment,
    controlKey: own.controlKey,
  };
  const payload = sealPayload(encoded, salt, binding);
  const { x, y } = outputs.escrowPoint.toAffine();
  const claims: RegisterClaims = {
    documentKind: document.kind,
    purpose: purpose.name,
    epoch: network.epoch,
    membersRoot,
    commitment: outputs.commitment,
    tags: outputs.tag,
    period,
    nullifier,
    escrowPoint: { x: x as FieldElement, y: y as FieldElement },
    escrow: outputs.escrow,
    skippedMask: fingerprinted.skippedMask,
    controlKey: own.controlKey,
    payloadHash: sha256(payload),
    notice: sealNotice(own.mailboxKey, exact.documentKey, binding),
  };

  registration.onProgress('proving');
  const instance = await registerInstance(request, registerBinding(network.id, claims));
  const proof = await prove(registration.prover, network, 'register', instance);

  const entry: OwnEntry = {
    nullifier: nullifier.toString(),
    purpose: purpose.name,
    documentKind: document.kind,
    fileHash: registration.fileHash,
    document: Buffer.from(encoded).toString('utf8'),
    tags: [outputs.tag[0].toString(), outputs.tag[1].toString()],
    transaction: Buffer.from(
      encodeTransaction({
        type: 'register',
        claims,
        proof,
        signature: ed25519Sign(own.controlSeed, registerMessage(network.id, claims, proof)),
      }),
    ).toString('base64'),
    payload: Buffer.from(payload).toString('base64'),
    createdAt: Date.now(),
    exactKey: exact.documentKey.toString(),
    ...(possession ? { possession: keepEvaluation(possession) } : {}),
    ...(notBefore === undefined ? {} : { notBefore }),
  };
  await store.use((session) => {
    if (registration.replaces !== undefined) replaceEntry(session, registration.replaces);
    putEntry(session, entry);
  });
  return { entry, warnings };
}

function submissionTime(now: UnixMs, within: number | undefined, isNew: boolean): UnixMs | undefined {
  if (within === undefined) return undefined;
  const random = (below: number) => randomInt(Math.floor(below) + 1);
  if (!isNew) return unixMs(now + random(within));
  const hour = now - (now % HOUR_MS) + HOUR_MS;
  return unixMs(hour + random(Math.max(within - (hour - now), 10 * MINUTE_MS)));
}

/** Gives an entry up that another one, in the same write, takes the place of. */
function replaceEntry(session: StoreSession, nullifier: string): void {
  const old = entryByNullifier(session, nullifier);
  ensure(
    old && old.sequence === undefined && old.refused === undefined,
    'already_exists',
    'the entry was submitted, or proved again, by another command meanwhile',
  );
  putEntry(session, { ...old, refused: 'it was not submitted in time, and was proved again' });
}
