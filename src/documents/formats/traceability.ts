import { CountersealError } from '../../errors.js';
import type { Carrier } from '../canonical/carrier.js';
import { canonicalParty, type PartyFields, type PartyId } from '../canonical/party.js';
import type { PartyScheme } from '../canonical/schemes.js';
import type { CanonicalDocument } from '../document.js';
import {
  AIR_WAYBILL,
  BILL_OF_LADING,
  HOUSE_BILL_OF_LADING,
  IMPORT_DECLARATION,
  INVOICE,
  type Kind,
  MASTER_BILL_OF_LADING,
  ORDER,
} from '../kinds.js';
import { countryCode } from './country-names.js';
import {
  contextsOf,
  type Credential,
  type CredentialReaders,
  isCredential,
  readCredential,
} from './credential.js';
import { canonicalFields, type IssuerFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { canonicalInvoice } from './invoice.js';
import {
  fieldAt,
  type FoundObject,
  objectAt,
  objectsAt,
  valueAt,
  valueAtAny,
  valuesAt,
} from './json-path.js';
import { required } from './slot-builder.js';
import type { Found } from './slot-builder.js';
import { equipmentObject } from './ubl-elements.js';

const VOCABULARY = /^https:\/\/(?:www\.)?w3id\.org\/traceability(?:\/|#|$)/;

/** W3C credentials in the traceability vocabulary (w3id.org/traceability). */
export const traceability: JsonFormat = {
  name: 'traceability-json',
  recognises: (object) => isCredential(object) && contextsOf(object).some((url) => VOCABULARY.test(url)),
  read: (object) => readCredential(object, READERS),
};

const READERS: CredentialReaders = {
  Invoice: readInvoice,
  CommercialInvoice: readInvoice,
  PackingList: ({ subject }) => {
    // Its order, its invoice and its shipment have numbers; it has none.
    const field = fieldAt(subject, 'packingListNumber');
    return required<CanonicalDocument>(undefined, field);
  },
  BillOfLading: (credential) => readBillOfLading(credential, BILL_OF_LADING),
  MasterBillOfLading: (credential) => readBillOfLading(credential, MASTER_BILL_OF_LADING),
  HouseBillOfLading: (credential) => readBillOfLading(credential, HOUSE_BILL_OF_LADING),
  IATAAirWaybill: readAirWaybill,
  CBPEntry: readEntry,
  CBPEntrySummary: readEntry,
  CBPEntryType86: readEntry,
};

function readInvoice({ subject: doc, warnings }: Credential): CanonicalDocument {
  const total = valueAt(doc, 'totalPaymentDue.price');
  const currency = valueAt(doc, 'totalPaymentDue.priceCurrency');
  return canonicalInvoice({
    kind: INVOICE,
    number: valueAt(doc, 'invoiceNumber'),
    // Not purchaseDate, which is the day of payment, nor the credential's own date.
    issueDate: valueAt(doc, 'invoiceDate'),
    currency,
    total: total === undefined ? undefined : { ...total, currency: undefined },
    payable: undefined,
    seller: party(doc, 'seller'),
    buyer: party(doc, 'buyer'),
    dueDates: [],
    periodStart: undefined,
    lines: objectsAt(doc, 'itemsShipped').map((item) => ({
      name: (valueAt(item, 'product.description') ?? valueAt(item, 'description'))?.value ?? '',
      quantity: valueAt(item, 'itemCount')?.value,
      amount: valueAt(item, 'lineItemTotalPrice.price')?.value,
    })),
    linesField: fieldAt(doc, 'itemsShipped'),
    references: [...valuesAt(doc, 'purchaseOrderNumbers'), ...valuesAt(doc, 'referencesOrder')].map(
      (found) => ({
        ...found,
        kind: ORDER,
        issuer: 'counterparty' as const,
      }),
    ),
    warnings,
    names: {
      number: fieldAt(doc, 'invoiceNumber'),
      issueDate: fieldAt(doc, 'invoiceDate'),
      seller: fieldAt(doc, 'seller'),
      total: fieldAt(doc, 'totalPaymentDue.price'),
    },
  });
}

function readBillOfLading({ subject: doc, warnings }: Credential, kind: Kind): CanonicalDocument {
  const carrier = party(doc, 'carrier');
  const number = valueAt(doc, 'billOfLadingNumber');
  const scac = valueAtAny(doc, ['carrier.scac', 'scac']);
  const items = [...objectsAt(doc, 'includedConsignmentItems'), ...objectsAt(doc, 'particulars')];
  return canonicalFields({
    kind,
    issuer: carrier,
    number,
    counterparty: party(doc, 'consignee'),
    issueDate: valueAt(doc, 'issueDate'),
    startDate: valueAt(doc, 'shippedOnBoardDate'),
    currency: valueAt(doc, 'declaredValue.priceCurrency'),
    amount: valueAt(doc, 'declaredValue.price'),
    transport:
      number === undefined
        ? undefined
        : { carrier: scac === undefined ? named(carrier) : { scheme: 'SCAC', code: scac.value }, number },
    objects: valuesAt(doc, 'utilizedTransportEquipment.equipmentReference').map(equipmentObject),
    hsCodes: hsCodes(items),
    ...weights(items, fieldAt(doc, 'includedConsignmentItems.grossWeight')),
    ...packages(doc, items),
    references: valuesAt(doc, 'bookingNumber').map((found) => ({
      ...found,
      kind: 335,
      issuer: 'issuer' as const,
    })),
    warnings,
    names: {
      issuer: fieldAt(doc, 'carrier'),
      number: fieldAt(doc, 'billOfLadingNumber'),
      transport: number === undefined ? fieldAt(doc, 'billOfLadingNumber') : fieldAt(doc, 'carrier'),
    },
  });
}

/** The airline's prefix and a serial number of eight digits. */
const AIRLINE_NUMBER = /^([0-9]{3})[- ]?([0-9]{8})$/;

/**
 * Boxes 1A and 1B of the air waybill, airline and serial number, are its number. A forwarder's own waybill, which has
 * another, shares the airline's with its siblings: where its type is not said, a number of another shape says it.
 */
function readAirWaybill({ subject: doc, warnings }: Credential): CanonicalDocument {
  const airline = valueAt(doc, 'airlineCodeNumber');
  const serial = valueAt(doc, 'serialNumber');
  const own = valueAt(doc, 'airWaybillNumber');
  const type = valueAt(doc, 'waybillType')?.value.toLowerCase();
  const carrier = party(doc, 'carrier');
  const boxes =
    airline === undefined || serial === undefined
      ? undefined
      : { value: `${airline.value}-${serial.value}`, field: serial.field };
  const ofAirline = AIRLINE_NUMBER.exec(own?.value ?? '');
  if (
    own !== undefined &&
    boxes !== undefined &&
    ofAirline !== null &&
    `${ofAirline[1]}-${ofAirline[2]}` !== boxes.value
  ) {
    throw new CountersealError(
      'invalid_document',
      `${own.field} is ${own.value} and airlineCodeNumber and serialNumber are ${boxes.value.slice(0, 40)}: they must be equal`,
      { field: own.field },
    );
  }
  const isHouse = type === 'house' || (type !== 'master' && own !== undefined && ofAirline === null);
  const number = isHouse ? own : (boxes ?? own);
  const weight = valueAt(doc, 'totalGrossWeight');
  const unit = valueAt(doc, 'consignmentRatingDetails.grossWeightUnit');
  const pieces = valueAt(doc, 'totalNumberOfPieces');
  return canonicalFields({
    kind: AIR_WAYBILL,
    issuer: carrier,
    number,
    counterparty: party(doc, 'consignee'),
    issueDate: valueAt(doc, 'executedOn'),
    transport:
      number === undefined ? undefined : { carrier: isHouse ? named(carrier) : { air: true }, number },
    ...(weight === undefined || unit === undefined
      ? {}
      : { weights: { items: [{ value: weight.value, unit: unit.value }], field: weight.field } }),
    ...(pieces === undefined ? {} : { packages: { counts: [pieces.value], field: pieces.field } }),
    warnings,
    names: {
      issuer: fieldAt(doc, 'carrier'),
      number: fieldAt(doc, isHouse ? 'airWaybillNumber' : 'serialNumber'),
      transport: fieldAt(
        doc,
        number === undefined
          ? isHouse
            ? 'airWaybillNumber'
            : 'serialNumber'
          : isHouse
            ? 'carrier'
            : 'airlineCodeNumber',
      ),
    },
  });
}

/** US customs entries (CBP 3461, 7501, type 86), which are declarations of import. */
function readEntry({ subject: doc, warnings }: Credential): CanonicalDocument {
  const items = objectsAt(doc, 'lineItems');
  const bill = valueAt(doc, 'bolNumber');
  const scac = valueAt(doc, 'scac');
  const pieces = valueAt(doc, 'quantity.value');
  return canonicalFields({
    kind: IMPORT_DECLARATION,
    issuer: importerOfRecord(doc) ?? party(doc, 'importer'),
    number: valueAt(doc, 'entryNumber'),
    counterparty: party(doc, 'importer') ?? party(doc, 'consignee'),
    transport:
      bill === undefined
        ? undefined
        : { carrier: scac === undefined ? undefined : { scheme: 'SCAC', code: scac.value }, number: bill },
    hsCodes: hsCodes([...items, ...objectsAt(doc, 'htsusNumber').map(asCommodity)]),
    ...(pieces === undefined ? {} : { packages: { counts: [pieces.value], field: pieces.field } }),
    warnings,
    names: { issuer: fieldAt(doc, 'importerOfRecord.number'), number: fieldAt(doc, 'entryNumber') },
  });
}

const asCommodity = (found: FoundObject): FoundObject => ({
  object: { commodity: found.object },
  field: found.field,
});

/** The number under which customs know the importer; the kind of number is part of what it is. */
function importerOfRecord(doc: FoundObject): IssuerFields | undefined {
  const number = valueAt(doc, 'importerOfRecord.number');
  const type = valueAt(doc, 'importerOfRecord.identifierType')?.value.toUpperCase() ?? 'CBP';
  if (number === undefined || !/[0-9]/.test(number.value)) return undefined;
  return {
    ids: [
      { register: { scheme: 'TAX', country: 'US' }, value: `${type}${number.value}`, field: number.field },
    ],
    endpoints: [],
    name: undefined,
    country: 'US',
    field: number.field,
  };
}

function named(carrier: PartyFields | undefined): Carrier | undefined {
  const canonical = carrier === undefined ? null : canonicalParty(carrier);
  return canonical === null ? undefined : { party: canonical.value };
}

function hsCodes(items: readonly FoundObject[]): readonly Found[] {
  return items
    .flatMap((item) => valuesAt(item, 'commodity.commodityCode'))
    .filter(({ value }) => /^[0-9]{6}/.test(value.replace(/[ .]/g, '')));
}

/** Gross weights with their units, if all items have one: a part would be a weight that others have by right. */
function weights(items: readonly FoundObject[], field: string) {
  const found = items.flatMap((item) => {
    const value = valueAt(item, 'grossWeight.value');
    const unit = valueAt(item, 'grossWeight.unitCode');
    return value === undefined || unit === undefined ? [] : [{ value: value.value, unit: unit.value }];
  });
  return found.length > 0 && found.length === items.length ? { weights: { items: found, field } } : {};
}

function packages(doc: FoundObject, items: readonly FoundObject[]) {
  const total = valueAt(doc, 'totalNumberOfPackages');
  if (total !== undefined) return { packages: { counts: [total.value], field: total.field } };
  const counts = items.flatMap((item) => valueAt(item, 'packageQuantity')?.value ?? []);
  return counts.length > 0 && counts.length === items.length
    ? { packages: { counts, field: fieldAt(doc, 'includedConsignmentItems.packageQuantity') } }
    : {};
}

/** What schema.org calls the identifiers of organisations. */
const IDENTIFIERS: Readonly<Record<string, PartyScheme>> = {
  vatID: 'VAT',
  taxID: 'TAX',
  taxId: 'TAX',
  leiCode: 'LEI',
  duns: 'DUNS',
  globalLocationNumber: 'GLN',
};

function party(doc: FoundObject, path: string): PartyFields | undefined {
  const found = objectAt(doc, path);
  if (found === undefined) return undefined;
  const ids = Object.entries(IDENTIFIERS).flatMap(([name, scheme]): PartyId[] => {
    const value = valueAt(found, name);
    return value === undefined ? [] : [{ register: { scheme }, ...value }];
  });
  const name = valueAt(found, 'legalName') ?? valueAt(found, 'name');
  if (name === undefined && ids.length === 0) return undefined;
  const country =
    valueAt(found, 'location.address.addressCountry') ?? valueAt(found, 'address.addressCountry');
  return { ids, endpoints: [], name, country: countryCode(country?.value), field: found.field };
}
