// A process that grows a state, or measures one: started anew for each, so that its memory is that state's alone.
import { LevelStore } from '../engine/index.js';
import { findMatches } from '../ledger/index.js';
import { timed } from './clock.js';
import type { StateAnswer, StateTask } from './state-messages.js';
import { grow, scope, tagsOf, timeOf, type Grown } from './state-contents.js';

const FILL_BLOCK = 2000;
const BLOCK = 100;
const BLOCKS = 20;
const LOOKUPS = 4000;

const answer = (message: StateAnswer): void => void process.send!(message);

async function fill(store: LevelStore, { from, to }: StateTask): Promise<Grown> {
  let grown = from;
  while (grown.entries < to) {
    grown = await grow(store, grown, Math.min(FILL_BLOCK, to - grown.entries));
    answer({ entries: grown.entries });
  }
  return grown;
}

async function measure(store: LevelStore, { from }: StateTask): Promise<StateAnswer> {
  const rssOpen = process.memoryUsage.rss();
  // Half of them of entries that are there, half of none. Blocks of other entries warm up what is measured.
  const lookUp = () => {
    for (let i = 0; i < LOOKUPS; i++) {
      const n = Math.floor((from.entries * (i * 0.618033988749895)) % from.entries);
      findMatches(store, scope, tagsOf(i % 2 === 0 ? n : 10_000_000 + n), timeOf(from.entries));
    }
  };
  let grown = from;
  for (let i = 0; i < 5; i++) grown = await grow(store, grown, BLOCK);
  const lookup = await timed(lookUp);
  const apply = await timed(async () => {
    for (let i = 0; i < BLOCKS; i++) grown = await grow(store, grown, BLOCK);
  });
  return {
    grown,
    lookup: lookup.cpu / LOOKUPS,
    apply: apply.cpu / (BLOCK * BLOCKS),
    rss: Math.max(rssOpen, process.memoryUsage.rss()),
  };
}

process.on('message', (task: StateTask) => {
  void (async () => {
    const store = await LevelStore.open(task.directory);
    const result = task.measure ? await measure(store, task) : { grown: await fill(store, task) };
    await store.close();
    answer(result);
  })().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
process.on('disconnect', () => process.exit(0));
