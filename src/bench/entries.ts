import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedEngine, LevelStore, NetworkProofVerifier } from '../engine/index.js';
import { ensure } from '../errors.js';
import { StateMachine, type Height, type ProofVerifier } from '../ledger/index.js';
import { median, timed } from './clock.js';
import type { Group } from './figure.js';
import { registrations, type Registration } from './registrations.js';
import { BENCH_TIME, syntheticNetwork, type SyntheticNetwork } from './synthetic-network.js';

const ENTRIES = 128;
const ROUNDS = 7;
const WARM_UP = 2;

const noVerifier: ProofVerifier = { verify: () => Promise.resolve(true) };

/** Entries a second that a new ledger takes, all submitted at once: accepted, verified and on disk. */
async function rate(
  { network, signer }: SyntheticNetwork,
  verifier: ProofVerifier,
  entries: readonly Registration[],
  folder: string,
): Promise<{ perSecond: number; cpu: number }> {
  const rounds: { perSecond: number; cpu: number }[] = [];
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    const engine = await EmbeddedEngine.open({
      directory: await mkdtemp(join(folder, 'ledger-')),
      genesis: network.genesis,
      verifier,
      signer,
      clock: () => BENCH_TIME,
    });
    try {
      const { wall, cpu, result } = await timed(() =>
        Promise.all(entries.map(({ transaction, payload }) => engine.submit(transaction, payload))),
      );
      ensure(
        result.every(({ included }) => included) && engine.reader.meta().logSize === entries.length,
        'internal',
        'the ledger did not take every entry',
      );
      rounds.push({ perSecond: (1000 * entries.length) / wall, cpu: cpu / entries.length });
    } finally {
      await engine.close();
    }
  }
  const counted = rounds.slice(WARM_UP);
  return {
    perSecond: median(counted.map(({ perSecond }) => perSecond)),
    cpu: median(counted.map(({ cpu }) => cpu)),
  };
}

type Stage = 'decode, signature, rules' | 'proof' | 'apply' | 'commit';

/** Milliseconds of processor an entry takes at each stage, one stage after the other. */
async function stages(
  { network }: SyntheticNetwork,
  verifier: ProofVerifier,
  entries: readonly Registration[],
  folder: string,
): Promise<Record<Stage, number>> {
  const rounds: Record<Stage, number>[] = [];
  for (let i = 0; i < WARM_UP + 3; i++) {
    const store = await LevelStore.open(await mkdtemp(join(folder, 'stages-')));
    try {
      const machine = await StateMachine.open({ genesis: network.genesis, store, verifier: noVerifier });
      await machine.initChain();
      const transactions = entries.map(({ transaction }) => transaction);
      const check = await timed(() =>
        Promise.all(transactions.map((bytes) => machine.checkTx(bytes, { type: 'new', now: BENCH_TIME }))),
      );
      const proof = await timed(() =>
        Promise.all(entries.map((entry) => verifier.verify('register', entry.signals, entry.proof))),
      );
      const block = { height: 1 as Height, time: BENCH_TIME, transactions };
      const apply = await timed(() => machine.finalizeBlock(block));
      const commit = await timed(() => machine.commit(apply.result));
      const each = (ms: number) => ms / entries.length;
      rounds.push({
        'decode, signature, rules': each(check.cpu),
        proof: each(proof.cpu),
        apply: each(apply.cpu),
        commit: each(commit.cpu),
      });
    } finally {
      await store.close();
    }
  }
  const counted = rounds.slice(WARM_UP);
  const of = (stage: Stage) => median(counted.map((round) => round[stage]));
  return {
    'decode, signature, rules': of('decode, signature, rules'),
    proof: of('proof'),
    apply: of('apply'),
    commit: of('commit'),
  };
}

export const entries: Group = {
  names: ['ledger.entries'],
  async measure({ folder, cache, progress }) {
    const synthetic = await syntheticNetwork();
    const made = await registrations(synthetic, ENTRIES, cache, progress);
    progress(`submitting ${ENTRIES} entries to a new ledger, ${ROUNDS} times`);
    const verifier = await NetworkProofVerifier.open(synthetic.network.genesis);
    try {
      const measured = await rate(synthetic, verifier, made, folder);
      const unverified = await rate(synthetic, noVerifier, made, folder);
      const byStage = await stages(synthetic, verifier, made, folder);
      return [
        {
          name: 'ledger.entries',
          value: measured.perSecond,
          unit: 'entries/s',
          baseline: unverified.perSecond,
          against: 'the same ledger without verifying proofs',
          better: 'higher',
          notes: [
            `${ENTRIES} entries with proofs of their own, submitted at once; ${measured.cpu.toFixed(2)} ms of processor each: ` +
              Object.entries(byStage)
                .map(([stage, ms]) => `${stage} ${ms.toFixed(2)}`)
                .join('; '),
          ],
        },
      ];
    } finally {
      await verifier.close();
    }
  },
};
