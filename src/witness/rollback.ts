import { CountersealError } from '../errors.js';
import { type Checkpoint, checkpointOf, equalBytes, type Genesis } from '../ledger/index.js';
import type { WitnessClient } from './client.js';

/** A log as a node has it. */
export interface HeldLog {
  readonly size: number;
  /** Undefined where it is not known. */
  rootAt(size: number): Uint8Array | undefined;
}

/**
 * Asks the witnesses what they cosigned last, before a node signs anything further: one that was set back to an older
 * state, and went on, would fork the log that it signed. Answers the names of the witnesses that could not be asked, or
 * answered with what no operator signed. Throws `failed_precondition` where one knows more records, or other ones.
 */
export async function ensureNotSetBack(
  genesis: Genesis,
  log: HeldLog,
  witnesses: readonly WitnessClient[],
): Promise<string[]> {
  const silent: string[] = [];
  await Promise.all(
    witnesses.map(async (witness) => {
      const { name } = witness.key;
      let last: Checkpoint | undefined;
      try {
        const note = await witness.last(genesis.networkId);
        last = note === undefined ? undefined : checkpointOf(genesis, note);
      } catch (error) {
        if (!(error instanceof CountersealError)) throw error;
        silent.push(name);
        return;
      }
      if (last === undefined) return;
      if (last.size > log.size)
        throw new CountersealError(
          'failed_precondition',
          `the witness ${name} has cosigned ${last.size} records of this log, signed by its operator, and here are ${log.size}: ` +
            `this is an older state, and going on from it would fork the log. Restore the newest disk or backup there is; ` +
            `if records ${log.size} to ${last.size - 1} are lost for good, the network needs a new genesis`,
        );
      const own = log.rootAt(last.size);
      if (own && !equalBytes(own, last.root))
        throw new CountersealError(
          'failed_precondition',
          `the witness ${name} has cosigned other records than those that are here: the log has forked. ` +
            'Run the node of the folder whose records the members have, and no other one',
        );
    }),
  );
  return silent;
}
