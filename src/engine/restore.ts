import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersealError, ensure } from '../errors.js';
import {
  appHash,
  type Checkpoint,
  checkpointOf,
  equalBytes,
  type Genesis,
  genesisHash,
  messageBodyHash,
  parseGenesis,
  type ProofVerifier,
  sha256,
  SNAPSHOT_FORMAT,
  StateMachine,
  type Sequence,
  unixMs,
} from '../ledger/index.js';
import { DAY_MS } from '../time.js';
import { damaged, readKeyPart, readParts, verifySeal } from './backup-file.js';
import { LevelStore } from './level-store.js';
import { Payloads, type PayloadTerm, retainDaysOf } from './payloads.js';

/** What a backup holds, once its seal has been verified. */
export interface BackupContent {
  readonly path: string;
  readonly genesis: Genesis;
  /** The genesis file, as it was. */
  readonly genesisFile: Uint8Array;
  readonly checkpoint: Checkpoint;
  readonly chunks: number;
  readonly payloads: number;
  readonly keyFiles: readonly { readonly name: string; readonly content: Uint8Array }[];
  /** Of the whole file but its seal. */
  readonly digest: Uint8Array;
}

/** A node verifies what it restores by hashes; no proof is asked for. */
const NO_PROOFS: ProofVerifier = {
  verify: () => Promise.reject(new CountersealError('internal', 'restoring verifies no proofs')),
};

/**
 * Reads a backup from its beginning to its end and verifies its seal, and its checkpoint, with the operators' keys in
 * the genesis: `expected`, where there is one, else the file's own, which then says only what the file claims to be.
 * Throws `data_corrupted` for a file that was changed, `failed_precondition` for another network's.
 */
export async function inspectBackup(
  path: string,
  keyFileNames: readonly string[],
  expected?: Genesis,
  onProgress: (bytes: number) => void = () => undefined,
): Promise<BackupContent> {
  let genesisFile: Uint8Array | undefined;
  let genesis: Genesis | undefined;
  let note: string | undefined;
  let bytes = 0;
  const counts = { manifest: 0, chunk: 0, payload: 0 };
  const keyFiles: { name: string; content: Uint8Array }[] = [];
  for await (const part of readParts(path)) {
    bytes += part.bytes.length;
    onProgress(bytes);
    switch (part.kind) {
      case 'genesis':
        if (genesis) throw damaged(path, 'it has two geneses');
        genesisFile = part.bytes;
        genesis = readGenesis(part.bytes, path);
        if (expected && !equalBytes(genesisHash(genesis), genesisHash(expected)))
          throw new CountersealError(
            'failed_precondition',
            `the backup ${path} is of another network (${genesis.networkId}), not of ${expected.networkId}`,
          );
        break;
      case 'checkpoint':
        if (note !== undefined) throw damaged(path, 'it has two checkpoints');
        note = Buffer.from(part.bytes).toString('utf8');
        break;
      case 'key': {
        const [name, content] = readKeyPart(part.bytes, keyFileNames, path);
        keyFiles.push({ name, content });
        break;
      }
      case 'seal': {
        if (!genesis || !genesisFile || note === undefined || counts.manifest !== 1 || counts.chunk === 0)
          throw damaged(path, 'a part of it is missing');
        const height = verifySeal(genesis, part, path);
        const checkpoint = readCheckpoint(genesis, note, path);
        if (checkpoint.height !== height) throw damaged(path, 'its seal is of another block');
        const { chunk: chunks, payload: payloads } = counts;
        return {
          path,
          genesis,
          genesisFile,
          checkpoint,
          chunks,
          payloads,
          keyFiles,
          digest: part.digestBefore,
        };
      }
      default:
        counts[part.kind]++;
    }
  }
  throw damaged(path, 'its end is missing');
}

/**
 * Writes the ledger of an inspected backup into a new database folder. Everything is verified against the signed
 * checkpoint: the hashes of the chunks, the root of the state, that of the log, and each payload by its hash. Throws
 * `data_corrupted`; then what was written is no ledger yet, and a node will not open it as one.
 */
export async function restoreLedger(
  content: BackupContent,
  directory: string,
  onProgress: (done: { chunks: number; payloads: number }) => void = () => undefined,
): Promise<void> {
  const { path, genesis, checkpoint } = content;
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const store = await LevelStore.open(join(directory, 'ledger'));
  try {
    const machine = await StateMachine.open({ genesis, store, verifier: NO_PROOFS });
    const payloads = new Payloads(store);
    const done = { chunks: 0, payloads: 0 };
    let owed: Map<string, PayloadTerm[]> | undefined;
    for await (const part of readParts(path)) {
      if (part.kind === 'manifest') await offer(machine, content, part.bytes);
      if (part.kind === 'chunk') {
        await applyChunk(machine, part.bytes, done.chunks++, path);
        if (done.chunks === content.chunks) ensureAt(machine, checkpoint, path);
      }
      if (part.kind === 'payload') {
        owed ??= await termsOf(machine);
        const { bytes } = part;
        const hash = [sha256(bytes), messageBodyHash(bytes)].find((name) => owed!.has(base64(name)));
        if (!hash) throw damaged(path, 'it has a payload that no entry and no message names');
        const terms = owed.get(base64(hash))!;
        await store.write(payloads.keep(terms.map((term) => ({ hash, bytes, ...term }))));
        done.payloads++;
      }
      if (part.kind === 'seal' && !equalBytes(part.digestBefore, content.digest))
        throw damaged(path, 'it changed while it was read');
      onProgress(done);
    }
  } finally {
    await store.close();
  }
}

function readGenesis(bytes: Uint8Array, path: string): Genesis {
  try {
    return parseGenesis(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new CountersealError('data_corrupted', damaged(path, 'its genesis is malformed').message, {
      cause,
    });
  }
}

function readCheckpoint(genesis: Genesis, note: string, path: string): Checkpoint {
  try {
    return checkpointOf(genesis, note);
  } catch (cause) {
    throw new CountersealError('data_corrupted', damaged(path, 'its checkpoint is not signed').message, {
      cause,
    });
  }
}

async function offer(
  machine: StateMachine,
  { checkpoint, chunks, path }: BackupContent,
  metadata: Uint8Array,
): Promise<void> {
  const { stateRoot, size: logSize, root: logRoot, height } = checkpoint;
  const snapshot = { height, format: SNAPSHOT_FORMAT, chunks, hash: sha256(metadata), metadata };
  const answer = await machine.offerSnapshot(snapshot, appHash({ stateRoot, logSize, logRoot }));
  ensure(answer !== 'abort', 'already_exists', 'there is a ledger in this folder already');
  if (answer !== 'accept') throw damaged(path, 'what it holds is not what its checkpoint signs');
}

async function applyChunk(
  machine: StateMachine,
  chunk: Uint8Array,
  index: number,
  path: string,
): Promise<void> {
  const { result } = await machine.applySnapshotChunk({ index, chunk, sender: '' });
  if (result !== 'accept') throw damaged(path, `chunk ${index} is not what its checkpoint signs`);
}

function ensureAt(machine: StateMachine, { height, size, time }: Checkpoint, path: string): void {
  const info = machine.info();
  if (info.height !== height || info.logSize !== size || info.time !== time)
    throw damaged(path, 'it does not lead to the block of its checkpoint');
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** By the name of a payload, the terms of the entries or messages that came with it. */
async function termsOf({ reader, network }: StateMachine): Promise<Map<string, PayloadTerm[]>> {
  const terms = new Map<string, PayloadTerm[]>();
  const add = (name: Uint8Array, term: PayloadTerm) =>
    terms.set(base64(name), [...(terms.get(base64(name)) ?? []), term]);
  for (let sequence = 0; ; sequence++) {
    const entry = reader.entry(sequence as Sequence);
    if (!entry) break;
    const { purpose, registered } = entry.indexed;
    const { retainDays } = network.purposes.get(purpose)!;
    add(entry.payloadHash, { retainDays, time: unixMs(registered * DAY_MS) });
  }
  for await (const { body, time } of reader.messagesSince(unixMs(0)))
    add(body.bodyHash, { retainDays: retainDaysOf(network, body)!, time });
  return terms;
}
