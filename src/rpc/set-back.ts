import { CountersealError } from '../errors.js';
import {
  type Checkpoint,
  checkpointOf,
  equalBytes,
  type Genesis,
  verifyConsistency,
} from '../ledger/index.js';
import type { LedgerClient } from './ledger-client.js';

/** A copy of the log, all of it signed by the network's operators. */
export interface SignedCopy {
  readonly size: number;
  /** The root that the copy had at a size up to its own. */
  rootAt(size: number): Promise<Uint8Array>;
}

/**
 * Whether a node's log goes on from a copy of it; where it does not, an error (`data_corrupted`) that says what has
 * happened and what to do. Undefined where it does, or where that cannot be found out.
 */
export async function divergenceFrom(
  copy: SignedCopy,
  client: LedgerClient,
  genesis: Genesis,
): Promise<CountersealError | undefined> {
  if (copy.size === 0) return undefined;
  try {
    const checkpoint = checkpointOf(genesis, await client.checkpoint());
    if (checkpoint.size < copy.size) return setBack(copy, checkpoint);
    const own = await copy.rootAt(copy.size);
    const proof =
      checkpoint.size === copy.size
        ? []
        : await client.consistencyProof(BigInt(copy.size), BigInt(checkpoint.size));
    const extended = verifyConsistency(copy.size, own, checkpoint.size, checkpoint.root, proof);
    return extended ? undefined : forked(copy, checkpoint);
  } catch (error) {
    if (error instanceof CountersealError) return undefined;
    throw error;
  }
}

async function setBack(copy: SignedCopy, checkpoint: Checkpoint): Promise<CountersealError> {
  const { size, root } = checkpoint;
  const prefix = size === 0 || equalBytes(await copy.rootAt(size), root);
  if (!prefix) return forked(copy, checkpoint);
  return new CountersealError(
    'data_corrupted',
    `the node was set back: it has ${size} records of the log, its operator signed the ${copy.size} that are in this ` +
      'folder. It was restored from an older backup, or keeps records from you. Nothing is lost here, and nothing was ' +
      `sent. Tell the operator that you have ${copy.size} records, before the node accepts anything; keep this folder`,
  );
}

const forked = (copy: SignedCopy, checkpoint: Checkpoint): CountersealError =>
  new CountersealError(
    'data_corrupted',
    `the log has forked: the node signs a log of ${checkpoint.size} records that does not agree with the ${copy.size} ` +
      'in this folder, which its operator signed too. It went on from an older backup, or shows different members ' +
      'different logs. Do not use it; keep this folder, it is the evidence, and tell the other members',
  );
