import type { Agent, DrawResult, RegisterResult } from '../../agent/index.js';
import { formatSlotValue, parseSlotValue } from '../../documents/index.js';
import { CountersealError } from '../../errors.js';
import { slotValue, type Prover } from '../../proofs/index.js';
import { sharedPolicy, type CoverPaper } from './cover-papers.js';
import type { Take } from './step.js';

interface Cast {
  readonly of: (insurer: number) => Agent;
  readonly register: (insurer: number, purpose: string, paper: CoverPaper) => Promise<RegisterResult>;
  readonly prover: Prover;
}

const STATED = '250000.00';
const INFLATED = '400000.00';

/** Results in the order in which they are told, whoever was faster. */
const told = (results: readonly string[]): string => [...new Set(results)].sort().join(', ');

/**
 * Three insurers hold the policy of one ship, and cover it by drawing from its value: 60 % and 40 %. Nobody covers more,
 * be it by another draw, as a whole, or on a copy that states more.
 */
export async function shareOneRisk(step: Take, { of, register, prover }: Cast): Promise<void> {
  const policy = sharedPolicy(STATED);
  const entries = new Map<number, number>();
  const covers = (insurer: number, part: string, entry = entries.get(insurer)!): Promise<DrawResult> =>
    of(insurer).draw(entry, slotValue(parseSlotValue(policy.document, 'amount', part)), prover);

  await step(
    'insurers',
    `three hold the policy of one ship, ${STATED} EUR`,
    'duplicate, unique',
    async () => {
      const results = await Promise.all(
        [1, 2, 3].map(async (insurer) => {
          const result = await register(insurer, 'cover', policy);
          entries.set(insurer, result.sequence);
          return result.verdict;
        }),
      );
      return told(results);
    },
  );
  await step('insurer 1', 'covers 60 % of its value', 'drawn', async () => (await covers(1, '60%')).outcome);
  let late = 0;
  await step('insurers', '2 and 3 cover 40 % at the same moment', 'drawn, no-headroom', async () => {
    const results = await Promise.all([covers(2, '40%'), covers(3, '40%')]);
    late = results[0].outcome === 'drawn' ? 3 : 2;
    return told(results.map(({ outcome }) => outcome));
  });
  const lateEntry = () => entries.get(late)!;
  await step('the other', 'asks what is left', '0.00 EUR', async () => {
    const { document, slot, left } = await of(late).capacity(lateEntry());
    return left === undefined ? 'not known' : formatSlotValue(document, slot, left);
  });
  await step('the other', 'would cover the whole instead', 'refused', () =>
    of(late)
      .engage(lateEntry(), ['duplicate-engaged'], { prover, onProgress: () => undefined })
      .then(
        ({ outcome }) => outcome,
        (error: unknown) => {
          if (error instanceof CountersealError && error.message.startsWith('capacity_open:'))
            return 'refused';
          throw error;
        },
      ),
  );
  await step('the other', `draws on a copy that states ${INFLATED} EUR`, 'conflict', async () => {
    const { sequence } = await register(late, 'cover', sharedPolicy(INFLATED));
    return (await covers(late, '1%', sequence)).outcome;
  });
}
