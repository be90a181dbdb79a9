import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EmbeddedEngine, EngineObserver } from '../engine/index.js';
import { ACTION_KINDS, VERDICT_LABELS } from '../ledger/index.js';
import type { WitnessStanding } from '../witness/index.js';

/** What a node's metrics are told of, and what they ask when they are read. */
export interface NodeMetrics extends EngineObserver {
  readonly onBatch: (batch: { readonly proofs: number; readonly invalid: number }) => void;
  /** From here on the sources are asked. */
  watch(sources: {
    readonly engine: Pick<EmbeddedEngine, 'status' | 'proofCache' | 'reader'>;
    readonly verifier: { readonly queued: number };
    readonly standing: () => readonly WitnessStanding[];
  }): void;
}

export function nodeMetrics(registry: Registry): NodeMetrics {
  const registers = [registry];
  const transactions = new Counter({
    name: 'counterseal_transactions_total',
    help: 'Submitted transactions answered, by type, and ok or the rule that refused them.',
    labelNames: ['type', 'outcome'],
    registers,
  });
  for (const type of ['register', 'membership', 'message', 'open-capacity', 'draw', ...ACTION_KINDS])
    transactions.inc({ type, outcome: 'ok' }, 0);
  const verdicts = new Counter({
    name: 'counterseal_verdicts_total',
    help: 'Verdicts on registrations and engagements, by label.',
    labelNames: ['verdict'],
    registers,
  });
  for (const verdict of VERDICT_LABELS) verdicts.inc({ verdict }, 0);
  const blocks = new Counter({ name: 'counterseal_blocks_total', help: 'Blocks committed.', registers });
  const blockRecords = new Histogram({
    name: 'counterseal_block_records',
    help: 'Records in a block.',
    buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
    registers,
  });
  const blockDuration = new Histogram({
    name: 'counterseal_block_duration_seconds',
    help: 'How long a block took from its first transaction to the disk.',
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const proofs = new Counter({
    name: 'counterseal_proofs_verified_total',
    help: 'Proofs verified, by result.',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['valid', 'invalid']) proofs.inc({ result }, 0);
  const batches = new Histogram({
    name: 'counterseal_proof_batch_size',
    help: 'Proofs that were verified together.',
    buckets: [1, 2, 4, 8, 16, 32, 64, 128],
    registers,
  });
  return {
    transaction: (type, outcome) => transactions.inc({ type, outcome }),
    verdict: (verdict) => verdicts.inc({ verdict }),
    block: ({ records, seconds }) => {
      blocks.inc();
      blockRecords.observe(records);
      blockDuration.observe(seconds);
    },
    onBatch: (batch) => {
      proofs.inc({ result: 'valid' }, batch.proofs - batch.invalid);
      proofs.inc({ result: 'invalid' }, batch.invalid);
      batches.observe(batch.proofs);
    },
    watch: (sources) => watchNode(registry, sources),
  };
}

function watchNode(
  registry: Registry,
  { engine, verifier, standing }: Parameters<NodeMetrics['watch']>[0],
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  const counter = (name: string, help: string, read: () => number) =>
    new Counter({
      name,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  counter(
    'counterseal_proof_cache_hits_total',
    'Verdicts on proofs that were asked for and remembered.',
    () => engine.proofCache().hits,
  );
  counter(
    'counterseal_proof_cache_misses_total',
    'Verdicts on proofs that were asked for and had to be found out.',
    () => engine.proofCache().misses,
  );
  gauge('counterseal_accepting', 'Whether the node accepts transactions: 1 or 0.', () =>
    engine.status().accepting ? 1 : 0,
  );
  gauge(
    'counterseal_submission_queue_length',
    'Transactions that have been submitted and not answered.',
    () => engine.status().waiting,
  );
  gauge('counterseal_verification_queue_length', 'Proofs that wait for a worker.', () => verifier.queued);
  gauge('counterseal_height', 'The last block.', () => engine.reader.meta().height);
  gauge('counterseal_log_size', 'Records in the log.', () => engine.reader.meta().logSize);
  gauge(
    'counterseal_checkpoint_timestamp_seconds',
    'The time of the newest checkpoint, which is that of the last block.',
    () => engine.reader.meta().time / 1000,
  );
  gauge(
    'counterseal_cosignatures_missing',
    'Witnesses that have not cosigned the newest checkpoint.',
    () => standing().filter(({ cosigned }) => !cosigned).length,
  );
  new Gauge({
    name: 'counterseal_witness_reachable',
    help: 'Whether a witness answered when it was asked last: 1 or 0.',
    labelNames: ['witness'],
    registers,
    collect() {
      for (const { witness, reachable } of standing())
        if (reachable !== undefined) this.set({ witness }, reachable ? 1 : 0);
    },
  });
}
