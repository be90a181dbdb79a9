import { CountersealError } from '../../errors.js';
import type { Carrier } from '../canonical/carrier.js';
import { canonicalParty, type PartyFields, type PartyId } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import {
  AIR_WAYBILL,
  BILL_OF_LADING,
  EXPORT_DECLARATION,
  IMPORT_DECLARATION,
  INSURANCE_CERTIFICATE,
  INVOICE,
  type Kind,
  LETTER_OF_CREDIT,
  PACKING_LIST,
  SEA_WAYBILL,
} from '../kinds.js';
import { countryCode } from './country-names.js';
import { type Credential, type CredentialReaders, isCredential, readCredential } from './credential.js';
import { bankIdentifier } from './bank-identifier.js';
import { canonicalFields, type IssuerFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { canonicalInvoice } from './invoice.js';
import { own } from './json.js';
import {
  fieldAt,
  type FoundObject,
  objectAt,
  objectsAt,
  valueAt,
  valueAtAny,
  valuesAt,
} from './json-path.js';
import type { Found } from './slot-builder.js';
import { equipmentObject } from './ubl-elements.js';
import { writtenWeight } from './written.js';

/**
 * W3C credentials whose subjects have the data elements of the ICC's Key Trade Documents (KTDDE): each says its type,
 * a `documentId` and mostly a number of its own.
 */
export const ktdde: JsonFormat = {
  name: 'ktdde-json',
  recognises: (object) =>
    isCredential(object) &&
    objectsAt({ object, field: '' }, 'credentialSubject').some(
      ({ object: subject }) => own(subject, 'documentId') !== undefined && own(subject, 'type') !== undefined,
    ),
  read: (object) => readCredential(object, READERS),
};

const READERS: CredentialReaders = {
  Invoice: readInvoice,
  PackingList: readPackingList,
  BillOfLading: (credential) => readTransport(credential, BILL_OF_LADING, 'documentId'),
  SeaWaybill: (credential) => readTransport(credential, SEA_WAYBILL, 'billOfLadingNumber'),
  // As in UBL, which calls them waybills too.
  RoadConsignmentNote: ({ warnings, ...credential }) =>
    readTransport(
      { ...credential, warnings: [...warnings, ROAD_WARNING] },
      SEA_WAYBILL,
      'documentIdentifier',
      'carrierTransportServicesProvider',
    ),
  AirWaybill: (credential) => readTransport(credential, AIR_WAYBILL, 'billOfLadingNumber'),
  CustomsDeclaration: readCustomsDeclaration,
  CargoInsurance: readInsurance,
  LetterOfCredit: readLetterOfCredit,
};

const ROAD_WARNING = 'a waybill of road or rail has no kind of its own: it is taken for a sea waybill';

function readInvoice({ subject: doc, warnings }: Credential): CanonicalDocument {
  const total = valueAt(doc, 'totalAmount');
  return canonicalInvoice({
    kind: INVOICE,
    number: valueAt(doc, 'invoiceNumber'),
    issueDate: valueAtAny(doc, ['invoiceDate', 'issueDate']),
    currency: currencyOf(doc, 'totalAmountCurrency'),
    total: total === undefined ? undefined : { ...total, currency: undefined },
    payable: undefined,
    seller: party(doc, 'billFrom'),
    buyer: party(doc, 'billTo'),
    dueDates: valuesAt(doc, 'paymentDueDate'),
    periodStart: undefined,
    lines: objectsAt(doc, 'billableItem').map((item) => ({
      name: valueAt(item, 'description')?.value ?? '',
      quantity: valueAt(item, 'quantity')?.value,
      amount: valueAt(item, 'amount')?.value,
    })),
    linesField: fieldAt(doc, 'billableItem'),
    references: [],
    warnings,
    names: {
      number: fieldAt(doc, 'invoiceNumber'),
      issueDate: fieldAt(doc, 'invoiceDate'),
      seller: fieldAt(doc, 'billFrom'),
      total: fieldAt(doc, 'totalAmount'),
    },
  });
}

function readPackingList({ subject: doc, warnings }: Credential): CanonicalDocument {
  return canonicalFields({
    kind: PACKING_LIST,
    issuer: party(doc, 'seller'),
    number: valueAt(doc, 'documentId'),
    counterparty: party(doc, 'buyer') ?? party(doc, 'consignee'),
    issueDate: valueAt(doc, 'issueDate'),
    ...packages(doc),
    warnings,
    names: { issuer: fieldAt(doc, 'seller'), number: fieldAt(doc, 'documentId') },
  });
}

function readTransport(
  { subject: doc, warnings }: Credential,
  kind: Kind,
  numberName: string,
  statedCarrier = 'carrier',
): CanonicalDocument {
  const house = kind === AIR_WAYBILL ? valueAt(doc, 'houseWaybillDocumentIdentifier') : undefined;
  const carrierName = house === undefined ? statedCarrier : 'freightForwarder';
  const issuer = party(doc, carrierName);
  // A house waybill shares the airline's number with its siblings: its own, of the forwarder, tells them apart.
  const number = house ?? valueAt(doc, numberName);
  return canonicalFields({
    kind,
    issuer,
    number,
    counterparty: party(doc, 'consignee'),
    issueDate: valueAt(doc, 'issueDate'),
    startDate: valueAt(doc, 'consignmentLoadingDate'),
    transport:
      number === undefined
        ? undefined
        : {
            carrier: kind === AIR_WAYBILL && house === undefined ? { air: true } : carrierOf(issuer),
            number,
          },
    objects: valuesAt(doc, 'transportEquipmentIdentifier').map(equipmentObject),
    hsCodes: hsCodes(doc),
    ...packages(doc),
    ...grossWeight(doc),
    warnings,
    names: {
      issuer: fieldAt(doc, carrierName),
      number: fieldAt(doc, numberName),
      transport: number === undefined ? fieldAt(doc, numberName) : fieldAt(doc, carrierName),
    },
  });
}

function carrierOf(party: PartyFields | undefined): Carrier | undefined {
  const canonical = party === undefined ? null : canonicalParty(party);
  return canonical === null ? undefined : { party: canonical.value };
}

/** Of import where it names the office of entry, of export where it names that of exit. */
function readCustomsDeclaration({ subject: doc, warnings }: Credential): CanonicalDocument {
  const [entry, exit] = ['customsOfficeOfEntry', 'customsOfficeOfExit'].map(
    (name) => (own(doc.object, name) ?? null) !== null,
  );
  if (entry === exit) {
    throw new CountersealError(
      'missing_field',
      'customsOfficeOfEntry or customsOfficeOfExit must be there, and not both: they say whether it is of import or export',
      { field: fieldAt(doc, 'customsOfficeOfEntry') },
    );
  }
  const trader = entry === true ? 'importer' : 'exporter';
  const carried = valueAt(doc, 'transportContractDocument');
  const [, air] = /^AWB[- ]?([0-9]{3}-?[0-9]{8})$/i.exec(carried?.value ?? '') ?? [];
  return canonicalFields({
    kind: entry === true ? IMPORT_DECLARATION : EXPORT_DECLARATION,
    issuer: party(doc, 'declarant') ?? party(doc, trader),
    number: valueAt(doc, 'documentId'),
    counterparty: party(doc, trader),
    issueDate: valueAt(doc, 'issueDate'),
    currency: currencyOf(doc, 'totalInvoiceAmountCurrency'),
    amount: valueAt(doc, 'totalInvoiceAmount'),
    transport:
      carried === undefined
        ? undefined
        : air === undefined
          ? { carrier: undefined, number: carried }
          : { carrier: { air: true }, number: { ...carried, value: air } },
    references: valuesAt(doc, 'invoiceNumber').map((found) => ({
      ...found,
      kind: INVOICE,
      issuer: 'unknown' as const,
    })),
    hsCodes: hsCodes(doc),
    ...packages(doc),
    ...grossWeight(doc),
    warnings,
    names: { issuer: fieldAt(doc, trader), number: fieldAt(doc, 'documentId') },
  });
}

/** A certificate under a policy, which has many of them. */
function readInsurance({ subject: doc, warnings }: Credential): CanonicalDocument {
  return canonicalFields({
    kind: INSURANCE_CERTIFICATE,
    issuer: party(doc, 'insuranceCompany'),
    number: valueAt(doc, 'documentId'),
    counterparty: party(doc, 'insuredParty'),
    issueDate: valueAt(doc, 'issuedDate'),
    currency: currencyOf(doc, 'insuredValueCurrency'),
    amount: valueAt(doc, 'insuredValueAmount'),
    peril: valueAt(doc, 'insuranceCondition'),
    references: [
      ...valuesAt(doc, 'insurancePolicyNumber').map((found) => ({
        ...found,
        kind: 530,
        issuer: 'issuer' as const,
      })),
      ...valuesAt(doc, 'invoiceNumber').map((found) => ({ ...found, kind: 380, issuer: 'unknown' as const })),
    ],
    warnings,
    names: { issuer: fieldAt(doc, 'insuranceCompany'), number: fieldAt(doc, 'documentId') },
  });
}

/** The bank with which a credit is available need not be the one that issued it. */
function readLetterOfCredit({ subject: doc, warnings }: Credential): CanonicalDocument {
  const bankName = 'documentaryCreditIssuingBank';
  return canonicalFields({
    kind: LETTER_OF_CREDIT,
    issuer: bank(objectAt(doc, bankName)),
    number: valueAt(doc, 'documentaryCreditIdentifier'),
    counterparty: party(doc, 'documentaryCreditBeneficiary'),
    issueDate: valueAt(doc, 'documentaryCreditDocumentIssueDate'),
    endDate: valueAt(doc, 'documentaryCreditDocumentEffectiveEndDate'),
    currency: currencyOf(doc, 'documentaryCreditAmountCurrency'),
    amount: valueAt(doc, 'documentaryCreditAmount'),
    warnings,
    names: { issuer: fieldAt(doc, bankName), number: fieldAt(doc, 'documentaryCreditIdentifier') },
  });
}

function bank(found: FoundObject | undefined): IssuerFields | undefined {
  if (found === undefined) return undefined;
  const code = valueAtAny(found, ['swiftBic', 'bic']);
  if (code !== undefined) return bankIdentifier(code.value, code.field);
  return partyAt(found, ['name', 'bankName']);
}

/** The currency of an amount: a field of its own, or that of the whole document. */
function currencyOf(doc: FoundObject, name: string): Found | undefined {
  return valueAt(doc, name) ?? valueAt(doc, 'currencyCode');
}

function hsCodes(doc: FoundObject): readonly Found[] {
  return valuesAt(doc, 'goods.hsCode').filter(({ value }) => /^[0-9]{6}/.test(value.replace(/[ .]/g, '')));
}

/** The sum of the goods' packages, if all are counted: a part would be a number that other documents have by right. */
function packages(doc: FoundObject) {
  const goods = objectsAt(doc, 'goods');
  const counts = goods.flatMap((item) => valueAt(item, 'numberOfPackages')?.value ?? []);
  return counts.length === goods.length
    ? { packages: { counts, field: fieldAt(doc, 'goods.numberOfPackages') } }
    : {};
}

/** A number and its unit, in one field or in two. */
function grossWeight(doc: FoundObject) {
  const weight = valueAt(doc, 'grossWeight');
  const unit = valueAt(doc, 'grossWeightUnit');
  const item =
    weight === undefined
      ? undefined
      : unit === undefined
        ? writtenWeight(weight.value)
        : { value: weight.value, unit: unit.value };
  return item === undefined ? {} : { weights: { items: [item], field: fieldAt(doc, 'grossWeight') } };
}

function party(doc: FoundObject, path: string): PartyFields | undefined {
  const found = objectAt(doc, path);
  return found === undefined ? undefined : partyAt(found);
}

/** The bank that a party names beside itself is that of its account. */
function partyAt(found: FoundObject, names: readonly string[] = ['name']): PartyFields | undefined {
  const name = valueAtAny(found, names);
  const lei = valueAt(found, 'leiCode');
  const ids: readonly PartyId[] = lei === undefined ? [] : [{ register: { scheme: 'LEI' }, ...lei }];
  if (name === undefined && ids.length === 0) return undefined;
  return {
    ids,
    endpoints: [],
    name,
    country: countryCode((valueAt(found, 'country') ?? valueAt(found, 'countryCode'))?.value),
    field: found.field,
  };
}
