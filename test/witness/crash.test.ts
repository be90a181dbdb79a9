import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LevelStore } from '../../src/engine/index.js';
import { Witness } from '../../src/witness/index.js';
import { Directories, openEngine, operatorOf, submitDocument } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { Author, seedOf, testGenesis } from '../ledger/helpers.js';
import { signerOf } from '../receipts/helpers.js';

const childFile = fileURLToPath(new URL('./crash-child.mjs', import.meta.url));
const repository = fileURLToPath(new URL('../../', import.meta.url));
const KILLS = 6;
const SIZE = 60;

const directories = new Directories();
afterAll(() => directories.remove());

/** The child runs what is built; where nothing is, it is built first. */
beforeAll(() => {
  if (!existsSync(new URL('../../dist/witness/index.js', import.meta.url)))
    execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: repository });
});

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

it('a witness that is killed never cosigns less than, or anything beside, what it cosigned before', async () => {
  const author = await Author.of(testGenesis());
  const [engine, fork] = await Promise.all([
    openEngine(directories.fresh()),
    openEngine(directories.fresh()),
  ]);
  /** notes[n] is the checkpoint of n records. */
  const notes = [''];
  const forked = [''];
  for (let i = 1; i <= SIZE; i++) {
    await submitDocument(engine, author.register(`d${i}`, { control: `d${i}` }));
    await submitDocument(fork, author.register(`f${i}`, { control: `f${i}` }));
    notes.push(engine.checkpoint());
    forked.push(fork.checkpoint());
  }
  const directory = directories.fresh();
  const argument = {
    ...{ directory, origin: 'test-net', seed: hex(seedOf('witness one')) },
    operator: hex(operatorOf('test-net').publicKey),
  };
  let cosigned = 0;
  for (let run = 0; run < KILLS; run++) {
    const child = spawn(process.execPath, [childFile, JSON.stringify(argument)]);
    // The child dies while it is written to: that is the test.
    child.stdin.on('error', () => undefined);
    child.stderr.pipe(process.stderr);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toBe('open');
    // It may have cosigned one more than it could say: from there on, one by one. What went before is refused.
    for (let size = cosigned; size < SIZE; size++) {
      const proof = size === 0 ? [] : engine.reader.consistencyProof(size, size + 1);
      const encoded = proof.map((hash) => Buffer.from(hash).toString('base64'));
      child.stdin.write(
        `${JSON.stringify({ oldSize: size, proof: encoded, checkpoint: notes[size + 1] })}\n`,
      );
    }
    let answers = 0;
    for await (const line of lines) {
      if (line.startsWith('refused')) {
        expect(line).toBe('refused failed_precondition');
      } else {
        expect(Number(line)).toBeGreaterThan(cosigned);
        cosigned = Number(line);
      }
      if (++answers >= 3 + run) child.kill('SIGKILL');
    }
    expect(cosigned).toBeGreaterThan(run);
  }

  const store = await LevelStore.open(directory);
  const witness = new Witness(store, signerOf('witness one', 'witness.example/w1'), [
    { origin: 'test-net', keys: [operatorOf('test-net').publicKey] },
  ]);
  const size = witness.size('test-net');
  expect(size).toBeGreaterThanOrEqual(cosigned);
  expect(witness.last('test-net')!.startsWith(notes[size]!)).toBe(true);
  const attempt = (oldSize: number, checkpoint: string) =>
    witness.add({ oldSize, proof: [], checkpoint }).catch((error: unknown) => error);
  expect(await attempt(size, forked[size]!)).toMatchObject(code('failed_precondition'));
  for (let before = 1; before < size; before++) {
    expect(await attempt(before - 1, notes[before]!)).toMatchObject(code('failed_precondition'));
    expect(await attempt(before - 1, forked[before]!)).toMatchObject(code('failed_precondition'));
  }
  await Promise.all([store.close(), engine.close(), fork.close()]);
}, 120_000);
