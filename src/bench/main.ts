#!/usr/bin/env node
// `npm run bench`: measures what the README promises, each figure beside a baseline of the same run.
import { Command } from 'commander';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { action, print, printJson, table } from '../cli/output.js';
import { ensure } from '../errors.js';
import { checking } from './checking.js';
import { entries } from './entries.js';
import { evaluating } from './evaluating.js';
import { ratioOf, rounded, type Context, type Figure, type Group } from './figure.js';
import { serving } from './gateway.js';
import { describeMachine, machineLine } from './machine.js';
import { plot } from './plot.js';
import { constraints, proving } from './proving.js';
import { scanning } from './scanning.js';
import { shipments } from './shipments.js';
import { state } from './state.js';
import { statements } from './statements.js';
import { verifying } from './verifying.js';
import { watching } from './watching.js';

const GROUPS: readonly Group[] = [
  ...[constraints, scanning, evaluating, checking, serving, watching, state],
  ...[proving, statements, shipments, verifying, entries],
];
const NAMES = GROUPS.flatMap(({ names }) => names);
const CACHE = fileURLToPath(new URL('../../.cache/bench/', import.meta.url));

interface Options {
  json?: boolean;
  only?: string[];
  large?: boolean;
  plot?: string;
}

const round = (x: number | null): number | null => (x === null ? null : rounded(x));

async function bench({ json = false, only, large = false, plot: svg }: Options): Promise<void> {
  const wants = (name: string): boolean =>
    only === undefined || only.some((wanted) => name === wanted || name.startsWith(`${wanted}.`));
  for (const wanted of only ?? [])
    ensure(
      NAMES.some((name) => name === wanted || name.startsWith(`${wanted}.`)),
      'invalid_argument',
      `there is no figure ${wanted}; there are ${NAMES.join(', ')}`,
    );
  ensure(
    large || !only?.some((wanted) => wanted.endsWith('.1e6')),
    'invalid_argument',
    'a state of a million entries takes --large',
  );
  ensure(
    process.env['COUNTERSEAL_RAPIDSNARK'] || !only?.includes('register.prove.rapidsnark'),
    'invalid_argument',
    "register.prove.rapidsnark needs COUNTERSEAL_RAPIDSNARK: the path of rapidsnark's prover",
  );
  const machine = describeMachine();
  const folder = await mkdtemp(join(tmpdir(), 'counterseal-bench-'));
  const progress = (message: string): void => void process.stderr.write(`${message} ...\n`);
  const figures: Figure[] = [];
  try {
    for (const [i, group] of GROUPS.entries()) {
      if (!group.names.some(wants)) continue;
      const context: Context = { large, wants, folder: join(folder, String(i)), cache: CACHE, progress };
      await mkdir(context.folder);
      figures.push(...(await group.measure(context)).filter(({ name }) => wants(name)));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  if (svg !== undefined) await writeFile(svg, plot(figures, machine));
  if (json) {
    const rows = figures.map((figure) => ({
      name: figure.name,
      value: rounded(figure.value),
      unit: figure.unit,
      baseline: round(figure.baseline),
      ratio: round(ratioOf(figure)),
    }));
    const notes = Object.fromEntries(
      figures.map(({ name, against, notes = [] }) => [name, [`baseline: ${against}`, ...notes]]),
    );
    printJson({ figures: rows, machine, notes });
    return;
  }
  const text = (x: number | null): string => (x === null ? '-' : rounded(x).toLocaleString('en-US'));
  print(
    machineLine(machine),
    '',
    ...table([
      ['figure', 'value', 'unit', 'baseline', 'ratio', 'the baseline is'],
      ...figures.map((figure) => [
        ...[figure.name, text(figure.value), figure.unit, text(figure.baseline)],
        ...[text(ratioOf(figure)), figure.against],
      ]),
    ]),
    '',
    ...figures.flatMap(({ name, notes = [] }) => notes.map((note) => `${name}: ${note}`)),
  );
}

await new Command('npm run bench --')
  .description(
    'Measure, each figure beside a baseline measured in the same run: ratio is value by baseline.\n' +
      'The first run makes proofs for verify.batch64 and ledger.entries, which takes minutes, and keeps them in .cache/bench.',
  )
  .option('--json', 'print one JSON object; progress goes to standard error')
  .option('--only <name...>', `figures, or what their names begin with: ${NAMES.join(', ')}`)
  .option('--large', 'also a state of a million entries: many minutes, and some gigabytes of disk')
  .option('--plot <file>', 'also write an SVG of the figures beside their baselines')
  .addHelpText(
    'after',
    '\nExamples:\n  npm run bench\n  npm run bench -- --only verify.batch64 --only ledger.entries\n  npm run --silent bench -- --json > figures.json',
  )
  .action(action(bench))
  .parseAsync();
