import { z } from 'zod';
import { CROSSCHECK_MAX_BYTES, SHARE_MAX_BYTES } from '../agent/index.js';
import { SLOT_NAMES } from '../documents/index.js';
import { ENTRY_STATES, ROLES } from '../ledger/index.js';
import { sequence, strings, time, Warning } from './schema-parts.js';

const file = z.string().max(CROSSCHECK_MAX_BYTES);
const roles = z.array(z.enum(ROLES));

export const Question = z.strictObject({
  rules: z.string().min(1).max(60).describe('a rule set: customs/invoice@1'),
  subjects: z.array(sequence).min(1).max(2).describe('entries that the answer must be about'),
  values: z
    .partialRecord(z.enum(SLOT_NAMES), z.string().max(100))
    .default({})
    .describe('of a rule set with a public side: the canonical string of each of its slots'),
  days: z.int().min(1).max(366).default(7).describe('how long an answer counts'),
});
export const Asked = z
  .strictObject({
    request: z.string().describe('for the prover, and to verify the answer with: keep it as it is'),
    challenge: z.string(),
    expires: time,
  })
  .meta({ id: 'CrosscheckRequest' });

/** Where one side is from. */
const Side = z
  .discriminatedUnion('from', [
    z.strictObject({ from: z.literal('own'), entry: sequence }),
    z.strictObject({
      from: z.literal('share'),
      text: z.string().max(SHARE_MAX_BYTES).describe('what `entry share` made for this member'),
    }),
    z.strictObject({
      from: z.literal('document'),
      document: z.base64().describe("base64 of an own copy, which opens another party's entry"),
      entry: sequence.optional().describe('which one, where it opens several'),
    }),
  ])
  .meta({ id: 'CrosscheckSide' });
export type Side = z.infer<typeof Side>;
export const Proving = z.strictObject({ request: file, a: Side, b: Side.optional() });
export const Verifying = z.strictObject({ request: file, result: file });

const judgement = {
  set: z.string(),
  question: z.string(),
  values: strings.describe('what the request names of a public side: part of the question'),
  holds: z.boolean(),
  rules: z.array(
    z.strictObject({
      name: z.string(),
      status: z.enum(['holds', 'fails', 'not-comparable', 'not-shown']),
      decides: z.enum(['always', 'where-comparable', 'never']),
      refuses: z.boolean().describe('whether the cross-check does not hold because of it'),
      meaning: z.string().optional(),
    }),
  ),
};
export const Answered = z
  .strictObject({
    result: z.string().describe('for the verifier alone; nothing has left yet'),
    ...judgement,
    entries: z.array(sequence.nullable()).length(2).describe('null: the public side'),
    verifier: z.strictObject({ memberId: z.string(), roles }),
  })
  .meta({ id: 'CrosscheckAnswer' });

const Checked = z
  .strictObject({
    label: z.string().describe('what it is in the rule set'),
    entry: sequence,
    documentKind: z.int(),
    purpose: z.string(),
    state: z.enum(ENTRY_STATES),
    registeredAt: time,
    writtenBy: roles.describe('its author has one of these'),
  })
  .meta({ id: 'CrosscheckedEntry' });
export const Verified = z
  .strictObject({
    ...judgement,
    tie: z.string().describe('what ties the two papers to each other, and what does not'),
    a: Checked,
    b: Checked.nullable(),
    eitherBy: roles.describe('one member in one of these could have written both'),
  })
  .meta({ id: 'VerifiedCrosscheck' });

const value = z.union([z.string(), z.array(z.string())]).nullable();
export const Compared = z
  .strictObject({
    entries: z.array(
      z
        .strictObject({
          entry: sequence,
          purpose: z.string(),
          state: z.enum(ENTRY_STATES),
          registeredAt: time,
          own: z.boolean(),
          status: z.enum(['opened', 'closed', 'erased', 'false']),
          registered: z.strictObject({ kind: z.int(), document: strings }).nullable(),
          differences: z.array(
            z.strictObject({ slot: z.string(), field: z.string(), own: value, registered: value }),
          ),
          agrees: z.boolean().describe('it opened, and what both state is equal'),
        })
        .meta({ id: 'ComparedEntry' }),
    ),
    possession: z.array(z.string()).describe('the fields that have to agree for an entry to open'),
    warnings: z.array(Warning),
  })
  .meta({ id: 'Compared' });
