import { CountersealError, ensure } from '../errors.js';
import {
  type LedgerReader,
  type NoteSigner,
  type Sequence,
  type SnapshotChunkId,
  type StateMachine,
  unixMs,
} from '../ledger/index.js';
import { keyPart, type Part, writeParts } from './backup-file.js';

/** Of a node's folder, what a backup holds beside the ledger. */
export interface BackupExtras {
  /** The genesis file, as it is. */
  readonly genesis: Uint8Array;
  /** Files with keys, sealed as they are on disk; none unless they were asked for. */
  readonly keyFiles: readonly { readonly name: string; readonly content: Uint8Array }[];
}

export interface BackupSource {
  readonly machine: StateMachine;
  readonly reader: LedgerReader;
  readonly signer: NoteSigner;
  payload(hash: Uint8Array): Uint8Array | undefined;
}

interface Position {
  readonly height: number;
  /** Of the log. */
  readonly size: number;
  /** The signed note. */
  readonly text: string;
}

/**
 * The bytes of a backup file: the log with its transactions and the state at one height, the checkpoint that signs
 * both, and the payloads of the entries and messages up to there that have not been erased. Called in the turn in which the
 * checkpoint was made: the snapshot is of the same block.
 */
export function backupOf(
  source: BackupSource,
  checkpoint: Position,
  extras: BackupExtras,
): AsyncGenerator<Uint8Array> {
  const taking = source.machine.takeSnapshot();
  // Whoever never reads the first part leaves this behind.
  taking.catch(() => undefined);
  return writeParts(parts(source, taking, checkpoint, extras), {
    signer: source.signer,
    height: checkpoint.height,
  });
}

async function* parts(
  { machine, reader, payload }: BackupSource,
  taking: ReturnType<StateMachine['takeSnapshot']>,
  checkpoint: Position,
  { genesis, keyFiles }: BackupExtras,
): AsyncGenerator<Part> {
  const { height, format, chunks, metadata } = await taking;
  ensure(height === checkpoint.height, 'internal', 'the snapshot is not of the block of the checkpoint');
  yield { kind: 'genesis', bytes: genesis };
  yield { kind: 'checkpoint', bytes: Buffer.from(checkpoint.text) };
  yield { kind: 'manifest', bytes: metadata };
  for (let chunk = 0; chunk < chunks; chunk++)
    yield { kind: 'chunk', bytes: await loadChunk(machine, { height, format, chunk }) };
  for (let sequence = 0; ; sequence++) {
    const entry = reader.entry(sequence as Sequence);
    if (!entry || entry.logIndex >= checkpoint.size) break;
    const bytes = payload(entry.payloadHash);
    if (bytes) yield { kind: 'payload', bytes };
  }
  for await (const { body } of reader.messagesSince(unixMs(0), checkpoint.size)) {
    const bytes = payload(body.bodyHash);
    if (bytes) yield { kind: 'payload', bytes };
  }
  for (const { name, content } of keyFiles) yield { kind: 'key', bytes: keyPart(name, content) };
}

async function loadChunk(machine: StateMachine, id: SnapshotChunkId): Promise<Uint8Array> {
  const bytes = await machine.loadSnapshotChunk(id);
  if (!bytes)
    throw new CountersealError(
      'unavailable',
      'the snapshot was replaced while it was read: start the backup again',
    );
  return bytes;
}
