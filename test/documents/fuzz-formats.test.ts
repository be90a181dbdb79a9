import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  cellText,
  oedReader,
  parseMapping,
  readCsv,
  readXlsx,
  rowReader,
  type Table,
  unwrapDocument,
} from '../../src/documents/index.js';
import { identifyLine } from '../../src/documents/index.js';
import { CountersealError, ERROR_CODES } from '../../src/errors.js';
import { pdf, xlsx } from './files.js';
import { heapUsed } from '../fuzz/heap.js';
import { cii, utf8 } from './helpers.js';

/** How many times as many: COUNTERSEAL_FUZZ=50 makes it 10,000 of the rarest format, and takes half an hour. */
const DEPTH = Number(process.env['COUNTERSEAL_FUZZ'] ?? 1);

const example = (name: string): string =>
  readFileSync(new URL(`../../examples/documents/${name}`, import.meta.url), 'utf8');

/** Strings and values that have broken parsers. */
const SCALARS = [
  ...[
    '',
    ' ',
    '\u0000',
    '\u200B',
    '\uFEFF',
    '\uD800',
    '\u{1F600}',
    '٣',
    'É',
    'Ω',
    '-',
    '=1',
    '\n',
    '|',
    '__proto__',
  ],
  ...[
    '2025-02-30',
    '0000-00-00',
    '99999-01-01',
    '1e9',
    '1E400',
    'NaN',
    'Infinity',
    '0x10',
    '1,5',
    '-1',
    '9'.repeat(70),
  ],
  ...['EUR', 'xxx', 'CSQU3054384', 'KGM', 'TNE', 'constructor', 'toString', 'x'.repeat(5000)],
];
const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...SCALARS,
    null,
    true,
    0,
    -1,
    1.5,
    1e21,
    1e-7,
    2 ** 64,
    [],
    {},
    [[]],
    { _: 1 },
    [{}],
    ['x', 'y'],
  ),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.jsonValue({ maxDepth: 2 }),
);
// Not fc.double: it draws from all doubles alike, nearly all of which are close to 0.
const at = fc.nat(999_999).map((millionth) => millionth / 1_000_000);
const pick = <T>(from: readonly T[], where: number): T | undefined =>
  from[Math.floor(where * from.length * 0.999999)];

/** Every place in a JSON value: its parent and key. */
function places(json: unknown, found: [object, string][] = []): [object, string][] {
  if (typeof json !== 'object' || json === null) return found;
  for (const key of Object.keys(json)) {
    found.push([json, key]);
    places((json as Record<string, unknown>)[key], found);
  }
  return found;
}

const jsonMutation = fc.tuple(at, value, fc.constantFrom('set', 'delete', 'list', 'rename'));
function mutateJson(text: string, mutations: readonly (readonly [number, unknown, string])[]): string {
  const json = JSON.parse(text) as unknown;
  for (const [where, replacement, how] of mutations) {
    const place = pick(places(json), where);
    if (place === undefined) continue;
    const [parent, key] = place as [Record<string, unknown>, string];
    if (how === 'delete') delete parent[key];
    else if (how === 'list') parent[key] = [parent[key], structuredClone(parent[key])];
    else if (how === 'rename') parent[`${key}x`] = parent[key];
    else
      Object.defineProperty(parent, key, {
        value: replacement,
        enumerable: true,
        writable: true,
        configurable: true,
      });
  }
  return JSON.stringify(json);
}

const textMutation = fc.tuple(at, fc.nat(40), fc.oneof(fc.constantFrom(...SCALARS), fc.constant('')));
function mutateText(text: string, mutations: readonly (readonly [number, number, string])[]): string {
  return mutations.reduce((current, [where, length, insert]) => {
    const from = Math.floor(where * current.length);
    return current.slice(0, from) + insert + current.slice(from + length);
  }, text);
}
/** The text between two tags, replaced. */
function mutateXmlText(text: string, mutations: readonly (readonly [number, number, string])[]): string {
  return mutations.reduce((current, [where, , insert]) => {
    const gaps = [...current.matchAll(/>([^<>]+)</g)].filter(([, inner = '']) => inner.trim() !== '');
    const gap = pick(gaps, where);
    if (gap === undefined) return current;
    return `${current.slice(0, gap.index + 1)}${insert.replace(/[<&]/g, '')}${current.slice(gap.index + gap[0].length - 1)}`;
  }, text);
}

function assertCoded(error: unknown): void {
  expect(error).toBeInstanceOf(CountersealError);
  const { code, message } = error as CountersealError;
  expect(Object.keys(ERROR_CODES)).toContain(code);
  expect(code).not.toBe('internal');
  expect(message.length).toBeLessThan(1200);
}

function outcome(text: string): 'read' | 'refused' {
  const line = identifyLine('f', utf8(text));
  if (!('error' in line)) {
    expect(line.exact.length).toBeGreaterThan(0);
    for (const part of [...line.exact, ...line.near, ...line.possession]) expect(part).not.toBe('');
    return 'read';
  }
  expect(line.error.code).not.toBe('internal');
  expect(line.error.message.length).toBeLessThan(1200);
  return 'refused';
}

describe('mutated documents of every format are read or refused with a code', () => {
  const JSON_FILES = [
    'invoice-a.ubl.json',
    'invoice-a.gobl.json',
    'order.gobl.json',
    'bill-of-lading.dcsa.json',
    'policy.open-insurance.json',
    'claim.open-insurance.json',
    'invoice-a.counterseal.json',
    'bill-of-lading.openattestation.json',
    'invoice-a.traceability.json',
    'letter-of-credit.ktdde.json',
  ];
  // One parser reads them all: the later ones test what is made of its values.
  const runs = (name: string): number => (JSON_FILES.indexOf(name) < 7 ? 2000 : 1000) * DEPTH;
  it.each(JSON_FILES)('%s', (name) => {
    const base = example(name);
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(jsonMutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        seen[outcome(mutateJson(base, mutations))] += 1;
      }),
      { numRuns: runs(name) },
    );
    fc.assert(
      fc.property(fc.array(textMutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        seen[outcome(mutateText(base, mutations))] += 1;
      }),
      { numRuns: runs(name) / 2 },
    );
    // Both happen: otherwise the mutations would be too gentle or too rough to test anything.
    expect(seen.read).toBeGreaterThan(name === 'invoice-a.counterseal.json' ? 5 : 50);
    expect(seen.refused).toBeGreaterThan(50);
  });

  const XML_FILES = [
    'bill-of-lading.ubl.xml',
    'packing-list.ubl.xml',
    'export-declaration.wco.xml',
    'entry-summary.ics.xml',
  ];
  it.each(XML_FILES)('%s', (name) => {
    const base = example(name);
    const seen = { read: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.array(textMutation, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        (mutations, inside) => {
          seen[outcome((inside ? mutateXmlText : mutateText)(base, mutations))] += 1;
        },
      ),
      { numRuns: 3000 * DEPTH },
    );
    expect(seen.read).toBeGreaterThan(50);
    expect(seen.refused).toBeGreaterThan(50);
  });
});

it('mutated SWIFT messages are read or refused with a code', () => {
  const base = example('letter-of-credit.swift.txt');
  const seen = { read: 0, refused: 0 };
  const pieces = fc.constantFrom(...SCALARS, ':20:', '\n:32B:', '\n-}', '{1:', '}', '\r\n', '$', 'EUR1,');
  fc.assert(
    fc.property(fc.array(fc.tuple(at, fc.nat(12), pieces), { minLength: 1, maxLength: 3 }), (mutations) => {
      seen[outcome(mutateText(base, mutations))] += 1;
    }),
    { numRuns: 3000 * DEPTH },
  );
  expect(seen.read).toBeGreaterThan(50);
  expect(seen.refused).toBeGreaterThan(50);
});

describe('mutated tables and PDFs are read or refused with a code', () => {
  const mapping = parseMapping(example('invoices.mapping.json'));
  async function readAll(
    open: () => Promise<Table>,
    readerOf: typeof oedReader = (headers) => rowReader(mapping, headers),
  ): Promise<number> {
    let read = 0;
    try {
      const table = await open();
      const reader = readerOf(table.headers);
      if (reader === undefined) return 0;
      for await (const row of table.rows) {
        if ('problem' in row) {
          assertCoded(row.problem);
          continue;
        }
        row.cells.forEach(cellText);
        try {
          reader(row.cells);
          read += 1;
        } catch (error) {
          assertCoded(error);
        }
      }
    } catch (error) {
      assertCoded(error);
    }
    return read;
  }
  async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
  }
  const flips = fc.array(fc.tuple(at, fc.nat(255)), { minLength: 1, maxLength: 8 });
  const flipped = (source: Uint8Array, changes: readonly (readonly [number, number])[]): Uint8Array => {
    const bytes = Uint8Array.from(source);
    for (const [where, byte] of changes) bytes[Math.floor(where * (bytes.length - 1))] = byte;
    return bytes;
  };

  it('CSV', async () => {
    const base = example('invoices.csv');
    const csvMutation = fc.tuple(at, fc.nat(5), fc.constantFrom('"', ';', '\n', '\r', ',', '\t', ...SCALARS));
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(csvMutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        read += await readAll(() => readCsv(whole(utf8(mutateText(base, mutations)))));
      }),
      { numRuns: 2000 * DEPTH },
    );
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        read += await readAll(() => readCsv(whole(flipped(utf8(base), changes))));
      }),
      { numRuns: 500 * DEPTH },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('CSV of exposures', async () => {
    const base = example('policies.oed.csv');
    const csvMutation = fc.tuple(at, fc.nat(5), fc.constantFrom('"', ',', '\n', '0', ...SCALARS));
    const open = (text: string): Promise<Table> => readCsv(whole(utf8(text)));
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(csvMutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
        read += await readAll(() => open(mutateText(base, mutations)), oedReader);
      }),
      { numRuns: 1000 * DEPTH },
    );
    expect(read).toBeGreaterThan(500);
  });

  it('XLSX', async () => {
    const rows = example('invoices.csv')
      .trim()
      .split('\n')
      .map((line) => line.split(';').slice(0, 9));
    const base = xlsx(rows);
    expect(await readAll(() => readXlsx(base))).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        await readAll(() => readXlsx(flipped(base, changes)));
      }),
      { numRuns: 500 * DEPTH },
    );
  });

  it('PDF', async () => {
    const base = pdf([['factur-x.xml', utf8(cii())]]);
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        try {
          outcome(new TextDecoder().decode(await unwrapDocument(flipped(base, changes))));
        } catch (error) {
          assertCoded(error);
        }
      }),
      { numRuns: 200 * DEPTH },
    );
  });
});

it('nothing of ten thousand documents is held', async () => {
  const bases = [
    'invoice-a.gobl.json',
    'bill-of-lading.dcsa.json',
    'bill-of-lading.ubl.xml',
    'entry-summary.ics.xml',
  ];
  const texts = bases.map(example);
  const read = (count: number) => {
    fc.assert(
      fc.property(fc.nat(3), fc.array(textMutation, { minLength: 1, maxLength: 3 }), (which, mutations) => {
        outcome(mutateText(texts[which]!, mutations));
      }),
      { numRuns: count },
    );
  };
  read(500);
  const before = await heapUsed();
  read(10_000);
  // A leak of 400 bytes in each would be seen.
  expect((await heapUsed()) - before).toBeLessThan(4_000_000);
});
