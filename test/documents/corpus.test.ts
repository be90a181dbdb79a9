import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  identifyLine,
  type IdentifyLine,
  kindInfo,
  oedReader,
  readCsv,
  unwrapDocument,
} from '../../src/documents/index.js';
import { CountersealError } from '../../src/errors.js';
import { pdf } from './files.js';

const CORPUS = process.env.COUNTERSEAL_CORPUS ?? join(import.meta.dirname, '../../../shared/corpus');
const present = existsSync(join(CORPUS, 'PAIRS.json'));
if (!present) console.warn(`the corpus is not at ${CORPUS}: its tests are skipped (set COUNTERSEAL_CORPUS)`);

interface Group {
  readonly files: readonly string[];
}
interface Pairs {
  readonly sameDocument: readonly Group[];
  readonly headerCollisions: readonly (Group & { readonly key: readonly string[] })[];
}

function documentFiles(): readonly string[] {
  return readdirSync(CORPUS, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== CORPUS)
    .map((entry) => relative(CORPUS, join(entry.parentPath, entry.name)))
    .sort();
}

/** Files that are refused: the code, the field, and why a person would refuse them too. */
const REFUSED: readonly (readonly [file: RegExp, reason: string, code: string, field?: string])[] = [
  [/edifact__/, 'EDIFACT in XML: another format', 'unsupported_format'],
  [/fatturaPA|FatturaPA|fattura/, 'FatturaPA: another format', 'unsupported_format'],
  [
    /TransitCustomsDeclaration|GoodsCertificate|GoodsItemPassport|RemittanceAdvice/,
    'a transit declaration, certificate, passport or advice: no kind of its own',
    'unsupported_format',
  ],
  [
    /ReceiptAdvice|OrderChange|OrderResponse|InventoryReport|CommonTransportationReport/,
    'a message about an order, a delivery or a stock, and none of these itself',
    'unsupported_format',
  ],
  [
    /ForwardingInstructions|Manifest|TransportExecutionPlan|TransportationStatus/,
    'a plan, a list or a status of a transport, and no transport document',
    'unsupported_format',
  ],
  [
    /arrivalnotice-|booking-api|BKG_|vgm-api/,
    'a booking, a notice or a weight, and no transport document',
    'unsupported_format',
  ],
  [
    /ebl-api-3|_SI_|ValidShippingInstruction/,
    'shipping instructions before the carrier gave a number',
    'missing_field',
    'transportDocumentReference',
  ],
  [
    /TD_D8931B95625E4B339F2A_(?:defd6f|12cd59|58d0ec)/,
    'shipping instructions that do not say whose number they have',
    'missing_field',
    'carrierCode',
  ],
  [
    /pint-3.0.0-transport-document/,
    'a placeholder of 37 letters for a number, which has at most 35',
    'invalid_document',
    'transportDocumentReference',
  ],
  [/it__b2c-corrective/, 'a draft without a number', 'missing_field', 'code'],
  [/validAmendment/, 'an amendment that does not say who declares', 'missing_field', 'm:PERLODSUMDEC'],
  [
    /claim-notification__/,
    'a notification before there is a claim, which does not say whom it notifies',
    'missing_field',
    'links.self',
  ],
  [
    /TIRCarnet|BillOfExchange|CertificateOfOrigin|DangerousGood|PaymentConfirmation|AirCargoManifest|ShipDeliveryOrder|certificate-of-origin|promissory-note/,
    'a carnet, certificate, bill of exchange, note, confirmation or manifest: no kind of its own',
    'unsupported_format',
  ],
  [
    /SeaCargoManifestCredential|ShippingInstructionsCredential|DeliverySchedule|IntentToImport/,
    'a list, a request or a plan about a transport or an import, and none of these itself',
    'unsupported_format',
    'credentialSubject.type',
  ],
  [
    /chaindox-ktdde\/letter-of-credit/,
    'a letter of credit that does not name its bank',
    'missing_field',
    'credentialSubject.documentaryCreditIssuingBank',
  ],
  [
    /SeaWaybillSampleW3C/,
    'a container number whose check digit is wrong',
    'invalid_document',
    'credentialSubject.transportEquipmentIdentifier',
  ],
  [
    /MasterBillOfLadingCredential/,
    'a container number whose check digit is wrong',
    'invalid_document',
    'credentialSubject.utilizedTransportEquipment[1].equipmentReference',
  ],
  [
    /CommercialInvoiceCredential/,
    'an invoice without a date: that of payment is another',
    'missing_field',
    'credentialSubject.invoiceDate',
  ],
  [
    /PackingListCredential/,
    'a packing list without a number',
    'missing_field',
    'credentialSubject.packingListNumber',
  ],
  [
    /VC__invoice-redacted/,
    'an invoice whose number, date and seller its sender has hidden',
    'missing_field',
    'credentialSubject.date',
  ],
  [/creator__sample-data-file-invoice/, 'an empty form', 'missing_field', 'date'],
  [/BimcoEmptySample/, 'an empty form', 'missing_field', 'billOfLadingNo'],
  [/BimcoSample/, 'a bill of lading that does not say its carrier', 'missing_field', 'SCAC'],
  [/sample-data-file-ebl/, 'digits for a carrier’s code', 'invalid_document', 'scac'],
  [/v2__ebl-withoutnetwork/, 'a digit for a carrier’s code', 'invalid_document', 'data.scac'],
  [
    /BillOfLadingCarrierSampleV2/,
    'a date whose day could be its month',
    'invalid_document',
    'shippedOnBoardDate',
  ],
  [/^iata-one-record/, 'a shipment in ONE Record, and no waybill', 'unsupported_format', 'JSON'],
  [/^openidl/, 'statistics of many policies without their numbers', 'unsupported_format', 'JSON'],
  [/^(?:oed-examples|oasis-piwind)/, 'a table, which is read row by row: see below', 'unsupported_format'],
  [/MT760/, 'a demand guarantee: no kind of its own', 'unsupported_format', ':22D:'],
  [/MT765/, 'a demand under a guarantee: no kind of its own', 'unsupported_format', 'MT'],
  [/MT798/, 'a letter of credit without its date and place of expiry', 'missing_field', ':31D:'],
];

const refusalOf = (file: string): (typeof REFUSED)[number] | undefined =>
  REFUSED.find(([pattern]) => pattern.test(file));

const results = new Map<string, IdentifyLine>();
if (present) {
  for (const file of documentFiles()) results.set(file, identifyLine(file, readFileSync(join(CORPUS, file))));
}

function read(file: string): Exclude<IdentifyLine, { error: unknown }> {
  const line = results.get(file);
  if (line === undefined || 'error' in line) throw new Error(`${file}: ${JSON.stringify(line)}`);
  return line;
}

function isRead(file: string): boolean {
  const line = results.get(file);
  return line !== undefined && !('error' in line);
}

const key = (line: { kind: number }, strings: readonly string[]): string =>
  JSON.stringify([line.kind, ...strings]);

const ROW = (cells: readonly (string | number)[], widths: readonly number[]): string =>
  cells
    .map((cell, i) => String(cell).padEnd(widths[i]!))
    .join('  ')
    .trimEnd();

function printRows(title: string, rows: readonly (readonly (string | number)[])[]): void {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((cells) => String(cells[i]).length)));
  console.log([title, ...rows.map((cells) => `  ${ROW(cells, widths)}`)].join('\n'));
}

/** Once in a run: the files of each format and kind, the groups among them, and every refusal with its reason. */
function printTables(groups: readonly (readonly string[])[]): void {
  const right = (files: readonly string[]): boolean =>
    new Set(files.map((file) => key(read(file), read(file).exact))).size === 1;
  const cells = new Map<string, { files: number; groups: number; right: number }>();
  for (const [file, line] of results) {
    if ('error' in line) continue;
    const name = `${line.format}\t${kindInfo(line.kind).name} (${line.kind})`;
    const cell = cells.get(name) ?? { files: 0, groups: 0, right: 0 };
    const mine = groups.filter((files) => files.includes(file));
    cells.set(name, {
      files: cell.files + 1,
      groups: cell.groups + mine.length,
      right: cell.right + mine.filter(right).length,
    });
  }
  printRows('The corpus, what is read:', [
    ['format', 'kind', 'files', 'of them in a group of one document', 'with the identity of their group'],
    ...[...cells]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, cell]) => [...name.split('\t'), cell.files, cell.groups, cell.right]),
  ]);
  const refused = new Map<string, number>();
  for (const [file, line] of results) {
    if (!('error' in line)) continue;
    const [, reason = ''] = refusalOf(file) ?? [];
    const name = [
      file.split('/')[0]!,
      line.error.code,
      line.error.code === 'unsupported_format' ? '' : (line.error.field ?? ''),
      reason,
    ].join('\t');
    refused.set(name, (refused.get(name) ?? 0) + 1);
  }
  printRows('The corpus, what is refused:', [
    ['from', 'code', 'field', 'why', 'files'],
    ...[...refused].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => [...name.split('\t'), count]),
  ]);
}

describe.skipIf(!present)('the corpus', () => {
  const pairs = present
    ? (JSON.parse(readFileSync(join(CORPUS, 'PAIRS.json'), 'utf8')) as Pairs)
    : { sameDocument: [], headerCollisions: [] };
  const groups = pairs.sameDocument
    .map(({ files }) => files.filter(isRead))
    .filter((files) => files.length > 0);

  it('what is read and what is refused, by format and kind', () => {
    printTables(groups);
    const read = [...results].flatMap(([, line]) => ('error' in line ? [] : [line]));
    const formats = [...new Set(read.map(({ format }) => format))].sort();
    const kinds = [...new Set(read.map(({ kind }) => kind))].sort((a, b) => a - b);
    expect(formats).toEqual(
      expect.arrayContaining([
        'cii-xml',
        'dcsa-json',
        'gobl-json',
        'ics-xml',
        'ktdde-json',
        'open-insurance-json',
        'traceability-json',
        'tradetrust-json',
        'ubl-json',
        'ubl-xml',
        'wco-xml',
      ]),
    );
    expect(kinds).toEqual(
      expect.arrayContaining([105, 271, 380, 381, 383, 520, 530, 635, 705, 740, 830, 929, 60001]),
    );
    expect(read.length).toBeGreaterThanOrEqual(325);
  });

  it('every file is read, or refused with the reason that is written down', () => {
    for (const [file, line] of results) {
      const refusal = refusalOf(file);
      if (refusal === undefined)
        expect([file, 'error' in line ? line.error : 'read']).toEqual([file, 'read']);
      else {
        const [, , code, field] = refusal;
        expect([file, line]).toEqual([
          file,
          { file, error: expect.objectContaining(field === undefined ? { code } : { code, field }) },
        ]);
      }
    }
  });

  it('an invoice in a PDF is the invoice that it carries', async () => {
    const carried = [...results].flatMap(([file, line]) =>
      'error' in line || line.format !== 'cii-xml' ? [] : [file],
    );
    expect(carried.length).toBeGreaterThan(40);
    for (const file of carried.slice(0, 12)) {
      const wrapped = pdf([['factur-x.xml', readFileSync(join(CORPUS, file))]]);
      const line = identifyLine(file, await unwrapDocument(wrapped));
      expect([file, line]).toEqual([file, results.get(file)]);
    }
  });

  /** The first thing that the rows of a table come to, or the whole table. */
  async function ofRows(file: string): Promise<string> {
    const bytes = readFileSync(join(CORPUS, file));
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    try {
      const table = await readCsv(stream());
      const reader = oedReader(table.headers);
      if (reader === undefined) return 'no OED';
      for await (const row of table.rows) if ('cells' in row) reader(row.cells);
      return 'read';
    } catch (error) {
      if (!(error instanceof CountersealError)) throw error;
      return `${error.code} ${error.field}`;
    }
  }

  it('tables of exposures: no policy says whose it is, and the others are no policies', async () => {
    const tables = [...results.keys()].filter((file) => /^(?:oed-examples|oasis-piwind)/.test(file));
    const found: [string, string][] = [];
    for (const file of tables) found.push([file, await ofRows(file)]);
    expect(found).toEqual(
      tables.map((file) => [
        file,
        /_account/.test(file)
          ? 'missing_field CedantName'
          : `unsupported_format ${/_location/.test(file) ? 'LocNumber' : 'ReinsNumber'}`,
      ]),
    );
    expect(found).toHaveLength(10);
  });

  it('no placeholder slips through as a container or a number of a transport document', () => {
    for (const [file, line] of results) {
      if ('error' in line) continue;
      const { exact, near, possession } = line;
      expect([
        file,
        [exact, near, possession].flat().filter((s) => /CONU1234567|PLACEHOLDER/.test(s)),
      ]).toEqual([file, []]);
    }
  });

  it.each(['exact', 'near', 'possession'] as const)(
    'each group of one document has one %s identity',
    (use) => {
      expect(groups.length).toBeGreaterThan(40);
      const differing = groups
        .map((files) =>
          files.map((file) => ({
            file,
            identity: key(read(file), read(file)[use]),
            missing: read(file)[use].length === 0,
          })),
        )
        .filter(
          (members) =>
            new Set(members.map(({ identity }) => identity)).size > 1 ||
            (use === 'exact' && members.some(({ missing }) => missing)),
        );
      expect(differing).toEqual([]);
    },
  );

  it('no two files outside a group share an exact identity', () => {
    const groupOf = new Map(groups.flatMap((files, i) => files.map((file): [string, number] => [file, i])));
    const owners = new Map<string, string[]>();
    for (const file of [...results.keys()].filter(isRead)) {
      const identity = key(read(file), read(file).exact);
      owners.set(identity, [...(owners.get(identity) ?? []), file]);
    }
    const shared = [...owners].filter(
      ([, files]) => new Set(files.map((file) => groupOf.get(file) ?? file)).size > 1,
    );
    expect(shared.length).toBeGreaterThan(0);
    for (const [, files] of shared) {
      // The test authors reused headers: a true match. Seen without the importers, every file must hold the issuer, the
      // number and the year that are said to be equal.
      const [first = ''] = files;
      const [issuer = '', number = ''] = read(first).exact;
      const clean = (text: string): string => text.toUpperCase().replace(/[^A-Z0-9]/g, '');
      const [year, own] = /^[0-9]{4}\|/.test(number) ? [number.slice(0, 4), number.slice(5)] : ['', number];
      const needles = [
        clean(issuer.split('|')[1]?.replace(/^[A-Z]{2}/, '') ?? ''),
        // Series and code are fields of their own in some formats.
        ...(files.some((file) => file.startsWith('invopop-gobl'))
          ? [/[0-9]*$/.exec(own)?.[0] ?? '']
          : [clean(own)]),
        year,
      ];
      for (const file of files) {
        const plain = clean(readFileSync(join(CORPUS, file), 'utf8'));
        for (const needle of needles)
          expect([file, needle, plain.includes(needle)]).toEqual([file, needle, true]);
      }
    }
  });

  it('headers that collide across kinds do not collide as documents', () => {
    for (const { files } of pairs.headerCollisions) {
      const byKind = new Map(files.filter(isRead).map((file) => [read(file).kind, file]));
      const identities = [...byKind.values()].map((file) => key(read(file), read(file).exact));
      expect(new Set(identities).size).toBe(byKind.size);
    }
    const kinds = (name: string): number[] =>
      [...results]
        .filter(([file, line]) => file.includes(name) && !('error' in line))
        .map(([file]) => read(file).kind);
    expect(kinds('CreditNote-Max_content')).toEqual([381]);
    expect(kinds('Invoice-Max_content')).toEqual([380]);
    expect(kinds('Kreditering_med_negativ_faktura')).toEqual([381]);
    expect(kinds('EN16931_Rechnungskorrektur')).toEqual([381, 381]);
  });
});
