import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proveCrosscheck } from '../../src/agent/crosscheck-prove.js';
import type { SideSource } from '../../src/agent/crosscheck-sides.js';
import { Customs, type AskOptions } from '../../src/agent/customs.js';
import type { CustomsRules } from '../../src/agent/customs-file.js';
import type { CustomsPage } from '../../src/agent/customs-page.js';
import { readDocument, type CanonicalDocument } from '../../src/documents/index.js';
import { SnarkjsProver } from '../../src/proofs/index.js';
import { generateSet, type Fault } from '../../src/shipments/index.js';
import { code } from '../helpers/vectors.js';
import { closeWorlds, World } from './crosscheck-world.js';

const prover = new SnarkjsProver();
let world: World;
let customs: Customs;
beforeAll(async () => {
  world = await World.of('customs-net');
  customs = new Customs(world.members.customs);
});
afterAll(async () => {
  await prover.close();
  await closeWorlds();
});

let place = 0;
/** The documents of another shipment, by file. */
function shipment(fault: Fault | null): (file: string) => CanonicalDocument {
  const { papers } = generateSet('customs test', place++, fault);
  return (file) =>
    readDocument(new TextEncoder().encode(papers.find((paper) => paper.file === file)!.text)).document;
}
const INVOICE = 'invoice.ubl.xml';
const PACKING_LIST = 'packing-list.ubl.xml';
const BILL = 'bill-of-lading.dcsa.json';
const DECLARATION = 'declaration.wco.xml';
const COUNTERPARTS: Readonly<Partial<Record<CustomsRules, string>>> = {
  'customs/invoice@1': INVOICE,
  'customs/packing-list@1': PACKING_LIST,
  'customs/transport@1': BILL,
  'customs/transport-part@1': BILL,
};

const declare = (document: CanonicalDocument) => world.register('importer', document, 'declare');

/** Everybody registers the papers of a shipment; the declaration's entry. */
async function registered(paper: (file: string) => CanonicalDocument): Promise<number> {
  await world.register('seller', paper(INVOICE), 'attest');
  await world.register('seller', paper(PACKING_LIST), 'attest');
  await world.register('carrier', paper(BILL), 'carry');
  return declare(paper(DECLARATION));
}

const answer = async (request: string, a: SideSource, document: CanonicalDocument): Promise<string> =>
  (await proveCrosscheck(world.members.importer, request, { a, b: { from: 'document', document } }, prover))
    .text;

/** The office asks, the declarant proves from its copies, the office verifies. Returns the page, and the answers. */
async function compared(
  declaration: number,
  paper: (file: string) => CanonicalDocument,
  options: AskOptions = {},
): Promise<{ page: CustomsPage; answers: string[] }> {
  const answers: string[] = [];
  for (const { rules, text } of await customs.ask(declaration, options)) {
    const made = await answer(text, { from: 'own', entry: declaration }, paper(COUNTERPARTS[rules]!));
    await customs.receive(declaration, made);
    answers.push(made);
  }
  return { page: await customs.page(declaration), answers };
}

/** The statuses of a page's comparisons, and the rules that fail. */
const told = ({ conclusion, comparisons }: CustomsPage) => ({
  conclusion,
  statuses: Object.fromEntries(comparisons.map(({ rules, status }) => [rules, status])),
  fails: comparisons.flatMap(({ outcomes }) =>
    outcomes.filter(({ refuses }) => refuses).map(({ name }) => name),
  ),
});

describe('a shipment in order', () => {
  let declaration: number;
  let answers: string[];

  it('is open until the insurance of its invoice was asked about, and then clear', async () => {
    const paper = shipment(null);
    declaration = await registered(paper);
    expect(told(await customs.page(declaration)).statuses).toEqual({
      'customs/invoice@1': 'missing',
      'customs/packing-list@1': 'missing',
      'customs/transport@1': 'missing',
      'invoice/insurance@1': 'missing',
    });
    const first = await compared(declaration, paper);
    answers = first.answers;
    expect(told(first.page)).toEqual({
      conclusion: 'open',
      statuses: {
        'customs/invoice@1': 'agrees',
        'customs/packing-list@1': 'agrees',
        'customs/transport@1': 'agrees',
        'invoice/insurance@1': 'missing',
      },
      fails: [],
    });

    const { papers } = generateSet('customs test', place - 1, null);
    const cover = readDocument(
      new TextEncoder().encode(papers.find(({ purpose }) => purpose === 'cover')!.text),
    ).document;
    const policy = await world.register('insurer', cover, 'cover');
    const [question, ...others] = await customs.ask(declaration);
    expect([question!.rules, others]).toEqual(['invoice/insurance@1', []]);
    expect((await customs.page(declaration)).conclusion).toBe('open');
    const share = await world.share('insurer', policy, 'importer');
    await customs.receive(
      declaration,
      await answer(question!.text, { from: 'share', text: share }, paper(INVOICE)),
    );
    const page = await customs.page(declaration);
    expect(told(page)).toMatchObject({ conclusion: 'clear', fails: [] });
    expect(await customs.ask(declaration)).toEqual([]);
    // Entries and rules; of no document any value.
    const text = JSON.stringify(page);
    for (const file of [INVOICE, PACKING_LIST, BILL, DECLARATION])
      for (const slot of ['number', 'amount', 'issuer', 'transport'] as const) {
        const value = paper(file).strings[slot];
        if (typeof value === 'string') expect(text).not.toContain(value);
      }
  });

  it('does not lend its answers to another declaration, nor to other questions, nor twice', async () => {
    const other = await declare(shipment(null)(DECLARATION));
    await customs.ask(other);
    for (const text of answers)
      await expect(customs.receive(other, text)).rejects.toMatchObject(code('permission_denied'));
    // What was kept is kept once, however often it is handed in; a copy of it in other bytes is no answer any more.
    const before = await customs.page(declaration);
    expect((await customs.receive(declaration, answers[0]!)).set).toBe('customs/invoice@1');
    await expect(customs.receive(declaration, `${answers[0]!} `)).rejects.toMatchObject(code('not_found'));
    expect(await customs.page(declaration)).toEqual(before);
    await customs.ask(declaration, { rules: ['customs/invoice@1'] });
    await expect(customs.receive(declaration, answers[0]!)).rejects.toMatchObject(code('invalid_proof'));
    const broken = JSON.parse(answers[0]!) as { ciphertext: string };
    const bytes = Buffer.from(broken.ciphertext, 'base64');
    bytes[9]! ^= 1;
    const changed = JSON.stringify({ ...broken, ciphertext: bytes.toString('base64') });
    await expect(customs.receive(declaration, changed)).rejects.toMatchObject(code('decryption_failed'));
    await expect(customs.receive(declaration, '{}')).rejects.toMatchObject(code('invalid_argument'));
    // Asked again, the page waits again: an old answer does not stand for the new one.
    expect(told(await customs.page(declaration)).statuses['customs/invoice@1']).toBe('asked');
  });

  it('has a page only as a declaration', async () => {
    await expect(customs.page(0)).rejects.toMatchObject(code('invalid_argument'));
    await expect(customs.ask(0)).rejects.toMatchObject(code('invalid_argument'));
    await expect(customs.ask(999)).rejects.toMatchObject(code('not_found'));
    await expect(customs.receive(999, '{}')).rejects.toMatchObject(code('not_found'));
    const other = await declare(shipment(null)(DECLARATION));
    await expect(customs.ask(other, { rules: ['invoice/insurance@1'] })).rejects.toMatchObject(
      code('failed_precondition'),
    );
  });
});

describe('a shipment declared wrongly', () => {
  it.each([
    ['undervalued-declaration', 'customs/invoice@1', 'the declared value equals the invoice total'],
    ['weight-beyond-tolerance', 'customs/transport@1', 'gross weights agree within 5 %'],
    ['container-not-on-bill', 'customs/transport@1', 'both name the same containers'],
  ] as const)('%s: the page says which rule fails', async (fault, rules, name) => {
    const paper = shipment(fault);
    const declaration = await registered(paper);
    const { page } = await compared(declaration, paper, { rules: [rules] });
    expect(told(page)).toMatchObject({ conclusion: 'alarm', fails: [name] });
    expect(told(page).statuses[rules]).toBe('disagrees');
    // Withdrawn, its answers stand for nothing.
    await world.act('importer', declaration, { kind: 'cancel', reason: 'withdrawn' });
    expect(told(await customs.page(declaration)).statuses[rules]).toBe('void');
  });

  it('forged-invoice-copy: there is nothing to prove with', async () => {
    const paper = shipment('forged-invoice-copy');
    const declaration = await registered(paper);
    const [question] = await customs.ask(declaration, { rules: ['customs/invoice@1'] });
    const own = { from: 'own', entry: declaration } as const;
    const forged = paper('invoice-copy-of-broker.ubl.xml');
    await expect(answer(question!.text, own, forged)).rejects.toMatchObject(code('failed_precondition'));
    // To register the forgery does not help who is no seller, nor would its number: the seller's entry stays the other one.
    expect((await customs.page(declaration)).conclusion).toBe('open');
  });

  it('goods-declared-twice: both pages show the other, and the invoice that was shown for both', async () => {
    const paper = shipment('goods-declared-twice');
    const first = await registered(paper);
    const again = await declare(paper('declaration-again.wco.xml'));
    await compared(first, paper, { rules: ['customs/invoice@1'] });
    const { page } = await compared(again, paper, { rules: ['customs/invoice@1'] });
    expect(page.conclusion).toBe('alarm');
    expect(page.matches.map(({ entry, same }) => [entry, same])).toEqual([[first, 'goods']]);
    expect(page.comparisons[0]).toMatchObject({ status: 'agrees', alsoFor: [first] });
    const other = await customs.page(first);
    expect(other.matches.map(({ entry, same }) => [entry, same])).toEqual([[again, 'goods']]);
    expect(other.comparisons[0]!.alsoFor).toEqual([again]);
    // Withdrawn, it is no alarm any more.
    await world.act('importer', again, { kind: 'cancel', reason: 'withdrawn' });
    expect(await customs.page(first)).toMatchObject({ conclusion: 'open', matches: [] });
  });
});

describe('one bill of lading in three declarations', () => {
  it('raises no alarm, where it is compared as parts', async () => {
    const paper = shipment('split-bill-of-lading');
    await world.register('carrier', paper(BILL), 'carry');
    for (const part of [1, 2, 3]) {
      const declaration = await declare(paper(`declaration-${part}.wco.xml`));
      expect((await customs.ask(declaration, { part: true })).map(({ rules }) => rules)).toEqual([
        'customs/invoice@1',
        'customs/packing-list@1',
        'customs/transport-part@1',
      ]);
      const { page } = await compared(declaration, paper, { rules: ['customs/transport-part@1'] });
      expect(told(page)).toEqual({
        conclusion: 'open',
        statuses: {
          'customs/invoice@1': 'asked',
          'customs/packing-list@1': 'asked',
          'customs/transport-part@1': 'agrees',
          'invoice/insurance@1': 'missing',
        },
        fails: [],
      });
      expect(page.matches).toEqual([]);
    }
  });
});
