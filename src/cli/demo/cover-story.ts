import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Agent, type RegisterResult } from '../../agent/index.js';
import { defaultSchema, type Schema } from '../../ledger/index.js';
import { batchProver, defaultParallel } from '../../proofs/index.js';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../local-network.js';
import { freePorts } from '../ports.js';
import type { Service } from '../processes.js';
import { shareOneRisk } from './co-insurance-act.js';
import { insurersOf, lifeInsurersOf } from './cover-cast.js';
import { lifePolicy, motorClaim, motorPolicy, PERSON, type CoverPaper } from './cover-papers.js';
import { stepsOf, type Telling } from './step.js';

const CLASS = 'object-class';

/**
 * One person at more life insurers than is usual, one car at two insurers, one loss claimed twice, one ship that two
 * insurers cover up to its value. Services run as processes of their own, insurers in this one; `threshold` is what the network's schema finds usual. Returns what is
 * shown after the steps. A step that cannot be done is reported like the others; then this throws why.
 */
export async function tellCover(
  folder: string,
  telling: Telling,
  { threshold }: { readonly threshold: number },
): Promise<string[]> {
  const { onProgress } = telling;
  const step = stepsOf(telling);
  const network = join(folder, 'network');
  const passphrase = randomBytes(24).toString('base64url');
  const numbered = (length: number) => Array.from({ length }, (_, i) => i + 1);
  const insurers = numbered(lifeInsurersOf(threshold));
  const members = numbered(insurersOf(threshold));
  const prover = batchProver(defaultParallel());
  const proving = { prover, onProgress: () => undefined };
  let services: Service[] = [];
  const agents = new Map<number, Agent>();
  const of = (insurer: number): Agent => agents.get(insurer)!;
  const register = (
    insurer: number,
    purpose: string,
    { document, hash }: CoverPaper,
  ): Promise<RegisterResult> => of(insurer).register(document, hash, purpose, prover);
  const labels = (results: readonly { readonly label: string }[]) =>
    [...new Set(results.map(({ label }) => label))].join(', ');

  try {
    await step('network', 'genesis, certificates, key generation, start', 'ready', async () => {
      await createLocalNetwork({
        folder: network,
        name: 'cover',
        passphrase,
        members: members.map((insurer) => ({ name: `insurer-${insurer}`, role: 'insurer' })),
        evaluators: 3,
        threshold: 2,
        ports: await freePorts(4),
        schema: schemaWith(threshold),
        onProgress,
      });
      onProgress('starting the node and three evaluators');
      services = await startLocalNetwork(network, passphrase);
      for (const insurer of members)
        agents.set(insurer, await Agent.open(networkPaths(network).member(`insurer-${insurer}`), passphrase));
      return 'ready';
    });

    const life: number[] = [];
    await step('insurers', `${insurers.length} life policies, one person on each`, 'unique', async () => {
      const results = await Promise.all(
        insurers.map(async (insurer) => {
          const result = await register(insurer, 'cover', lifePolicy(insurer));
          life[insurer] = result.sequence;
          return result;
        }),
      );
      return [...new Set(results.map(({ verdict }) => verdict))].join(', ');
    });
    const show = (insurer: number, entry: number, element: string) =>
      of(insurer).showFingerprint(entry, { name: CLASS, element }, proving);
    const person = `person|${PERSON}`;
    const [first, ...others] = insurers;
    await step('insurer 1', 'shows the person alone, as a tag', 'unmatched', async () =>
      labels(await show(first!, life[first!]!, person)),
    );
    if (others.length > 1)
      await step('insurers', `${others.length - 1} others do`, 'matched', async () => {
        const shown = [];
        for (const insurer of others.slice(0, -1))
          shown.push(...(await show(insurer, life[insurer]!, person)));
        return labels(shown);
      });
    const last = others.at(-1)!;
    let count = 0;
    await step(`insurer ${last}`, 'does: one more than is usual', 'multiple-cover', async () => {
      const shown = await show(last, life[last]!, person);
      count = shown[0]!.counts.registered + shown[0]!.counts.engaged + 1;
      return labels(shown);
    });
    await step(`insurer ${last}`, 'shows the relative, who is on no other policy', 'unmatched', async () =>
      labels(await show(last, life[last]!, `PERSON|RELATIVE${last}`)),
    );

    let early = -1;
    let late = -1;
    await step('insurer 1', 'insures a car until the end of June', 'unique', async () => {
      const result = await register(1, 'cover', motorPolicy(1, '2026-01-01', '2026-06-30'));
      early = result.sequence;
      return result.verdict;
    });
    await step('insurer 2', 'insures the same car from July on', 'near-duplicate', async () => {
      const result = await register(2, 'cover', motorPolicy(2, '2026-07-01', '2027-06-30'));
      late = result.sequence;
      return result.verdict;
    });
    /** Insurer `by` proves to `to` on which side of a day its policy lies, and nothing else of it. */
    const proves = async (by: number, to: number, rules: string, entry: number, values: object) => {
      const { text: request } = await of(to).crosschecks.request({ rules, subjects: [entry], values });
      const { text } = await of(by).crosschecks.prove(request, { a: { from: 'own', entry } }, prover);
      return (await of(to).crosschecks.verify(text, request)).holds ? 'holds' : 'does not hold';
    };
    const day = '2026-07-01';
    await step('insurer 1', `proves to insurer 2: ends before ${day}`, 'holds', () =>
      proves(1, 2, 'policy/ends-before@1', early, { endDate: day }),
    );
    await step('insurer 2', `proves to insurer 1: begins on ${day} or later`, 'holds', () =>
      proves(2, 1, 'policy/starts-from@1', late, { startDate: day }),
    );
    await step('insurer 2', 'insures it from June on: the same question', 'does not hold', async () => {
      const { sequence } = await register(2, 'cover', motorPolicy(2, '2026-06-01', '2027-05-31'));
      return proves(2, 1, 'policy/starts-from@1', sequence, { startDate: day });
    });

    const claims: number[] = [];
    await step('insurers', 'one loss claimed at both, a day apart', 'unique', async () => {
      const results = await Promise.all([
        register(1, 'claim', motorClaim(1, '2026-06-14')),
        register(2, 'claim', motorClaim(2, '2026-06-15')),
      ]);
      claims.push(...results.map(({ sequence }) => sequence));
      return [...new Set(results.map(({ verdict }) => verdict))].join(', ');
    });
    await step('insurers', 'show the car and the cause of the loss', 'unmatched, matched', async () =>
      labels([
        ...(await of(1).showFingerprint(claims[0]!, { name: CLASS }, proving)),
        ...(await of(2).showFingerprint(claims[1]!, { name: CLASS }, proving)),
      ]),
    );
    await shareOneRisk(step, { of, register, prover });
    return [
      `${count} live policies insure one person for life; the network finds ${threshold} usual. The ledger knows neither`,
      'the person nor an insurer: whoever has such a policy sees the count, and may ask.',
      'The ship is insured up to its value and no further: whoever holds its policy sees how much of it is covered, and',
      'not by whom.',
    ];
  } finally {
    for (const agent of agents.values()) agent.close();
    await prover.close();
    await Promise.all(services.map((service) => service.stop()));
  }
}

/** The default schema, under which so many policies of one person are usual. */
function schemaWith(threshold: number): Schema {
  const schema = defaultSchema();
  const purposes = schema.purposes.map((purpose) => ({
    ...purpose,
    fingerprints: purpose.fingerprints.map((one) =>
      purpose.name === 'cover' && one.name === CLASS ? { ...one, threshold } : one,
    ),
  }));
  return { ...schema, purposes };
}
