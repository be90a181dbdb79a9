import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent, DrawResult } from '../../src/agent/index.js';
import {
  canonicalDocument,
  formatPercent,
  formatSlotValue,
  parseSlotValue,
  readDocument,
  type CanonicalDocument,
} from '../../src/documents/index.js';
import { CountersealError } from '../../src/errors.js';
import { decodeRecord, type LogIndex } from '../../src/ledger/index.js';
import { slotValue } from '../../src/proofs/index.js';
import { code } from '../helpers/vectors.js';
import { AgentNetwork, witnessProver } from './network-fixture.js';

const example = (name: string): CanonicalDocument =>
  readDocument(readFileSync(new URL(`../../examples/documents/${name}`, import.meta.url))).document;
const INVOICE = example('invoice-a.ubl.xml');
const STATED = BigInt(INVOICE.strings.amount as string);
const percent = (n: bigint) => slotValue((STATED * n) / 100n);

let network: AgentNetwork;
const banks: Record<string, Agent> = {};
const prover = witnessProver();
const entries: Record<string, number> = {};

beforeAll(async () => {
  network = await AgentNetwork.start('draws', ['a', 'b', 'c', 'forger']);
  for (const name of ['a', 'b', 'c', 'forger']) banks[name] = await network.agent(name);
  for (const name of ['a', 'b', 'c'])
    entries[name] = (await banks[name]!.register(INVOICE, '', 'finance', prover)).sequence;
}, 120_000);
afterAll(() => network.stop());

const draw = (bank: string, n: bigint, using = prover): Promise<DrawResult> =>
  banks[bank]!.draw(entries[bank]!, percent(n), using);

describe('draws', () => {
  it('are made by two banks at once, each knowing what is left for it, and no third gets anything', async () => {
    expect(await banks['c']!.capacity(entries['c']!)).toMatchObject({ status: 'not-open', left: STATED });
    // Both open, one is faster; both draw, one is faster: neither draws from what the other has taken.
    const both = await Promise.all([draw('a', 60n), draw('b', 40n)]);
    expect(both).toMatchObject([
      { outcome: 'drawn', value: percent(60n) },
      { outcome: 'drawn', value: percent(40n) },
    ]);
    expect(both.filter(({ opened }) => opened)).toHaveLength(1);
    expect(both.map(({ left }) => left)).toContain(0n);
    expect(await draw('c', 1n)).toMatchObject({ outcome: 'no-headroom', left: 0n, retries: 0 });
    expect(await banks['c']!.entries()).toMatchObject([{ state: 'registered' }]);
    expect(await banks['a']!.entries()).toMatchObject([{ state: 'engaged' }]);
  }, 60_000);

  it('are seen with their amounts by who holds the document, with an evaluation the first time', async () => {
    const before = network.requests.length;
    for (let i = 0; i < 2; i++) {
      const { status, left, draws } = await banks['c']!.capacity(entries['c']!);
      expect({ status, left }).toEqual({ status: 'open', left: 0n });
      expect(new Map(draws.map(({ entry, value }) => [entry, value]))).toEqual(
        new Map([
          [entries['a'], percent(60n)],
          [entries['b'], percent(40n)],
        ]),
      );
      expect(draws.every(({ own }) => !own)).toBe(true);
    }
    // Its own attempt had the key: the evaluators are not told that it looks again.
    expect(network.requests.length).toBe(before);
    const own = await banks['a']!.capacity(entries['a']!);
    expect(own.draws.filter((drawn) => drawn.own)).toMatchObject([{ entry: entries['a'] }]);
  });

  it('show nobody else an amount: neither it nor what is left is in the log', async () => {
    const records = await network.engine.reader.recordsFrom(0 as LogIndex, 100);
    const said = records.map(decodeRecord).flatMap(({ body }) => (body.type === 'draw' ? [body] : []));
    expect(said).toHaveLength(2);
    for (const body of said)
      for (const value of [body.w, body.headroom, body.pad]) expect(value > 1n << 128n).toBe(true);
  });

  it('are not opened on a document that states more: neither by a forger, nor beside them', async () => {
    const inflated = canonicalDocument(INVOICE.kind, {
      ...INVOICE.strings,
      amount: (STATED * 10n).toString(),
    });
    const { sequence } = await banks['forger']!.register(inflated, '', 'finance', prover);
    expect(await banks['forger']!.draw(sequence, percent(100n), prover)).toMatchObject({
      outcome: 'conflict',
      opened: false,
    });
    expect(await banks['forger']!.capacity(sequence)).toMatchObject({ status: 'conflict', draws: [] });
    // Told by name that an engaged document of this number says something else.
    const proving = { prover, onProgress: () => undefined };
    expect(await banks['forger']!.engage(sequence, ['duplicate-engaged'], proving)).toMatchObject({
      outcome: 'refused',
      verdict: 'duplicate-conflicting',
    });
  }, 30_000);
});

describe('an order to draw', () => {
  const SECOND = canonicalDocument(INVOICE.kind, { ...INVOICE.strings, number: '2026|ANOTHER-1' });
  let entry: number;
  beforeAll(async () => {
    const { sequence } = await banks['a']!.register(SECOND, '', 'finance', prover);
    entry = sequence;
  }, 30_000);

  it('is refused where the same deal is there under another number, unless that is accepted', async () => {
    expect(await banks['a']!.draw(entry, percent(10n), prover)).toMatchObject({
      outcome: 'near-duplicate',
      opened: false,
    });
    expect(await banks['a']!.draw(entry, percent(10n), prover, { acceptNear: true })).toMatchObject({
      outcome: 'drawn',
      opened: true,
    });
  }, 30_000);

  it('is carried out once, though its answer was lost', async () => {
    const ledger = banks['a']!['parts'].ledger;
    const submit = ledger.submit.bind(ledger);
    ledger.submit = async (...args) => {
      await submit(...args);
      throw Object.assign(new Error('the connection ended'), { code: 'unavailable' });
    };
    await expect(banks['a']!.draw(entry, percent(20n), prover, { acceptNear: true })).rejects.toMatchObject({
      code: 'unavailable',
    });
    ledger.submit = submit;
    // Asked again, it is the same draw; another amount would be another, and is not drawn unseen.
    const left = percent(70n);
    expect(await banks['a']!.draw(entry, percent(20n), prover, { acceptNear: true })).toMatchObject({
      outcome: 'drawn',
      left,
    });
    expect(await banks['a']!.capacity(entry)).toMatchObject({ left });
  }, 30_000);

  it('is made once, though the node that includes it says that it refused', async () => {
    const third = canonicalDocument(INVOICE.kind, { ...INVOICE.strings, number: '2026|ANOTHER-2' });
    const { sequence } = await banks['a']!.register(third, '', 'finance', prover);
    const options = { acceptNear: true };
    await banks['a']!.draw(sequence, percent(10n), prover, options);
    const ledger = banks['a']!['parts'].ledger;
    const submit = ledger.submit.bind(ledger);
    ledger.submit = async (...args) => {
      await submit(...args);
      throw new CountersealError('rejected', 'stale_head: somebody else has drawn meanwhile');
    };
    expect(await banks['a']!.draw(sequence, percent(20n), prover, options)).toMatchObject({
      ...{ outcome: 'drawn', left: percent(70n), retries: 0 },
    });
    ledger.submit = submit;
    expect(await banks['a']!.capacity(sequence)).toMatchObject({ left: percent(70n) });
  }, 30_000);

  it('proves again, with another blind, when somebody else was faster', async () => {
    const { sequence: second } = await banks['b']!.register(SECOND, '', 'finance', prover);
    let interrupted = false;
    const seen: string[] = [];
    const slow = witnessProver(async () => {
      if (interrupted) return;
      interrupted = true;
      await banks['b']!.draw(second, percent(30n), prover, { acceptNear: true });
    });
    const result = await banks['a']!.draw(entry, percent(10n), slow, {
      acceptNear: true,
      onProgress: (step) => seen.push(step),
    });
    expect(result).toMatchObject({ outcome: 'drawn', left: percent(30n), retries: 1 });
    expect(seen).toContain('somebody else was faster: drawing again');
    // And is told so where nothing is left for it then.
    interrupted = false;
    expect(await banks['a']!.draw(entry, percent(20n), slow, { acceptNear: true })).toMatchObject({
      outcome: 'no-headroom',
      left: 0n,
      retries: 1,
    });
  }, 30_000);

  it('is refused for nothing, for an entry of others, and for a kind that states nothing', async () => {
    await expect(banks['a']!.draw(entry, slotValue(0n), prover)).rejects.toMatchObject(
      code('invalid_argument'),
    );
    await expect(banks['a']!.draw(9999, percent(1n), prover)).rejects.toMatchObject(code('not_found'));
    const { sequence } = await banks['a']!.register(example('order.gobl.json'), '', 'finance', prover);
    await expect(banks['a']!.draw(sequence, percent(1n), prover)).rejects.toMatchObject(
      code('failed_precondition'),
    );
  }, 30_000);
});

describe('values of slots', () => {
  const of = (kind: number, strings: CanonicalDocument['strings']) => canonicalDocument(kind, strings);

  it.each([
    ['EUR', '40000.00', 4_000_000n, '40000.00 EUR'],
    ['JPY', '40000', 40_000n, '40000 JPY'],
    ['KWD', '0.005', 5n, '0.005 KWD'],
  ])('in %s are read and written by the pinned table', (currency, text, value, written) => {
    const document = of(380, { ...INVOICE.strings, currency });
    expect(parseSlotValue(document, 'amount', text)).toBe(value);
    expect(formatSlotValue(document, 'amount', value)).toBe(written);
  });

  it('are kilograms, parts per million and packages', () => {
    const goods = of(929, {});
    expect(parseSlotValue(goods, 'quantity', '12.5')).toBe(12_500n);
    expect(formatSlotValue(goods, 'quantity', 12_500n)).toBe('12.5 kg');
    const cession = of(60002, {});
    expect(parseSlotValue(cession, 'quantity', '250000')).toBe(250_000n);
    expect(formatSlotValue(cession, 'quantity', 250_000n)).toBe('250000 ppm');
    expect(formatSlotValue(goods, 'packages', parseSlotValue(goods, 'packages', '42'))).toBe('42 packages');
  });

  it('are read as they are written, in whatever unit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<[number, 'amount' | 'quantity' | 'packages', string]>(
          ...[380, 530].flatMap((kind) =>
            ['EUR', 'JPY', 'KWD', 'CLF'].map((currency): [number, 'amount', string] => [
              kind,
              'amount',
              currency,
            ]),
          ),
          ...([929, 60002] as const).map((kind): [number, 'quantity', string] => [kind, 'quantity', 'EUR']),
          [929, 'packages', 'EUR'],
        ),
        fc.bigInt(1n, (1n << 64n) - 1n),
        ([kind, slot, currency], value) => {
          const document = of(kind, { currency });
          const written = formatSlotValue(document, slot, value);
          expect(parseSlotValue(document, slot, written)).toBe(value);
          expect(parseSlotValue(document, slot, written.split(' ')[0]!)).toBe(value);
        },
      ),
    );
  });

  it('are percent of what the document states, and never more than all of it together', () => {
    const risk = of(530, { currency: 'EUR', amount: '25000000' });
    expect(parseSlotValue(risk, 'amount', '60%')).toBe(15_000_000n);
    expect(parseSlotValue(risk, 'amount', '40 %')).toBe(10_000_000n);
    expect(parseSlotValue(risk, 'amount', '100.00%')).toBe(25_000_000n);
    expect(formatPercent(15_000_000n, 25_000_000n)).toBe('60 %');
    expect(formatPercent(1n, 25_000_000n)).toBe('less than 0.01 %');
    expect(formatPercent(0n, 25_000_000n)).toBe('0 %');
    const percent = (units: number) =>
      `${Math.floor(units / 1000)}.${String(units % 1000).padStart(3, '0')}%`;
    fc.assert(
      fc.property(fc.bigInt(100_000n, (1n << 64n) - 1n), fc.integer({ min: 1, max: 99_999 }), (all, part) => {
        const document = of(530, { currency: 'EUR', amount: all.toString() });
        const [a, b] = [part, 100_000 - part].map((one) => parseSlotValue(document, 'amount', percent(one)));
        expect(a! + b!).toBeLessThanOrEqual(all);
        expect(a! + b!).toBeGreaterThanOrEqual(all - 1n);
      }),
    );
  });

  it.each([
    ['amount', '0.001', 'EUR has 2 decimal digits'],
    ['amount', '-1', 'the least that can be drawn is 0.01 EUR'],
    ['amount', '0', 'the least that can be drawn is 0.01 EUR'],
    ['amount', '0%', 'the least that can be drawn is 0.01 EUR'],
    ['amount', '0.00000000001%', 'the least that can be drawn is 0.01 EUR'],
    ['amount', '100.01%', 'the document states no more than 100%'],
    ['amount', '1.000,00', 'as 40000.00 or 60%'],
    ['amount', '1 000.00', 'as 40000.00 or 60%'],
    ['amount', '1e3', 'as 40000.00 or 60%'],
    ['amount', '.', 'as 40000.00 or 60%'],
    ['amount', '', 'as 40000.00 or 60%'],
    ['amount', '1'.repeat(30), 'as 40000.00 or 60%'],
    ['amount', '100.00 USD', 'the document is in EUR, not USD'],
    ['amount', String(1n << 64n), 'no document states so much'],
    ['packages', '1.5', 'write a whole number'],
    ['packages', '-1', 'the least that can be drawn is 1 packages'],
    ['quantity', '-1', 'the least that can be drawn is 0.001 kg'],
    ['quantity', '5 lb', 'the document is in kg, not lb'],
  ] as const)('refuse %s %s', (slot, text, why) => {
    expect(() => parseSlotValue(INVOICE, slot, text)).toThrow(
      expect.objectContaining({
        ...code('invalid_argument'),
        message: expect.stringContaining(`${slot} is ${JSON.stringify(text)}: `) as string,
      }),
    );
    expect(() => parseSlotValue(INVOICE, slot, text)).toThrow(why);
  });
});
