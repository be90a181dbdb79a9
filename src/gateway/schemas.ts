import { z } from 'zod';
import { RESOLUTIONS } from '../agent/index.js';
import {
  CANCEL_REASONS,
  ENTRY_STATES,
  FINGERPRINT_LABELS,
  MATCH_VIAS,
  VERDICT_LABELS,
} from '../ledger/index.js';
import { ORDER_STATES } from './four-eyes.js';
import { count, sequence, strings, time, Warning } from './schema-parts.js';

/** What requests and responses look like: they are held to these, and the OpenAPI document is made of them. */
const named = <T extends z.ZodType>(id: string, schema: T): T => schema.meta({ id });
const hash = z.string().regex(/^([0-9a-f]{64})?$/);

export const Verdict = named('Verdict', z.enum(VERDICT_LABELS));
export const EntryState = named('EntryState', z.enum(ENTRY_STATES));
export const CancelReason = z.enum(CANCEL_REASONS);
const OwnState = z.enum([...ENTRY_STATES, 'pending', 'expired', 'refused']);

const Counts = named(
  'Counts',
  z.strictObject({
    total: count,
    registered: count,
    engaged: count,
    settled: count,
  }),
);
const Resolution = named(
  'Resolution',
  z.strictObject({
    as: z.enum(RESOLUTIONS),
    reason: z.string(),
    user: z.string(),
    member: z.string(),
    at: time,
  }),
);
const Agreement = z
  .enum(['agrees', 'differs', 'unknown'])
  .describe('whether it shows possession of the very same document');
const Match = named(
  'Match',
  z.strictObject({
    sequence,
    state: EntryState,
    via: z.enum(MATCH_VIAS),
    own: z.boolean().describe("the member's own entries are no alarm"),
    possession: Agreement,
    resolution: Resolution.optional(),
  }),
);
const findings = {
  verdict: Verdict.describe('without own entries'),
  exact: Counts.describe('entries of others that are the same document'),
  near: Counts.describe('entries of others that are probably of the same deal'),
  matches: z.array(Match),
  siblings: count.describe('near matches of the same amount and day under another number'),
};
const Findings = named('Findings', z.strictObject(findings));
const About = named(
  'Document',
  z.strictObject({
    format: z.string(),
    kind: z.int().describe('UN/CEFACT 1001'),
    sha256: hash,
    warnings: z.array(z.string()),
  }),
);

export const Checked = named(
  'Checked',
  z.strictObject({
    document: About,
    purpose: z.string(),
    ...findings,
    alsoUnder: z.array(z.strictObject({ purpose: z.string(), entries: z.int() })),
    warnings: z.array(Warning),
  }),
);
export const Registered = named(
  'Registered',
  z.strictObject({
    document: About,
    purpose: z.string(),
    sequence,
    ...findings,
    existed: z.literal(true).optional().describe('it was registered before: nothing was done now'),
    warnings: z.array(Warning),
  }),
);
export const Deferred = named(
  'Deferred',
  z.strictObject({
    document: About,
    purpose: z.string(),
    state: z.literal('pending'),
    notBefore: time.describe('when it is submitted; there is no verdict before'),
    warnings: z.array(Warning),
  }),
);

const FingerprintLabel = named('FingerprintLabel', z.enum(FINGERPRINT_LABELS));
const fingerprint = {
  name: z.string(),
  label: FingerprintLabel,
  counts: Counts.describe('other entries that show it'),
  matches: z.array(z.strictObject({ sequence, state: EntryState })),
};
const entrySummary = {
  entry: sequence.nullable().describe('null until it is on the ledger'),
  purpose: z.string(),
  kind: z.int(),
  state: OwnState,
  verdict: Verdict.nullable().describe('when it was registered'),
  registeredAt: time.nullable(),
};
export const Entries = z.array(
  named(
    'Entry',
    z.strictObject({ ...entrySummary, refused: z.string().optional(), notBefore: time.optional() }),
  ),
);
export const ShownEntry = named(
  'ShownEntry',
  z.strictObject({
    ...entrySummary,
    fileHash: hash,
    document: strings.nullable(),
    payload: z.strictObject({ status: z.enum(['kept', 'erased', 'over']), retainUntil: z.iso.date() }),
    now: Findings,
    fingerprints: z.array(z.strictObject(fingerprint)).describe('beside exact and near'),
  }),
);
export const Acted = named(
  'Acted',
  z.strictObject({
    sequence,
    action: z.string(),
    outcome: z.enum(['done', 'refused']),
    state: EntryState,
    verdict: Verdict.optional(),
  }),
);
export const HeldFingerprint = named(
  'HeldFingerprint',
  z.strictObject({
    entry: sequence,
    fingerprint: z.string(),
    element: z.string().optional().describe('type|id of the one element that it is of'),
    state: z.literal('pending'),
    notBefore: time.describe('when it is shown; there is no verdict before'),
  }),
);
export const Fingerprints = z.array(
  named(
    'Fingerprint',
    z.strictObject({
      sequence,
      element: z.string().optional().describe('type|id of the element that it is of'),
      existed: z.literal(true).optional().describe('the entry showed it before'),
      ...fingerprint,
    }),
  ),
);
const units = z.string().regex(/^\d+$/);
export const Capacity = named(
  'Capacity',
  z.strictObject({
    entry: sequence,
    status: z.enum(['open', 'not-open', 'conflict']),
    slot: z.enum(['amount', 'quantity', 'packages']),
    stated: z.string().describe('with its currency or unit'),
    left: z.string().nullable().describe('null where it is not known'),
    units: z
      .strictObject({ stated: units, left: units.nullable() })
      .describe('the same in the smallest unit'),
    draws: z.array(z.strictObject({ entry: sequence, own: z.boolean(), drawn: z.string(), units, time })),
  }),
);
export const MatchView = named(
  'MatchView',
  z.strictObject({
    entry: sequence,
    other: sequence,
    purpose: z.string(),
    via: z.enum(MATCH_VIAS),
    state: EntryState,
    possession: Agreement,
    resolution: Resolution.nullable(),
    history: z.array(Resolution),
  }),
);
const Person = z.strictObject({ id: z.string(), name: z.string() });
export const Order = named(
  'Order',
  z.strictObject({
    id: z.string(),
    kind: z.string(),
    parameters: z.record(z.string(), z.json()),
    requestedBy: Person,
    requestedAt: time,
    expiresAt: time,
    state: z.enum(ORDER_STATES),
    decision: z.strictObject({ decision: z.enum(['approved', 'rejected']), by: Person, at: time }).optional(),
    outcome: z
      .strictObject({ outcome: z.enum(['done', 'failed']), result: z.record(z.string(), z.json()), at: time })
      .optional(),
  }),
);
export const Receipt = named('Receipt', z.looseObject({ format: z.literal('counterseal-receipt') }));
export const Proved = named('ProvedReceipt', z.looseObject({ entry: sequence, networkId: z.string() }));

const at = { index: count, time, entry: sequence };
const other = { other: sequence, via: z.enum(MATCH_VIAS), resolved: z.enum(RESOLUTIONS).optional() };
const acted = { action: z.string(), outcome: z.enum(['done', 'refused']), state: EntryState };
/** The data of a server-sent event. */
export const Event = named(
  'Event',
  z.discriminatedUnion('event', [
    z.strictObject({ event: z.literal('registered-again'), ...at, ...other, verdict: Verdict }),
    z.strictObject({ event: z.literal('other-acted'), ...at, ...other, ...acted }),
    z.strictObject({
      event: z.literal('fingerprint-shared'),
      ...at,
      other: sequence,
      fingerprint: z.string(),
      label: FingerprintLabel,
    }),
    z.strictObject({ event: z.literal('own-acted'), ...at, ordered: z.boolean(), ...acted }),
  ]),
);
const mail = { ...at, other: sequence, id: z.string() };
/** The data of a server-sent event about mail. */
export const MailEvent = named(
  'MailEvent',
  z.discriminatedUnion('event', [
    z.strictObject({ event: z.literal('message'), ...mail, kind: z.enum(['text', 'acknowledgement']) }),
    z.strictObject({ event: z.literal('reveal-requested'), ...mail }),
    z.strictObject({
      event: z.literal('revealed'),
      ...mail,
      memberId: z.string().nullable().describe('null where the card is not good'),
    }),
  ]),
);
