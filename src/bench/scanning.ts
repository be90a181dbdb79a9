import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBook } from '../cli/documents/read-book.js';
import { initPoseidon } from '../crypto/index.js';
import { parseMapping, readCsv } from '../documents/index.js';
import { ensure } from '../errors.js';
import { timed } from './clock.js';
import type { Group } from './figure.js';

const ROWS = 100_000;
/** One row in so many is an earlier one again. */
const REPEAT = 50;

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

function table(): string {
  const row = (i: number): string => {
    const n = i % REPEAT === REPEAT - 1 ? i - 1 : i;
    const day = String(1 + (n % 28)).padStart(2, '0');
    return `S-${n};2026-03-${day};DE999999903;DE;EUR;${1000 + (n % 7919)}.${String(n % 100).padStart(2, '0')}\n`;
  };
  return (
    `${Object.keys(MAPPING.columns).join(';')}\n` + Array.from({ length: ROWS }, (_, i) => row(i)).join('')
  );
}

/** What `document scan` does with a table, but for its output. */
export const scanning: Group = {
  names: ['scan.rate'],
  async measure({ folder, progress }) {
    progress(`scanning ${ROWS} rows`);
    const path = join(folder, 'book.csv');
    await writeFile(path, table());
    const mapping = parseMapping(JSON.stringify(MAPPING));
    await initPoseidon();
    const scan = await timed(async () => {
      const { book, problems } = await readBook(path, mapping, () => undefined);
      const exact = book.duplicates().filter(({ match }) => match === 'exact');
      ensure(
        problems.length === 0 && exact.length === ROWS / REPEAT,
        'internal',
        'the scan did not find what is there',
      );
    });
    const plain = await timed(async () => {
      let rows = 0;
      for await (const item of (await readCsv(createReadStream(path), 'utf-8')).rows) if (item) rows++;
      ensure(rows === ROWS, 'internal', 'the table does not have its rows');
    });
    return [
      {
        name: 'scan.rate',
        value: (1000 * ROWS) / scan.wall,
        unit: 'rows/s',
        baseline: (1000 * ROWS) / plain.wall,
        against: 'reading the same CSV and nothing else',
        better: 'higher',
        notes: [
          `${ROWS} rows in ${(scan.wall / 1000).toFixed(1)} s, ${(scan.cpu / 1000).toFixed(1)} s of processor`,
        ],
      },
    ];
  },
};
