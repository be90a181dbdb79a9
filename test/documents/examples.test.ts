import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type CanonicalDocument,
  fingerprintStrings,
  identifyDocument,
  parseMapping,
  readCsv,
  readDocument,
  rowReader,
} from '../../src/documents/index.js';

const FOLDER = new URL('../../examples/documents/', import.meta.url);
const bytes = (name: string): Uint8Array => readFileSync(new URL(name, FOLDER));
const document = (name: string): CanonicalDocument => readDocument(bytes(name)).document;

const ubl = document('invoice-a.ubl.xml');
const cii = document('invoice-a.cii.xml');
const renumbered = document('invoice-a-renumbered.cii.xml');

describe('the example documents', () => {
  const files = readdirSync(FOLDER).filter(
    (name) => /\.(?:xml|json|txt)$/.test(name) && !name.includes('.mapping.'),
  );

  it('are all read; what warns is known', () => {
    expect(files).toHaveLength(20);
    const warned = files.filter((file) => identifyDocument(bytes(file)).warnings.length > 0);
    expect(warned).toEqual([
      // Signatures are not verified.
      'bill-of-lading.openattestation.json',
      // The insurer is known by its host only, the carrier by the number's first letters, an ENS has no kind.
      'claim.open-insurance.json',
      'entry-summary.ics.xml',
      'export-declaration.wco.xml',
      'invoice-a.traceability.json',
      'letter-of-credit.ktdde.json',
      // A packing list has no amount to be near by.
      'packing-list.ubl.xml',
    ]);
  });

  it.each(['invoice-a.ubl.json', 'invoice-a.gobl.json', 'invoice-a.counterseal.json'])(
    '%s is invoice A, in every slot',
    (name) => expect(document(name).strings).toEqual(ubl.strings),
  );

  it('the table has invoice A twice, its double under another number, and a row to mend', async () => {
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytes('invoices.csv');
    }
    const table = await readCsv(stream());
    const read = rowReader(
      parseMapping(new TextDecoder().decode(bytes('invoices.mapping.json'))),
      table.headers,
    );
    const results: unknown[] = [];
    for await (const row of table.rows) {
      if ('problem' in row) throw row.problem;
      try {
        results.push(read(row.cells).strings.number);
      } catch (error) {
        results.push((error as { field?: string }).field);
      }
    }
    const { number } = ubl.strings;
    expect(results).toEqual([number, '2026|RE2026-0418', number, '2026|RE2026-0931', 'Rechnungsdatum']);
  });

  it('invoice A is one document in both syntaxes, in every slot', () => {
    expect(cii.strings).toEqual(ubl.strings);
    expect(cii.strings).toEqual({
      issuer: 'VAT|DE999999903',
      number: '2026|RE2026-0417',
      references: ['105|VAT|DE999999815|PO88-1204'],
      looseNumber: 'RE2026417',
      counterparty: 'VAT|DE999999815',
      currency: 'EUR',
      amount: '4879000',
      issueDate: '2026-03-16',
      lines: [
        'BALL VALVE DN50, STAINLESS STEEL|120|3000000',
        'GASKET SET DN50|400|900000',
        'PACKING AND FREIGHT|1|200000',
      ],
      endDate: '2026-05-15',
    });
  });

  it('the renumbered one is near, not exact', () => {
    const { exact, near, possession } = ubl.row;
    if (near === null) throw new Error('invoices have a near fingerprint');
    expect(fingerprintStrings(renumbered, near)).toEqual(fingerprintStrings(ubl, near));
    expect(fingerprintStrings(renumbered, exact)).not.toEqual(fingerprintStrings(ubl, exact));
    expect(fingerprintStrings(renumbered, possession)).not.toEqual(fingerprintStrings(ubl, possession));
  });

  it('invoice B and the credit note match nothing', () => {
    const other = document('invoice-b.ubl.xml');
    for (const name of ['exact', 'near', 'possession'] as const) {
      const fingerprint = ubl.row[name];
      if (fingerprint === null) throw new Error('invoices have all three fingerprints');
      expect(fingerprintStrings(other, fingerprint)).not.toEqual(fingerprintStrings(ubl, fingerprint));
    }
    const credit = document('credit-note-a.ubl.xml');
    expect(credit.kind).toBe(381);
    expect(credit.row.exact.name).toBe('credit-note/exact@1');
    expect(credit.strings.references).toContain('380|VAT|DE999999903|RE2026-0417');
  });
});
