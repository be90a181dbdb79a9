import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LevelStore } from '../../src/engine/index.js';
import {
  auditStore,
  checkpointOf,
  decodeRecord,
  leafHash,
  type LogIndex,
  networkOf,
  parseGenesis,
  sha256,
  StateMachine,
  verifyInclusion,
} from '../../src/ledger/index.js';
import { Author, genesisInput, hashProofVerifier, payloadFor, seedOf, START } from '../ledger/helpers.js';
import { Directories, openEngine } from './helpers.js';

const childFile = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
const KILLS = 10;
const NEW_PER_RUN = 30;

const directories = new Directories();
afterAll(() => directories.remove());

/** The child runs what is built; where nothing is, it is built first. */
beforeAll(() => {
  if (!existsSync(new URL('../../dist/engine/index.js', import.meta.url)))
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repository });
});

const genesisJson = genesisInput('crash-net');
const genesis = parseGenesis(genesisJson);

function start(directory: string): {
  child: ChildProcessWithoutNullStreams;
  lines: AsyncIterableIterator<string>;
} {
  const argument = {
    directory,
    genesis: genesisJson,
    seed: Buffer.from(seedOf('operator')).toString('hex'),
    now: START,
  };
  const child = spawn(process.execPath, [childFile, JSON.stringify(argument)]);
  // The child dies while it is written to: that is the test.
  child.stdin.on('error', () => undefined);
  child.stderr.pipe(process.stderr);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

describe('kill -9 under load', () => {
  it('loses nothing that was acknowledged, and answers a resubmission as it did at first', async () => {
    const directory = directories.fresh();
    const author = new Author(await networkOf(genesis));
    const transactions = Array.from({ length: KILLS * NEW_PER_RUN }, (_, i) =>
      author.register(`doc ${i % 40}`, { control: `c${i}` }),
    );
    const payloads = transactions.map((tx) => payloadFor(tx)!);
    const acknowledged = new Map<number, number>();
    const upTo = (count: number): string =>
      transactions
        .slice(0, count)
        .map(
          (tx, i) => `${i} ${Buffer.from(tx).toString('hex')} ${Buffer.from(payloads[i]!).toString('hex')}\n`,
        )
        .join('');

    for (let run = 0; run < KILLS; run++) {
      const { child, lines } = start(directory);
      expect((await lines.next()).value).toBe('open');
      // Everything again, and some more: what was acknowledged before must get the same index.
      child.stdin.write(upTo((run + 1) * NEW_PER_RUN));
      const before = acknowledged.size;
      let answers = 0;
      for await (const line of lines) {
        const [index, position, name] = line.split(' ');
        expect(name).toBeUndefined();
        const known = acknowledged.get(Number(index));
        if (known !== undefined) expect(Number(position)).toBe(known);
        acknowledged.set(Number(index), Number(position));
        // At another moment of the load in every run: at a block's end, or in the middle of the next.
        if (++answers >= before + 1 + run * 2) child.kill('SIGKILL');
      }
      expect(acknowledged.size).toBeGreaterThan(before);
    }

    const engine = await openEngine(directory, {
      genesis,
      verifier: { verify: () => Promise.resolve(true) },
    });
    const checkpoint = checkpointOf(genesis, engine.checkpoint());
    const included = new Set<string>();
    for await (const { records } of engine.records(0 as LogIndex))
      for (const leaf of records) {
        const { txHash, index } = decodeRecord(leaf);
        const proof = engine.reader.inclusionProof(index, checkpoint.size);
        expect(verifyInclusion(leafHash(leaf), index, checkpoint.size, proof, checkpoint.root)).toBe(true);
        included.add(Buffer.from(txHash).toString('hex'));
      }
    expect(included.size).toBe(checkpoint.size);
    for (const [i, position] of acknowledged) {
      const again = await engine.submit(transactions[i]!, payloads[i]);
      expect(again).toMatchObject({ included: true, index: position });
      expect(engine.payload(sha256(payloads[i]!))).toEqual(payloads[i]);
    }
    expect(engine.reader.meta().logSize).toBe(checkpoint.size);
    await engine.close();

    const store = await LevelStore.open(`${directory}/ledger`);
    const machine = await StateMachine.open({ genesis, store, verifier: hashProofVerifier });
    await auditStore(store, machine.reader.meta());
    await store.close();
  }, 180_000);
});
