import { afterAll, expect, it } from 'vitest';
import { Agent } from '../../src/agent/index.js';
import { decodeRecord, type LogIndex } from '../../src/ledger/index.js';
import { Directories } from '../engine/helpers.js';
import { plainVaultKey } from '../helpers/plain-vault-key.mjs';
import { exampleDocument } from './network.js';
import { chooseSeed, seeded, Waiting } from './killing.js';
import { surroundings } from './surroundings.js';

const NETWORK = 'kill-agent';
const KILLS = 50;
const PER_RUN = 2;
/** Between a document that is done, or the beginning, and the kill: about as long as a registration takes. */
const LATEST_KILL_MS = 250;

const directories = new Directories();
const atEnd: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of atEnd.reverse()) await end();
  directories.remove();
});
it(`an agent that is killed ${KILLS} times loses no entry, doubles none, and goes on with what waits`, async () => {
  const random = seeded(chooseSeed('kill-agent'));
  const below = (n: number) => Math.floor(random() * n);
  const { folder, engine } = await surroundings(NETWORK, directories, atEnd);
  const { kind, strings } = exampleDocument('invoice-a.ubl.xml');
  const acknowledged = new Map<number, number>();
  let from = 0;

  const waiting = () => new Waiting('agent', [folder]);
  let next = waiting();
  for (let run = 0; run < KILLS; run++) {
    const child = next;
    next = waiting();
    // The first is the one that the last process was at when it died, or the next one where it was done with all.
    const numbers = Array.from({ length: PER_RUN }, (_, i) => from + i);
    const lines = await child.begin({ numbers, kind, strings });
    expect((await lines.next()).value).toBe('ready');
    const wanted = below(PER_RUN);
    const read = (async () => {
      let done = 0;
      for (let line = await lines.next(); !line.done; line = await lines.next()) {
        const [word, number, sequence] = line.value.split(' ');
        if (word !== 'done') continue;
        expect(acknowledged.get(Number(number))).toBeUndefined();
        acknowledged.set(Number(number), Number(sequence));
        from = Number(number) + 1;
        if (++done === wanted) setTimeout(() => void child.kill(), below(LATEST_KILL_MS));
      }
    })();
    if (wanted === 0) setTimeout(() => void child.kill(), below(LATEST_KILL_MS));
    await read;
    await child.closed;
  }
  await next.kill();

  const agent = await Agent.open(folder, plainVaultKey);
  atEnd.push(() => agent.close());
  await agent.resume();
  const own = await agent.entries();
  expect(own.filter(({ state }) => state !== 'registered')).toEqual([]);
  const records: ReturnType<typeof decodeRecord>[] = [];
  for await (const batch of engine.records(0 as LogIndex)) records.push(...batch.records.map(decodeRecord));
  const registered = records.flatMap(({ body }) => (body.type === 'register' ? [body] : []));
  // Every entry of the log is the member's, once; and every document is there once.
  expect(registered).toHaveLength(records.length);
  expect(own.map(({ entry }) => entry.sequence).sort((a, b) => a! - b!)).toEqual(registered.map((_, i) => i));
  expect(new Set(registered.map(({ nullifier }) => nullifier)).size).toBe(registered.length);
  expect(new Set(registered.map(({ tags }) => tags[0])).size).toBe(registered.length);
  const bySequence = new Map(own.map(({ entry }) => [entry.sequence, entry.document]));
  expect(acknowledged.size).toBeGreaterThan(KILLS / 4);
  for (const [number, sequence] of acknowledged)
    expect(bySequence.get(sequence)).toContain(`2026|${number}"`);
  // Processes died with something under way: otherwise this would test nothing.
  expect(registered.length).toBeGreaterThanOrEqual(acknowledged.size);
}, 900_000);
