import { z } from 'zod';
import { RESOLUTIONS } from '../agent/index.js';
import { CANCEL_REASONS, ENTRY_STATES, MATCH_VIAS, VERDICT_LABELS } from '../ledger/index.js';
import { ORDER_STATES } from './four-eyes.js';

/** What requests and responses look like: they are held to these, and the OpenAPI document is made of them. */
const named = <T extends z.ZodType>(id: string, schema: T): T => schema.meta({ id });
const time = z.string().describe('ISO 8601, UTC');
const sequence = z.int().min(0).describe('number of an entry');
const hash = z.string().regex(/^([0-9a-f]{64})?$/);

export const Verdict = named('Verdict', z.enum(VERDICT_LABELS));
export const EntryState = named('EntryState', z.enum(ENTRY_STATES));
export const CancelReason = z.enum(CANCEL_REASONS);
const OwnState = z.enum([...ENTRY_STATES, 'pending', 'expired', 'refused']);

const Counts = named(
  'Counts',
  z.strictObject({
    total: z.int().min(0),
    registered: z.int().min(0),
    engaged: z.int().min(0),
    settled: z.int().min(0),
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
const Match = named(
  'Match',
  z.strictObject({
    sequence,
    state: EntryState,
    via: z.enum(MATCH_VIAS),
    own: z.boolean().describe("the member's own entries are no alarm"),
    resolution: Resolution.optional(),
  }),
);
const findings = {
  verdict: Verdict.describe('without own entries'),
  exact: Counts.describe('entries of others that are the same document'),
  near: Counts.describe('entries of others that are probably of the same deal'),
  matches: z.array(Match),
  siblings: z.int().min(0).describe('near matches of the same amount and day under another number'),
};
const Findings = named('Findings', z.strictObject(findings));
const Warning = z.strictObject({ evaluatorId: z.int(), code: z.string(), message: z.string() });
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
    document: z.record(z.string(), z.union([z.string(), z.array(z.string())])).nullable(),
    payload: z.strictObject({ status: z.enum(['kept', 'erased', 'over']), retainUntil: z.iso.date() }),
    now: Findings,
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
export const MatchView = named(
  'MatchView',
  z.strictObject({
    entry: sequence,
    other: sequence,
    purpose: z.string(),
    via: z.enum(MATCH_VIAS),
    state: EntryState,
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

const at = { index: z.int().min(0), time, entry: sequence };
const other = { other: sequence, via: z.enum(MATCH_VIAS), resolved: z.enum(RESOLUTIONS).optional() };
const acted = { action: z.string(), outcome: z.enum(['done', 'refused']), state: EntryState };
/** The data of a server-sent event. */
export const Event = named(
  'Event',
  z.discriminatedUnion('event', [
    z.strictObject({ event: z.literal('registered-again'), ...at, ...other, verdict: Verdict }),
    z.strictObject({ event: z.literal('other-acted'), ...at, ...other, ...acted }),
    z.strictObject({ event: z.literal('own-acted'), ...at, ordered: z.boolean(), ...acted }),
  ]),
);
