import type { CanonicalDocument } from '../document.js';
import { ORDER, PACKING_LIST } from '../kinds.js';
import { canonicalFields } from './document-fields.js';
import type { XmlFormat } from './format.js';
import type { Found } from './slot-builder.js';
import {
  counts,
  firstValues,
  isUblRoot,
  itemLine,
  measures,
  referencesAt,
  transportEquipment,
  ubl,
} from './ubl-elements.js';
import { ublParty } from './ubl-party.js';
import type { XmlElement } from './xml.js';

/** UBL orders, which the buyer issues. */
export const ublOrder: XmlFormat = {
  name: 'ubl-xml',
  recognises: (root) => isUblRoot(root, new Set(['Order'])),
  read: readOrder,
};

/** UBL despatch advices, which the seller issues: the packing list. */
export const ublDespatchAdvice: XmlFormat = {
  name: 'ubl-xml',
  recognises: (root) => isUblRoot(root, new Set(['DespatchAdvice'])),
  read: readDespatchAdvice,
};

function readOrder(root: XmlElement): CanonicalDocument {
  const buyer = ubl.one(root, 'cac:BuyerCustomerParty');
  const seller = ubl.one(root, 'cac:SellerSupplierParty');
  const [total] = firstValues(root, [
    'cac:AnticipatedMonetaryTotal/cbc:TaxInclusiveAmount',
    'cac:AnticipatedMonetaryTotal/cbc:PayableAmount',
  ]);
  const currencyId = total?.attributes.get('currencyID');
  const currency: Found | undefined =
    ubl.value(root, 'cbc:DocumentCurrencyCode') ??
    (total === undefined || currencyId === undefined
      ? undefined
      : { value: currencyId, field: `${total.field}/@currencyID` });
  return canonicalFields({
    kind: ORDER,
    issuer: buyer === undefined ? undefined : ublParty(ubl, buyer, 'cac:BuyerCustomerParty'),
    number: ubl.value(root, 'cbc:ID'),
    counterparty: seller === undefined ? undefined : ublParty(ubl, seller, 'cac:SellerSupplierParty'),
    issueDate: ubl.value(root, 'cbc:IssueDate'),
    currency,
    amount: total,
    references: [
      ...referencesAt(root, 'cac:QuotationDocumentReference/cbc:ID', 310, 'counterparty'),
      ...referencesAt(root, 'cac:Contract/cbc:ID', 315, 'unknown'),
    ],
    lines: {
      items: ubl.all(root, 'cac:OrderLine/cac:LineItem').map((line) => itemLine(line, ['cbc:Quantity'])),
      field: 'cac:OrderLine',
    },
    names: { issuer: 'cac:BuyerCustomerParty/cac:Party', number: 'cbc:ID' },
  });
}

function readDespatchAdvice(root: XmlElement): CanonicalDocument {
  const seller = ubl.one(root, 'cac:DespatchSupplierParty');
  const buyer = ubl.one(root, 'cac:DeliveryCustomerParty');
  const weights = measures(root, [
    'cac:Shipment/cbc:GrossWeightMeasure',
    'cac:Shipment/cac:Consignment/cbc:GrossWeightMeasure',
  ]);
  const packed = counts(root, [
    'cac:Shipment/cac:Consignment/cbc:TotalPackagesQuantity',
    'cac:Shipment/cbc:TotalTransportHandlingUnitQuantity',
  ]);
  return canonicalFields({
    kind: PACKING_LIST,
    issuer: seller === undefined ? undefined : ublParty(ubl, seller, 'cac:DespatchSupplierParty'),
    number: ubl.value(root, 'cbc:ID'),
    counterparty: buyer === undefined ? undefined : ublParty(ubl, buyer, 'cac:DeliveryCustomerParty'),
    issueDate: ubl.value(root, 'cbc:IssueDate'),
    objects: transportEquipment(root),
    ...(weights === undefined ? {} : { weights }),
    ...(packed === undefined ? {} : { packages: packed }),
    references: referencesAt(root, 'cac:OrderReference/cbc:ID', 105, 'counterparty'),
    lines: {
      items: ubl.all(root, 'cac:DespatchLine').map((line) => itemLine(line, ['cbc:DeliveredQuantity'])),
      field: 'cac:DespatchLine',
    },
    names: { issuer: 'cac:DespatchSupplierParty/cac:Party', number: 'cbc:ID' },
  });
}
