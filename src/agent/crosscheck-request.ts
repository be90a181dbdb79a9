import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { FieldElement } from '../crypto/index.js';
import {
  canonicalDocument,
  SLOT_NAMES,
  type CanonicalDocument,
  type SlotStrings,
} from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import type { Network, Sequence } from '../ledger/index.js';
import { ruleSet, type PublicSide, type RuleSet } from '../proofs/index.js';
import type { Identity } from '../rpc/certificates.js';
import { DAY_MS } from '../time.js';
import { CARD_MAX_BYTES, makeCard } from './card.js';
import { framed } from './framed.js';
import type { MemberKeys } from './keys.js';
import type { LedgerCopy } from './ledger-copy.js';
import { parseForeign } from './sealed-file.js';
import type { AgentStore, StoreSession } from './store.js';

export const CROSSCHECK_MAX_BYTES = 96 * 1024;
const CROSSCHECK_VALID_MS = 7 * DAY_MS;
const VALID_MAX_MS = 366 * DAY_MS;

const Request = z.strictObject({
  format: z.literal('counterseal-crosscheck-request'),
  version: z.literal(1),
  networkId: z.string().min(1).max(50),
  /** Name of a rule set. */
  rules: z.string().min(1).max(60),
  /** Entries that the answer must be about. */
  subjects: z.array(z.int().min(0)).min(1).max(2),
  /** Canonical strings of the public document, where a side of the rule set is one. */
  values: z.partialRecord(z.enum(SLOT_NAMES), z.string().max(100)),
  /** 32 random bytes, hexadecimal. */
  challenge: z.hex().length(64),
  /** ISO 8601: no answer counts after it. */
  expires: z.iso.datetime(),
  /** The verifier's card: the answer is sealed for it. */
  verifier: z.string().max(CARD_MAX_BYTES),
});

/** A verifier's request as its file says it. */
export interface CrosscheckOrder {
  readonly set: RuleSet;
  readonly subjects: readonly number[];
  /** The public document of a side, with salt 0; null where both sides are entries. */
  readonly publicDocument: CanonicalDocument | null;
  readonly challenge: string;
  /** Milliseconds. */
  readonly expires: number;
  readonly card: string;
}

export interface RequestParts {
  readonly network: Network;
  readonly keys: MemberKeys;
  readonly identity: Identity;
  readonly store: AgentStore;
  readonly copy: LedgerCopy;
}

export interface CrosscheckQuestion {
  /** Name of a rule set. */
  readonly rules: string;
  /** One or two entries that the answer must be about. */
  readonly subjects: readonly number[];
  /** For a rule set with a public side: the canonical string of each of its slots. */
  readonly values?: SlotStrings;
  /** A week, unless said otherwise. */
  readonly validForMs?: number;
}

export interface MadeCrosscheckRequest {
  /** The content of the file for the prover. */
  readonly text: string;
  readonly challenge: string;
  /** ISO 8601. */
  readonly expires: string;
}

const challengeKey = (challenge: string) => `own/challenge/${challenge}`;

/** What a verifier keeps of its own request. */
export interface KeptChallenge {
  /** SHA-256 of the request, hexadecimal. */
  readonly request: string;
  /** Milliseconds, of the answer that counted. */
  readonly answered?: number;
}

export const keptChallenge = (session: StoreSession, challenge: string): KeptChallenge | undefined =>
  session.getSealed<KeptChallenge>(challengeKey(challenge));

export const keepChallenge = (session: StoreSession, challenge: string, kept: KeptChallenge): void =>
  session.putSealed(challengeKey(challenge), kept);

export const requestDigest = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Asks for a cross-check: a random challenge, which this member keeps and which counts once, the rules, and what the
 * answer must be about. The file holds no secret; it tells whoever reads it who asks what about which entries. Throws
 * `not_found` for rules or entries that are not there, `invalid_argument` for an entry that fits no side of the rules or
 * a value that a public side lacks.
 */
export async function makeCrosscheckRequest(
  { network, keys, identity, store, copy }: RequestParts,
  { rules, subjects, values = {}, validForMs = CROSSCHECK_VALID_MS }: CrosscheckQuestion,
): Promise<MadeCrosscheckRequest> {
  const set = ruleSet(rules);
  publicDocumentOf(set, values);
  ensure(
    Number.isSafeInteger(validForMs) && validForMs > 0 && validForMs <= VALID_MAX_MS,
    'invalid_argument',
    'a request is valid for more than nothing and at most a year',
    'validForMs',
  );
  ensure(
    subjects.length > 0 &&
      subjects.length <= entrySides(set).length &&
      new Set(subjects).size === subjects.length,
    'invalid_argument',
    `${set.name} is about ${entrySides(set).length === 1 ? 'one entry' : 'one or two entries'} that you name`,
    'subjects',
  );
  await copy.sync();
  const challenge = randomBytes(32).toString('hex');
  const expires = new Date(Date.now() + validForMs).toISOString();
  const text = `${JSON.stringify(
    {
      format: 'counterseal-crosscheck-request',
      version: 1,
      networkId: network.id,
      rules: set.name,
      subjects,
      values,
      challenge,
      expires,
      verifier: makeCard(network.id, keys, identity),
    },
    null,
    2,
  )}\n`;
  await store.use((session) => {
    const replica = copy.replica(session);
    for (const subject of subjects) {
      const entry = replica.entry(subject as Sequence);
      ensure(entry, 'not_found', `the ledger has no entry ${subject}`, 'subjects');
      ensure(
        entrySides(set).some((side) => fits(side, entry)),
        'invalid_argument',
        `entry ${subject} (kind ${entry.documentKind}, for ${entry.purpose}) fits no side of ${set.name}`,
        'subjects',
      );
    }
    keepChallenge(session, challenge, { request: requestDigest(text) });
  });
  return { text, challenge, expires };
}

/** The sides of a rule set that are entries. */
const entrySides = ({ a, b }: RuleSet) => (b.from === 'entry' ? [a, b] : [a]);

export const fits = (
  { kinds, purposes }: RuleSet['a'],
  { documentKind, purpose }: { readonly documentKind: number; readonly purpose: string },
): boolean => kinds.some((kind) => kind === documentKind) && purposes.includes(purpose);

/** The document of the public side, of exactly its slots. Throws `invalid_argument`. */
function publicDocumentOf(set: RuleSet, values: SlotStrings): CanonicalDocument | null {
  const side: PublicSide | undefined = set.b.from === 'request' ? set.b : undefined;
  const given = Object.keys(values).sort();
  const wanted = [...(side?.slots ?? [])].sort();
  ensure(
    given.length === wanted.length && given.every((slot, i) => slot === wanted[i]),
    'invalid_argument',
    side
      ? `${set.name} needs the value of ${wanted.join(', ')}, and of nothing else`
      : `${set.name} takes no values`,
    'values',
  );
  if (!side) return null;
  try {
    return canonicalDocument(side.kind, values);
  } catch (cause) {
    if (!(cause instanceof CountersealError)) throw cause;
    throw new CountersealError('invalid_argument', `the public value is wrong: ${cause.message}`, {
      field: 'values',
      cause,
    });
  }
}

/** Reads a request. Throws `invalid_argument` for what is none, `permission_denied` for another network's, `not_found`. */
export function parseCrosscheckRequest(network: Network, text: string): CrosscheckOrder {
  const request = parseForeign(
    Request,
    text,
    CROSSCHECK_MAX_BYTES,
    'this file is no request for a cross-check',
  );
  ensure(
    request.networkId === network.id,
    'permission_denied',
    `the request is of the network ${request.networkId}, not of ${network.id}`,
    'networkId',
  );
  const set = ruleSet(request.rules);
  return {
    set,
    subjects: request.subjects,
    publicDocument: publicDocumentOf(set, request.values),
    challenge: request.challenge,
    expires: Date.parse(request.expires),
    card: request.verifier,
  };
}

/** The first 31 bytes of SHA-256 over network, the whole request and both entries (null: the public side). */
export function crosscheckBinding(
  networkId: string,
  request: string,
  [a, b]: readonly [number, number | null],
): FieldElement {
  const message = framed(
    'counterseal/crosscheck/v1',
    networkId,
    request,
    String(a),
    b === null ? '' : String(b),
  );
  const digest = createHash('sha256').update(message).digest('hex');
  return BigInt(`0x${digest.slice(0, 62)}`) as FieldElement;
}
