import { Counter, Gauge, type Registry } from 'prom-client';
import { readVerifiedCheckpoint } from '../ledger/index.js';
import type { Witness } from '../witness/index.js';

/** What a witness's metrics are told of. `origins` are the logs that it watches. */
export function witnessMetrics(
  registry: Registry,
  witness: Pick<Witness, 'last'>,
  origins: readonly string[],
): { readonly observe: (status: number) => void } {
  const registers = [registry];
  const requests = new Counter({
    name: 'counterseal_witness_requests_total',
    help: 'Requests answered, by HTTP status; 409 and 422: an operator signed what does not extend its log.',
    labelNames: ['status'],
    registers,
  });
  for (const status of [200, 409, 422]) requests.inc({ status }, 0);
  const lastOf = (name: string, help: string, read: (note: string) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['origin'],
      registers,
      collect() {
        for (const origin of origins) {
          const note = witness.last(origin);
          if (note !== undefined) this.set({ origin }, read(note));
        }
      },
    });
  lastOf(
    'counterseal_witness_log_size',
    'Records in the last checkpoint of a log that was cosigned.',
    (note) => readVerifiedCheckpoint(note).size,
  );
  lastOf(
    'counterseal_witness_checkpoint_timestamp_seconds',
    'The time of the last checkpoint of a log that was cosigned.',
    (note) => readVerifiedCheckpoint(note).time / 1000,
  );
  return { observe: (status) => requests.inc({ status }) };
}
