import { PLAIN_KINDS } from '../formats/plain.js';
import { type Cell, isEmpty } from './cell.js';
import { type DATE_FORMATS, MAPPING_VERSION } from './mapping.js';

/** What a proposal could not know: the person who keeps the mapping states it. */
export interface Question {
  readonly field: 'kind' | 'dateFormat' | 'decimalSeparator' | 'issuer' | 'number' | 'currency';
  readonly message: string;
}

/** A mapping with `null` where a question is open; `parseMapping` refuses those. */
export interface ProposedMapping {
  readonly counterseal: 'mapping';
  readonly version: typeof MAPPING_VERSION;
  readonly kind: string | null;
  readonly columns: Readonly<Record<string, string>>;
  readonly constants: Readonly<Record<string, string>>;
  readonly dateFormat: (typeof DATE_FORMATS)[number] | null;
  readonly decimalSeparator: '.' | ',' | null;
  readonly listSeparator: string;
  readonly encoding: string;
}

export interface Proposal {
  readonly mapping: ProposedMapping;
  readonly questions: readonly Question[];
  /** Headers that mean nothing to it. */
  readonly unmapped: readonly string[];
}

/**
 * What columns are called in exports of accounting systems: English, German, French, Spanish, Italian, Portuguese,
 * Dutch, Polish, and the technical names of SAP. Without case, marks and separators; earlier words are better ones.
 */
const WORDS: Readonly<Record<string, string>> = {
  number:
    'polnumber invoicenumber invoiceno invoicenr invoicenum invoiceid invno rechnungsnummer rechnungsnr rechnungnr numerofacture nofacture ' +
    'numfacture facturen facturenumero numerofactura nfactura nofactura numfactura numerofattura nfattura numerofatura nfatura ' +
    'factuurnummer factuurnr numerfaktury nrfaktury fakturanummer xblnr policynumber policyno versicherungsscheinnummer claimnumber ' +
    'claimno schadennummer ponumber orderno ordernumber bestellnummer declarationnumber lrn mrn documentnumber documentno docno ' +
    'belegnummer belegnr belnr reference referenz number nummer numero factura invoice rechnung facture',
  issueDate:
    'invoicedate rechnungsdatum datefacture datedefacture datedelafacture fechafactura fechaemision fechadeemision datafattura ' +
    'dataemissao dataemissione factuurdatum datawystawienia fakturadatum issuedate dateofissue documentdate docdate belegdatum bldat ' +
    'orderdate date datum fecha data',
  'issuer.vat':
    'sellervat sellervatid sellervatnumber suppliervat suppliervatid suppliervatnumber vendorvat vendorvatid vendorvatnumber ' +
    'sellertaxid suppliertaxid vendortaxid lieferantustid ustidlieferant ustidnr ustid umsatzsteuerid kreditorustid tvafournisseur ' +
    'numerotva notva tvaintracommunautaire nifproveedor cifproveedor nifemisor partitaiva piva cnpjemitente cnpjfornecedor ' +
    'btwnummer btwnummerleverancier nipsprzedawcy sellergstin suppliergstin gstin stceg vatid vatnumber vatno vatregno taxid nif cif cnpj nip',
  'issuer.name':
    'sellername suppliername vendorname seller supplier vendor lieferantenname lieferantname lieferant kreditorname kreditor ' +
    'nomfournisseur fournisseur nombreproveedor proveedor fornitore nomefornecedor fornecedor leverancier sprzedawca insurer insurername cedantname ' +
    'declarant declarantname creditor name1',
  'issuer.country':
    'sellercountry suppliercountry vendorcountry lieferantenland lieferantland paysfournisseur paisproveedor land1 country land pays pais paese',
  'issuer.eori': 'eori declaranteori eorinumber',
  'issuer.lei': 'sellerlei supplierlei vendorlei lei',
  'issuer.gln': 'sellergln suppliergln vendorgln gln',
  'issuer.duns': 'sellerduns supplierduns vendorduns duns dunsnumber',
  'counterparty.name':
    'buyername customername buyer customer client clientname debtor debtorname kundenname kunde debitor nomclient nombrecliente cliente ' +
    'nomecliente klant nabywca insured insuredname consignee consigneename debitorname',
  'counterparty.vat':
    'buyervat buyervatid buyervatnumber customervat customervatid customervatnumber buyertaxid customertaxid kundenustid ustidkunde ' +
    'tvaclient nifcliente cifcliente cnpjcliente nipnabywcy buyergstin customergstin',
  'counterparty.country': 'buyercountry customercountry kundenland paysclient paiscliente',
  currency:
    'currency currencycode invoicecurrency documentcurrency curr ccy waehrung wahrung devise moneda valuta moeda waluta waers acccurrency',
  amount:
    'totalamount grossamount invoicetotal invoiceamount totalinclvat totalinclusivetax amountinclvat totalwithtax totalincltax grosstotal ' +
    'bruttobetrag rechnungsbetrag gesamtbetrag rechnungssumme montantttc totalttc importetotal totalfactura totalefattura totaledocumento valortotal ' +
    'totaalinclbtw bedraginclbtw kwotabrutto suminsured layerlimit claimedamount claimamount wrbtr dmbtr brutto gross total amount betrag montant ' +
    'importe importo bedrag kwota value',
  startDate:
    'shippedonboarddate shippedonboard onboarddate sailingdate inceptiondate policystart policystartdate polinceptiondate effectivedate lossdate dateofloss startdate',
  endDate:
    'duedate paymentduedate faelligkeitsdatum falligkeitsdatum faelligkeit falligkeit zahlbarbis dateecheance echeance fechavencimiento ' +
    'vencimiento scadenza datascadenza datavencimento vencimento vervaldatum terminplatnosci netdue expirydate policyend policyenddate polexpirydate enddate',
  'transport.number':
    'blnumber blno billofladingnumber billoflading bl awbnumber awb waybillnumber waybill mawb hawb konnossement konnossementnr transportdocument',
  'transport.carrier': 'carriercode scac scaccode smdg carrier reederei',
  hsCode: 'hscode hs commoditycode tariffcode warennummer zolltarifnummer taricode codigohs',
  peril: 'peril polperilscovered cause causeofloss coverage',
  'grossMass.value':
    'grossweight grossweightkg grossmass grossmasskg weight weightkg bruttogewicht gewicht poidsbrut poids pesobruto pesolordo brutogewicht',
  'grossMass.unit': 'weightunit weightuom gewichtseinheit unitofweight gewei',
  packages:
    'packages packagecount noofpackages numberofpackages colli kolli packstuecke packstucke colis bultos',
  sharePercent: 'share sharepercent sharepct cededshare quote anteil',
  'objects.container':
    'containernumber containerno containernr container containers containernumbers contenedor conteneur equipmentnumber',
  'objects.vin': 'vin chassis chassisnumber fahrgestellnummer fin',
  'objects.imo': 'imo imonumber vesselimo',
  'references.purchase-order':
    'buyerorderno customerorderno bestellnr bestellung numerocommande nocommande pedido numeropedido ordineacquisto ebeln bstnk po pono',
};

/** Words in a header of the number that say of what kind the rows are. */
const KIND_WORDS: readonly (readonly [pattern: RegExp, kind: string])[] = [
  [/invoice|rechnung|factur|fattur|fatur|faktur/, 'invoice'],
  [/policy|^polnumber|versicherungsschein|apolice/, 'insurance-policy'],
  [/claim|schaden|sinistro/, 'claim'],
  [/declaration|lrn|mrn/, 'import-declaration'],
  [/^po|order|bestell/, 'purchase-order'],
];

/** A header without case, marks and separators: `Rechnungs-Nr.` is `rechnungsnr`. */
function plain(header: string): string {
  return header
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll('ß', 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

/** Every field's best column: the earliest word that is a header, each column for one field only. */
function columnsOf(headers: readonly string[]): Record<string, string> {
  const names = headers.map(plain);
  const candidates = Object.entries(WORDS).flatMap(([field, words]) =>
    words.split(' ').flatMap((word, rank) => {
      const index = names.indexOf(word);
      return index < 0 ? [] : [{ field, index, rank }];
    }),
  );
  const columns: Record<string, string> = {};
  const taken = new Set<number>();
  for (const { field, index } of candidates.sort((a, b) => a.rank - b.rank)) {
    const header = headers[index];
    if (columns[field] !== undefined || taken.has(index) || header === undefined) continue;
    columns[field] = header;
    taken.add(index);
  }
  // In the order of the fields, for whoever reads the file.
  return Object.fromEntries(
    Object.keys(WORDS).flatMap((field) => (columns[field] === undefined ? [] : [[field, columns[field]]])),
  );
}

type Values = readonly string[];

/** What the sample dates allow: the orders in which every one of them is a date. Undefined if there are none. */
function dateFormats(values: Values): readonly (typeof DATE_FORMATS)[number][] | undefined {
  const parts = values
    .map((value) => /^(\d{1,4})[/. -](\d{1,2})[/. -](\d{1,4})(?:[ T].*)?$/.exec(value.trim()))
    .map((match) => (match === null ? null : match.slice(1, 4)));
  if (values.length === 0) return undefined;
  const isIso = (value: string): boolean => /^\d{4}-\d{2}-\d{2}(?:[ T].*)?$|^\d{8}$/.test(value.trim());
  if (values.every(isIso)) return ['ISO'];
  const fits = (day: number, month: number, year: number): boolean =>
    values.every((value, i) => {
      if (isIso(value)) return true;
      const found = parts[i];
      return (
        found !== null &&
        found !== undefined &&
        Number(found[day]) <= 31 &&
        Number(found[month]) <= 12 &&
        found[year]?.length === 4
      );
    });
  return [
    ...(fits(0, 1, 2) ? (['DMY'] as const) : []),
    ...(fits(1, 0, 2) ? (['MDY'] as const) : []),
    ...(fits(2, 1, 0) ? (['YMD'] as const) : []),
  ];
}

/** The decimal separators under which every sample is a number. Undefined if none has a separator. */
function decimalSeparators(values: Values): readonly ('.' | ',')[] | undefined {
  const numbers = values.map((value) => value.trim().replace(/^[-+(]|[-)]$/g, ''));
  if (!numbers.some((value) => /[.,]/.test(value))) return undefined;
  const point = /^(?:[0-9]+|[0-9]{1,3}(?:[, '\u2019\u00A0\u202F][0-9]{3})+)(?:\.[0-9]+)?$/;
  const comma = /^(?:[0-9]+|[0-9]{1,3}(?:[. '\u2019\u00A0\u202F][0-9]{3})+)(?:,[0-9]+)?$/;
  return [
    ...(numbers.every((value) => point.test(value)) ? (['.'] as const) : []),
    ...(numbers.every((value) => comma.test(value)) ? ([','] as const) : []),
  ];
}

/**
 * Proposes a mapping from headers and some rows. What the samples leave open, is asked and never guessed: `03/04/2025`
 * in every row, `1.234` as the only amount.
 */
export function proposeMapping(
  headers: readonly string[],
  sampleRows: readonly (readonly Cell[])[],
): Proposal {
  const columns = columnsOf(headers);
  const questions: Question[] = [];
  const samples = (fields: readonly string[]): Values =>
    fields.flatMap((field) => {
      const index = columns[field] === undefined ? -1 : headers.indexOf(columns[field]);
      return sampleRows.flatMap((row) => {
        const cell = row[index];
        return typeof cell === 'string' && !isEmpty(cell) ? [cell] : [];
      });
    });

  const dates = dateFormats(samples(['issueDate', 'startDate', 'endDate']));
  const dateFormat = dates === undefined ? 'ISO' : dates.length === 1 ? (dates[0] ?? null) : null;
  if (dateFormat === null) {
    questions.push({
      field: 'dateFormat',
      message:
        dates?.length === 0
          ? 'no order of day, month and year fits all dates of the sample: mend them, or choose ISO, DMY, MDY or YMD'
          : `the dates of the sample can be read as ${dates?.join(' or ') ?? ''}: state which, as in "dateFormat": "DMY"`,
    });
  }
  const separators = decimalSeparators(samples(['amount', 'grossMass.value', 'sharePercent']));
  const decimalSeparator =
    separators === undefined ? '.' : separators.length === 1 ? (separators[0] ?? null) : null;
  if (decimalSeparator === null) {
    questions.push({
      field: 'decimalSeparator',
      message:
        separators?.length === 0
          ? 'no decimal separator fits all amounts of the sample: mend them, or choose "." or ","'
          : 'the amounts of the sample can be read with "." or "," as decimal separator: state which',
    });
  }
  const kind = proposedKind(columns);
  if (kind === null) {
    questions.push({
      field: 'kind',
      message: `what the rows are is not clear: state one of ${[...PLAIN_KINDS.keys()].join(', ')}, or the column that says it: {"column": "...", "values": {"RE": "invoice"}}`,
    });
  }
  if (columns['number'] === undefined && columns['transport.number'] === undefined)
    questions.push({ field: 'number', message: 'no column looks like the number of the document' });
  if (kind !== 'bill-of-lading' && !Object.keys(columns).some((field) => field.startsWith('issuer.'))) {
    questions.push({
      field: 'issuer',
      message:
        'no column says who issued the document: map one, or if it is always the same, state it: "constants": {"issuer.vat": "DE..."}',
    });
  }
  if (columns['amount'] !== undefined && columns['currency'] === undefined) {
    questions.push({
      field: 'currency',
      message:
        'no column has the currency: map one, or if it is always the same, state it: "constants": {"currency": "EUR"}',
    });
  }
  const used = new Set(Object.values(columns));
  return {
    mapping: {
      counterseal: 'mapping',
      version: MAPPING_VERSION,
      kind,
      columns,
      constants: {},
      dateFormat,
      decimalSeparator,
      listSeparator: ';',
      encoding: 'utf-8',
    },
    questions,
    unmapped: headers.filter((header) => header.trim() !== '' && !used.has(header)),
  };
}

function proposedKind(columns: Readonly<Record<string, string>>): string | null {
  const number = plain(columns['number'] ?? '');
  const word = KIND_WORDS.find(([pattern]) => pattern.test(number));
  if (word !== undefined) return word[1];
  return columns['number'] === undefined && columns['transport.number'] !== undefined
    ? 'bill-of-lading'
    : null;
}
