import { fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CountersealError } from '../errors.js';
import type { Figure, Group } from './figure.js';
import type { Grown } from './state-contents.js';
import type { StateAnswer, StateTask } from './state-messages.js';

const CHILD = fileURLToPath(new URL('./state-child.js', import.meta.url));
const SIZES = [
  { label: '1e4', entries: 10_000, large: false },
  { label: '1e5', entries: 100_000, large: false },
  { label: '1e6', entries: 1_000_000, large: true },
] as const;

type Result = Exclude<StateAnswer, { readonly entries: number }>;

/** Runs a task in a process of its own. Throws `internal` if that fails. */
function run(task: StateTask, progress: (entries: number) => void): Promise<Result> {
  const child = fork(CHILD, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  return new Promise<Result>((resolve, reject) => {
    child.on('message', (answer: StateAnswer) => {
      if ('entries' in answer) return progress(answer.entries);
      resolve(answer);
      child.disconnect();
    });
    child.on('exit', (code) =>
      reject(new CountersealError('internal', `the process that holds the state ended with ${code}`)),
    );
    child.send(task);
  });
}

/** Lookups, blocks and memory with more and more entries: none of them should grow as the ledger does. */
export const state: Group = {
  names: [...SIZES.flatMap(({ label }) => [`state.lookup.${label}`, `state.apply.${label}`]), 'state.memory'],
  async measure({ folder, large, progress }) {
    const directory = join(folder, 'state');
    let grown: Grown = { entries: 0, version: undefined };
    const measured: { label: string; lookup: number; apply: number; rss: number }[] = [];
    for (const size of SIZES.filter((candidate) => large || !candidate.large)) {
      const say = (entries: number) => progress(`growing a state: ${entries} of ${size.entries} entries`);
      say(grown.entries);
      ({ grown } = await run({ directory, from: grown, to: size.entries, measure: false }, say));
      progress(`measuring a state of ${size.entries} entries`);
      const result = await run({ directory, from: grown, to: size.entries, measure: true }, () => undefined);
      if (!('rss' in result)) throw new CountersealError('internal', 'the state was not measured');
      grown = result.grown;
      measured.push({ label: size.label, lookup: result.lookup, apply: result.apply, rss: result.rss });
    }
    const first = measured[0]!;
    const against = 'the same with 10,000 entries';
    const figures = measured.flatMap(({ label, lookup, apply }): Figure[] => [
      {
        ...{ name: `state.lookup.${label}`, value: lookup, unit: 'ms', baseline: first.lookup, against },
        better: 'lower',
        notes: ['of processor for the verdict on two tags, half of them unknown'],
      },
      {
        ...{ name: `state.apply.${label}`, value: apply, unit: 'ms', baseline: first.apply, against },
        better: 'lower',
        notes: ['of processor an entry in blocks of 100: index, state tree, durable batch'],
      },
    ]);
    const { rss } = measured.find(({ label }) => label === '1e5')!;
    figures.push({
      ...{ name: 'state.memory', value: rss / 2 ** 20, unit: 'MiB', baseline: first.rss / 2 ** 20, against },
      better: 'lower',
      notes: ['resident in a process with a state of 100,000 entries, after lookups and blocks'],
    });
    return figures;
  },
};
