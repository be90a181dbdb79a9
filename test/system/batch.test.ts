import { existsSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finished } from '../../src/cli/processes.js';
import { example, jsonLines, runProgram, startProgram, TestNetwork, type Line } from './network.js';

const HEADER = 'number;issueDate;issuer.vat;issuer.country;currency;amount\n';
const MAPPING = {
  counterseal: 'mapping',
  version: 1,
  kind: 'invoice',
  columns: {
    number: 'number',
    issueDate: 'issueDate',
    'issuer.vat': 'issuer.vat',
    'issuer.country': 'issuer.country',
    currency: 'currency',
    amount: 'amount',
  },
  constants: {},
  dateFormat: 'YMD',
  decimalSeparator: '.',
  listSeparator: ';',
  encoding: 'utf-8',
};

let network: TestNetwork;
let mapping: string;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a', 'bank-b']);
  mapping = join(network.root, 'mapping.json');
  await writeFile(mapping, JSON.stringify(MAPPING));
});
afterAll(() => network.stop());

async function book(name: string, rows: number, extra = ''): Promise<string> {
  const path = join(network.root, name);
  const lines = Array.from(
    { length: rows },
    (_, i) =>
      `B-${1000 + i};2026-03-${String(1 + (i % 28)).padStart(2, '0')};DE999999903;DE;EUR;${500 + i}.25\n`,
  );
  await writeFile(path, HEADER + lines.join('') + extra);
  return path;
}

const args = (command: string, path: string, report: string, bank = 'bank-a') => [
  ...['document', command, path, '--purpose', 'finance', '--mapping', mapping, '--report', report],
  ...['--home', network.home(bank), '--passphrase-file', network.passphraseFile, '--json'],
];

async function reported(path: string): Promise<Line[]> {
  if (!existsSync(path)) return [];
  return (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** Runs a batch and kills it when its report has `lines` lines. */
async function killAfter(command: string[], report: string, lines: number): Promise<void> {
  const child = startProgram(command);
  const closed = once(child, 'close');
  while ((await reported(report)).length < lines && child.exitCode === null) await sleep(20);
  child.kill('SIGKILL');
  await closed;
}

/** Runs a batch to its end: again, where evaluators did not answer in time, as on a machine that is busy with more. */
async function toItsEnd(command: string[]): Promise<Finished> {
  for (let more = 3; ; more--) {
    const finished = await runProgram(command);
    const late = jsonLines(finished).some(
      ({ error }) => (error as Line | undefined)?.['code'] === 'unavailable',
    );
    if (!late || more === 0) return finished;
  }
}

describe('batches', () => {
  it('of checks go on after a kill -9, with one line for each row, and name the bad ones', async () => {
    const path = await book('check.csv', 150, 'B-1;03/04/2026;DE999999903;DE;EUR;1.00\n');
    const report = join(network.root, 'check.jsonl');
    await killAfter(args('check', path, report), report, 33);
    const before = await reported(report);
    expect(before.length).toBeGreaterThanOrEqual(33);
    expect(before.length).toBeLessThan(151);

    const again = await toItsEnd(args('check', path, report));
    expect(again.status).toBe(1);
    expect(jsonLines(again).filter(({ error }) => error !== undefined)).toMatchObject([
      { row: 152, error: { code: 'invalid_document', field: 'issueDate' } },
    ]);
    // The first 32 rows were done; the bad one is reported again.
    expect(jsonLines(again).length).toBeLessThanOrEqual(151 - 32);
    const lines = (await reported(report)).filter(({ error }) => error === undefined);
    expect(lines.map(({ row }) => row).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 150 }, (_, i) => i + 2),
    );
    expect(new Set(lines.map(({ verdict }) => verdict))).toEqual(new Set(['unique']));
  });

  it('of registrations put each document on the ledger once, however they are interrupted', async () => {
    const path = await book('register.csv', 3, 'B 1000;2026-03-01;DE999999903;DE;EUR;500.250\n');
    const report = join(network.root, 'register.jsonl');
    await killAfter(args('register', path, report), report, 1);
    const again = await runProgram(args('register', path, report));
    expect(again.status).toBe(0);
    const lines = await reported(report);
    expect(lines.map(({ row, verdict }) => [row, verdict])).toEqual(
      [2, 3, 4, 5].map((row) => [row, 'unique']),
    );
    const entries = lines.map(({ entry }) => entry as number);
    // Several at once: in whichever order they came. The last is the same invoice as the first, written otherwise.
    expect(entries.slice(0, 3).sort()).toEqual([0, 1, 2]);
    expect(entries[3]).toBe(entries[0]);
    const other = join(network.root, 'other.jsonl');
    expect((await runProgram(args('register', path, other))).status).toBe(0);
    const own = await network.agent('bank-a');
    expect(await own.entries()).toHaveLength(3);
    own.close();

    const checked = await runProgram([
      ...args('check', path, join(network.root, 'b.jsonl'), 'bank-b'),
      '--fail-on-match',
    ]);
    expect(checked.status).toBe(3);
    expect(jsonLines(checked).map(({ verdict, matches }) => [verdict, matches])).toEqual(
      entries.map((entry) => ['duplicate', [entry]]),
    );
  });

  it('refuse a report that is not theirs', async () => {
    const path = await book('small.csv', 1);
    const report = join(network.root, 'foreign.jsonl');
    await writeFile(report, 'not a report\n{}\n');
    const run = await runProgram(args('check', path, report));
    expect(run.status).toBe(1);
    expect(jsonLines(run)[0]).toMatchObject({ error: { code: 'invalid_argument' } });
    expect(await readFile(report, 'utf8')).toBe('not a report\n{}\n');
  });

  it('refuse a document that no entry can hold, before anything is asked, and go on', async () => {
    const folder = join(network.root, 'large');
    await mkdir(folder);
    const quotes = '"'.repeat(230);
    const party = (name: string) => ({ name: `${name} ${quotes}`, country: 'DE' });
    const numbers = Array.from({ length: 64 }, (_, i) => String(i).padStart(3, '0'));
    await writeFile(
      join(folder, 'a-large.json'),
      JSON.stringify({
        counterseal: 1,
        kind: 'invoice',
        number: 'LARGE-1',
        issueDate: '2026-03-18',
        issuer: party('SELLER'),
        counterparty: party('BUYER'),
        currency: 'EUR',
        amount: '22610.00',
        references: numbers.map((n) => ({ kind: 'invoice', number: n + '9'.repeat(30), issuer: 'issuer' })),
        lines: numbers.map((n) => ({ name: n + quotes, quantity: '1', amount: '1.00' })),
        objects: numbers.map((n) => ({ type: 'lot', id: n + 'A'.repeat(30) })),
      }),
    );
    await copyFile(example('invoice-b.ubl.xml'), join(folder, 'b.xml'));
    const run = await runProgram([
      ...['document', 'register', folder, '--purpose', 'finance'],
      ...['--home', network.home('bank-b'), '--passphrase-file', network.passphraseFile, '--json'],
    ]);
    expect(run.status).toBe(1);
    expect(jsonLines(run)).toMatchObject([
      { source: 'a-large.json', error: { code: 'invalid_document', field: 'lines' } },
      { source: 'b.xml', verdict: 'unique' },
    ]);
  });
});
