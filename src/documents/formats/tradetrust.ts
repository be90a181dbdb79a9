import { CountersealError } from '../../errors.js';
import type { PartyFields } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import { BILL_OF_LADING, INVOICE, WAREHOUSE_WARRANT } from '../kinds.js';
import { countryCode } from './country-names.js';
import { contextsOf, credentialOf, isCredential, noKind, unverified, words } from './credential.js';
import { canonicalFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { ktdde } from './ktdde.js';
import { traceability } from './traceability.js';
import { canonicalInvoice } from './invoice.js';
import { isObject, type JsonObject, own } from './json.js';
import {
  fieldAt,
  type FoundObject,
  objectAt,
  objectsAt,
  valueAt,
  valueAtAny,
  valuesAt,
} from './json-path.js';
import { hiddenFields, isOpenAttestation2, openAttestationData, plainData } from './open-attestation.js';
import type { Found } from './slot-builder.js';
import { writtenAmount, writtenDate, writtenWeight } from './written.js';

/**
 * TradeTrust: the data of its templates, bare, as its document creator takes them, or in OpenAttestation 2, 3 or 4 or
 * a W3C credential. Who signs a document is often a platform and not who issues it: the content says that.
 */
export const tradeTrust: JsonFormat = {
  name: 'tradetrust-json',
  recognises: (object) =>
    isOpenAttestation2(object) ||
    (isCredential(object)
      ? isTradeTrustCredential(object)
      : isTemplate(object) || shapesOf(object).length > 0),
  read(object): CanonicalDocument {
    const opened = open(object);
    return READERS[shapeOf(opened)](opened);
  },
};

type Shape = 'bill-of-lading' | 'bimco' | 'invoice' | 'warehouse-receipt';

/** A document out of whatever envelope it came in. */
interface Opened {
  readonly doc: FoundObject;
  /** What the envelope calls it: types of the subject, then the name of the template that shows it. */
  readonly names: readonly string[];
  readonly namesField: string;
  /** In a credential the subject's `id` is a name for the subject, and no number of a document. */
  readonly idIsNumber: boolean;
  readonly warnings: readonly string[];
}

/** Platforms put their contexts into credentials of other vocabularies too. */
const isTradeTrustCredential = (object: JsonObject): boolean =>
  (!ktdde.recognises(object) &&
    !traceability.recognises(object) &&
    (isObject(own(object, 'openAttestationMetadata')) ||
      contextsOf(object).some((url) =>
        /^https:\/\/(?:[a-z.]+\.)?(?:openattestation\.com|trustvc\.io|tradetrust\.io)\//.test(url),
      ))) ||
  objectsAt({ object, field: '' }, 'credentialSubject').some(
    ({ object: subject }) => shapesOf(subject).length > 0,
  );

/** Raw data say which template shows them. */
const isTemplate = (object: JsonObject): boolean =>
  isObject(own(object, '$template')) && own(object, 'issuers') !== undefined;

function open(object: JsonObject): Opened {
  if (isOpenAttestation2(object)) {
    const doc = openAttestationData(object);
    return {
      doc,
      names: [...valuesAt(doc, 'type'), ...valuesAt(doc, '$template.name')].map(({ value }) => value),
      namesField: 'data.$template.name',
      idIsNumber: true,
      warnings: [...unverified(true), ...hiddenFields(object)],
    };
  }
  if (isCredential(object)) {
    const { subject, types, warnings } = credentialOf(object);
    const whole: FoundObject = { object, field: '' };
    const templates = ['openAttestationMetadata.template.name', 'renderMethod.templateName'];
    return {
      doc: { object: plainData(subject.object), field: subject.field },
      names: [...types, ...templates.flatMap((path) => valuesAt(whole, path).map(({ value }) => value))],
      namesField: 'credentialSubject.type',
      idIsNumber: false,
      warnings,
    };
  }
  const doc: FoundObject = { object: plainData(object), field: '' };
  return {
    doc,
    names: [...valuesAt(doc, 'type'), ...valuesAt(doc, '$template.name')].map(({ value }) => value),
    namesField: '$template.name',
    idIsNumber: true,
    warnings: [],
  };
}

/**
 * By its fields, because templates have many names; of a document whose fields were hidden, by what its envelope says.
 *
 * @throws unsupported_format if it is of another kind; invalid_document if it could be two: people would be shown the
 * one and the reader take the other
 */
function shapeOf(opened: Opened): Shape {
  const { names, namesField } = opened;
  const shapes = shapesOf(opened.doc.object);
  const named = new Set(
    names.flatMap((name) => NAMED.get(name.replace(/[^A-Za-z]/g, '').toUpperCase()) ?? []),
  );
  const [shape, ...others] = shapes.length > 0 ? shapes : named;
  if (shape === undefined) throw noKind(nameOf(opened), namesField);
  const isLading = (one: Shape): boolean => one === 'bill-of-lading' || one === 'bimco';
  if (others.length > 0 || [...named].some((one) => one !== shape && !(isLading(one) && isLading(shape)))) {
    throw new CountersealError(
      'invalid_document',
      `the document has the fields or the names of several kinds (${[...new Set([...shapes, ...named])].join(', ')}): which one it is must be clear`,
      { field: namesField },
    );
  }
  return shape;
}

function shapesOf(object: JsonObject): readonly Shape[] {
  const has = (key: string): boolean => own(object, key) !== undefined;
  const found: Record<Shape, boolean> = {
    'bill-of-lading': has('blNumber') && (has('scac') || has('carrierName') || has('portOfLoading')),
    bimco: has('billOfLadingNo') && has('SCAC'),
    invoice: has('billableItems') && (has('billFrom') || has('billFromName')),
    'warehouse-receipt':
      isObject(own(object, 'warehouseReceiptDetails')) ||
      (has('warehouseReceipt') && has('warehouseAddress')),
  };
  return (Object.keys(found) as Shape[]).filter((shape) => found[shape]);
}

/** Types of subjects and names of templates. */
const NAMED: ReadonlyMap<string, Shape> = new Map([
  ['BILLOFLADING', 'bill-of-lading'],
  ['BILLOFLADINGCARRIER', 'bill-of-lading'],
  ['BILLOFLADINGBIMCO', 'bimco'],
  ['INVOICE', 'invoice'],
  ['WAREHOUSERECEIPT', 'warehouse-receipt'],
]);

function nameOf({ doc, names }: Opened): string {
  if (
    own(doc.object, 'supplyChainConsignment') !== undefined ||
    names.some((name) => /(?:^|_)COO$/i.test(name))
  )
    return 'certificate of origin';
  return words(names[0] ?? 'document of an unknown template');
}

const READERS: Readonly<Record<Shape, (opened: Opened) => CanonicalDocument>> = {
  'bill-of-lading': readBillOfLading,
  bimco: readBimco,
  invoice: readInvoice,
  'warehouse-receipt': readWarehouseReceipt,
};

/** The number of a bill of lading is one only together with its carrier's code: the name beside it can be anything. */
function transport(doc: FoundObject, numberName: string, scacName: string) {
  const number = valueAt(doc, numberName);
  const code = valueAt(doc, scacName);
  if (code !== undefined && !/^[A-Z]{2,4}$/i.test(code.value)) {
    throw new CountersealError(
      'invalid_document',
      `${code.field} is ${JSON.stringify(code.value.slice(0, 20))}: a carrier's SCAC has two to four letters`,
      { field: code.field },
    );
  }
  if (number !== undefined && code === undefined) {
    throw new CountersealError(
      'missing_field',
      `${fieldAt(doc, scacName)} is missing: the number of a bill of lading is one only together with its carrier`,
      { field: fieldAt(doc, scacName) },
    );
  }
  return {
    number,
    transport:
      number === undefined || code === undefined
        ? undefined
        : { carrier: { scheme: 'SCAC' as const, code: code.value }, number },
    names: {
      issuer: fieldAt(doc, scacName),
      number: fieldAt(doc, numberName),
      transport: fieldAt(doc, numberName),
    },
  };
}

function readBillOfLading({ doc, warnings }: Opened): CanonicalDocument {
  const packages = objectsAt(doc, 'packages');
  const weights = packages.map((item) => valueAtAny(item, ['packagesWeight', 'weight']));
  return canonicalFields({
    kind: BILL_OF_LADING,
    issuer: named(valueAt(doc, 'carrierName'), undefined),
    counterparty: named(valueAtAny(doc, ['consignee.name', 'consigneeName']), undefined),
    issueDate: writtenDate(valueAt(doc, 'dateOfIssueBL')),
    startDate: writtenDate(valueAt(doc, 'shippedOnBoardDate')),
    ...transport(doc, 'blNumber', 'scac'),
    ...weightOf(weights, fieldAt(doc, 'packages.weight'), warnings),
  });
}

/** The BIMCO form (CONGENBILL and the like). */
function readBimco({ doc, warnings }: Opened): CanonicalDocument {
  const consignee = objectAt(doc, 'consignee.party');
  const issued = valueAt(doc, 'dateOfIssue');
  return canonicalFields({
    kind: BILL_OF_LADING,
    issuer: undefined,
    counterparty:
      consignee === undefined
        ? undefined
        : named(valueAt(consignee, 'partyName'), valueAt(consignee, 'address.country')?.value),
    // Place and date are one field of the form: `Rotterdam, 2023-10-17`.
    issueDate: issued && { ...issued, value: issued.value.replace(/^[^0-9]+, ?(?=[0-9]{4}-)/, '') },
    startDate: writtenDate(valueAt(doc, 'shippedOnBoardDate')),
    ...transport(doc, 'billOfLadingNo', 'SCAC'),
    ...weightOf([valueAt(doc, 'cargoGrossWeight')], fieldAt(doc, 'cargoGrossWeight'), warnings),
  });
}

/** The sum of the weights, if each says its unit: a number without one would be a guess. */
function weightOf(found: readonly (Found | undefined)[], field: string, warnings: readonly string[]) {
  const items = found.flatMap((weight) => (weight === undefined ? [] : (writtenWeight(weight.value) ?? [])));
  if (items.length === found.length && items.length > 0) return { weights: { items, field }, warnings };
  return found.every((weight) => weight === undefined)
    ? { warnings }
    : { warnings: [...warnings, `quantity is left out: ${field} does not say its unit, as in 1300 KGM`] };
}

function readInvoice({ doc, idIsNumber, warnings }: Opened): CanonicalDocument {
  const items = objectsAt(doc, 'billableItems');
  const total = valueAt(doc, 'total');
  const amount = total === undefined ? undefined : writtenAmount(total);
  const first = (from: FoundObject, ...paths: string[]): Found | undefined => valueAtAny(from, paths);
  return canonicalInvoice({
    kind: INVOICE,
    number: first(doc, 'invoiceId', ...(idIsNumber ? ['id'] : [])),
    issueDate: writtenDate(valueAt(doc, 'date')),
    currency: valueAt(doc, 'currency'),
    total: amount,
    payable: undefined,
    seller: named(first(doc, 'billFrom.name', 'billFrom.billFromName', 'billFromName'), undefined),
    buyer: named(
      first(doc, 'billTo.company.name', 'billToCompany.billToCompanyName', 'billToCompanyName'),
      undefined,
    ),
    dueDates: [],
    periodStart: undefined,
    lines: items.map((item) => {
      const sum = first(item, 'amount', 'billableItemsAmount');
      return {
        name: first(item, 'description', 'billableItemsDescription')?.value ?? '',
        quantity: first(item, 'quantity', 'billableItemsQuantity')?.value,
        amount: sum === undefined ? undefined : writtenAmount(sum).value,
      };
    }),
    linesField: fieldAt(doc, 'billableItems'),
    references: [],
    warnings,
    names: {
      number: fieldAt(doc, 'invoiceId'),
      issueDate: fieldAt(doc, 'date'),
      seller: fieldAt(doc, 'billFrom'),
      total: fieldAt(doc, 'total'),
    },
  });
}

/** A negotiable warehouse receipt is a warrant. The form has no field for who keeps the warehouse but its address. */
function readWarehouseReceipt({ doc, warnings }: Opened): CanonicalDocument {
  const details = objectAt(doc, 'warehouseReceiptDetails') ?? doc;
  const address = valueAt(doc, 'warehouseAddress');
  return canonicalFields({
    kind: WAREHOUSE_WARRANT,
    issuer: named(address, undefined),
    number: valueAt(details, 'warehouseReceipt'),
    issueDate: writtenDate(valueAt(details, 'issuanceDate')),
    startDate: writtenDate(valueAt(details, 'rentStartDate')),
    counterparty: named(valueAt(details, 'account'), undefined),
    warnings,
    names: { issuer: fieldAt(doc, 'warehouseAddress'), number: fieldAt(details, 'warehouseReceipt') },
  });
}

function named(name: Found | undefined, country: string | undefined): PartyFields | undefined {
  return name === undefined
    ? undefined
    : { ids: [], endpoints: [], name, country: countryCode(country), field: name.field };
}
