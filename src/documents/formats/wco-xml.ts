import { addDecimal, formatDecimal, parseDecimal } from '../canonical/decimal.js';
import type { PartyFields } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import { EXPORT_DECLARATION, IMPORT_DECLARATION, type Kind } from '../kinds.js';
import { type CustomsReference, customsReferences, customsTransport } from './customs-references.js';
import { canonicalFields } from './document-fields.js';
import type { XmlFormat } from './format.js';
import { CountersealError } from '../../errors.js';
import type { Found, LineFields } from './slot-builder.js';
import { equipmentObject } from './ubl-elements.js';
import type { XmlElement } from './xml.js';
import { XmlReader } from './xml-path.js';

/** Declarations of the WCO Data Model, version 3, and the customisation of it that HMRC's CDS has. */
const DECLARATION = /^urn:wco:datamodel:(?:WCO|[A-Z]{2}):(?:DEC|Declaration)(?:-[A-Z]+)?:[0-9]+(?::[0-9]+)?$/;

const reader = new XmlReader({ d: (namespace) => DECLARATION.test(namespace) });

/** WCO Data Model 3 declarations (HMRC CDS and others). Field names are followed by the UCC's data elements. */
export const wcoXml: XmlFormat = {
  name: 'wco-xml',
  recognises: ({ name, namespace }) => name === 'Declaration' && DECLARATION.test(namespace),
  read: readDeclaration,
};

const SHIPMENT = 'd:GoodsShipment';
const ITEM = `${SHIPMENT}/d:GovernmentAgencyGoodsItem`;

function readDeclaration(root: XmlElement): CanonicalDocument {
  const kind = kindOf(root);
  const declarant = party(root, 'd:Declarant');
  const trader =
    kind === EXPORT_DECLARATION ? party(root, 'd:Exporter') : party(root, `${SHIPMENT}/d:Importer`);
  const documents = documentsOf(root);
  return canonicalFields({
    kind,
    issuer: declarant ?? party(root, 'd:Agent') ?? trader,
    // DE 2/5, which the declarant gives and both sides have; the customs' own number comes later.
    number: reader.value(root, 'd:FunctionalReferenceID') ?? reader.value(root, 'd:ID'),
    counterparty: trader,
    issueDate: dates(root, 'd:IssueDateTime') ?? dates(root, 'd:AcceptanceDateTime'),
    ...invoiceAmount(root),
    transport: customsTransport(documents),
    references: customsReferences(documents),
    objects: [
      `${ITEM}/d:Commodity/d:TransportEquipment/d:ID`,
      `${SHIPMENT}/d:Consignment/d:TransportEquipment/d:ID`,
      'd:Consignment/d:TransportEquipment/d:ID',
    ]
      .flatMap((path) => reader.values(root, path))
      .map(equipmentObject),
    hsCodes: commodityCodes(root),
    weights: grossMass(root),
    packages: packageCounts(root),
    lines: { items: reader.all(root, ITEM).map(lineFields), field: ITEM },
    names: { issuer: 'd:Declarant', number: 'd:FunctionalReferenceID' },
  });
}

/** DE 1/1: the first two letters. IM, CO (trade with special territories) and B to F of imports; EX of exports. */
function kindOf(root: XmlElement): Kind {
  const type = reader.value(root, 'd:TypeCode');
  const code = type?.value.toUpperCase() ?? '';
  if (/^(?:IM|CO)/.test(code)) return IMPORT_DECLARATION;
  if (/^EX/.test(code)) return EXPORT_DECLARATION;
  throw new CountersealError(
    'invalid_document',
    `d:TypeCode is ${JSON.stringify(code.slice(0, 20))}: IM or CO (import) or EX (export) is needed`,
    { field: 'd:TypeCode' },
  );
}

function dates(root: XmlElement, path: string): Found | undefined {
  const own = reader.value(root, path);
  if (own !== undefined) return own;
  const [element] = reader.all(root, path);
  const inner = element?.children.find(({ name, text }) => name === 'DateTimeString' && text.trim() !== '');
  return inner === undefined ? undefined : { value: inner.text.trim(), field: path };
}

/** A trader: its ID is an EORI (DE 3/2, 3/16, 3/18). */
function party(root: XmlElement, path: string): PartyFields | undefined {
  const element = reader.one(root, path);
  if (element === undefined) return undefined;
  const id = reader.value(element, 'd:ID');
  const name = reader.value(element, 'd:Name');
  if (id === undefined && name === undefined) return undefined;
  return {
    ids:
      id === undefined
        ? []
        : [{ register: { scheme: 'EORI' }, value: id.value, field: `${path}/${id.field}` }],
    endpoints: [],
    name: name === undefined ? undefined : { value: name.value, field: `${path}/${name.field}` },
    country: reader.value(element, 'd:Address/d:CountryCode')?.value.toUpperCase(),
    field: path,
  };
}

/** DE 4/11, else the sum of the items' DE 4/14 if all have one, in one currency; never a customs or statistical value. */
function invoiceAmount(root: XmlElement): { currency?: Found; amount?: Found } {
  const total = reader.value(root, 'd:InvoiceAmount') ?? reader.value(root, `${SHIPMENT}/d:InvoiceAmount`);
  const items = reader.all(root, ITEM);
  const values =
    total === undefined
      ? items.flatMap((item) => reader.values(item, 'd:Commodity/d:InvoiceLine/d:ItemChargeAmount'))
      : [total];
  if (total === undefined && values.length !== items.length) return {};
  const [code, ...others] = new Set(values.map(({ attributes }) => attributes.get('currencyID')));
  const [first] = values;
  if (first === undefined || code === undefined || others.length > 0) return {};
  const sum = values.map(({ value, field }) => parseDecimal(value, field)).reduce((a, b) => addDecimal(a, b));
  return {
    currency: { value: code, field: `${first.field}/@currencyID` },
    amount: { value: formatDecimal(sum), field: first.field },
  };
}

/** DE 6/14: the combined nomenclature's code; the national additions of the same item are no HS codes. */
function commodityCodes(root: XmlElement): readonly Found[] {
  const field = `${ITEM}/d:Commodity/d:Classification/d:ID`;
  return reader
    .all(root, `${ITEM}/d:Commodity/d:Classification`)
    .filter((element) => {
      const type = reader.value(element, 'd:IdentificationTypeCode')?.value.toUpperCase();
      return type === undefined || ['TSP', 'HS', 'SRZ', 'CN'].includes(type);
    })
    .flatMap((element) => reader.values(element, 'd:ID'))
    .filter(({ value }) => /^[0-9]{6,}$/.test(value.replace(/[ .]/g, '')))
    .map(({ value }) => ({ value, field }));
}

/** DE 6/5 of the whole, else the sum of the items, if all have one. In kilograms where no unit is written. */
function grossMass(root: XmlElement) {
  const total = reader.value(root, 'd:TotalGrossMassMeasure');
  const field = `${ITEM}/d:Commodity/d:GoodsMeasure/d:GrossMassMeasure`;
  const items = reader.all(root, ITEM);
  const values =
    total === undefined
      ? items.flatMap((item) => reader.values(item, 'd:Commodity/d:GoodsMeasure/d:GrossMassMeasure'))
      : [total];
  const complete = total !== undefined || values.length === items.length;
  return {
    items: (complete ? values : []).map(({ value, attributes }) => ({
      value,
      unit: attributes.get('unitCode') ?? 'KGM',
    })),
    field: total === undefined ? field : total.field,
  };
}

/** DE 6/18, else the sum of DE 6/10. */
function packageCounts(root: XmlElement) {
  const total = reader.value(root, 'd:TotalPackageQuantity');
  const field = `${ITEM}/d:Packaging/d:QuantityQuantity`;
  const found = total === undefined ? reader.values(root, field) : [total];
  return { counts: found.map(({ value }) => value), field: total === undefined ? field : total.field };
}

function lineFields(item: XmlElement): LineFields {
  return {
    name: reader.value(item, 'd:Commodity/d:Description')?.value ?? '',
    quantity: reader.values(item, 'd:Commodity/d:GoodsMeasure/d:NetNetWeightMeasure')[0]?.value,
    amount: reader.values(item, 'd:Commodity/d:InvoiceLine/d:ItemChargeAmount')[0]?.value,
  };
}

/** Documents produced (DE 2/3), previous (DE 2/1), and of transport, with their codes. */
function documentsOf(root: XmlElement): readonly CustomsReference[] {
  const paths = [SHIPMENT, `${SHIPMENT}/d:Consignment`, ITEM, 'd:Consignment'].flatMap((parent) => [
    `${parent}/d:AdditionalDocument`,
    `${parent}/d:TransportContractDocument`,
    `${parent}/d:PreviousDocument`,
  ]);
  return ['d:AdditionalDocument', ...paths].flatMap((path) =>
    reader.all(root, path).flatMap((element) => {
      const category = reader.value(element, 'd:CategoryCode')?.value ?? '';
      const type = reader.value(element, 'd:TypeCode')?.value ?? '';
      // Category N is UN/CEFACT 1001; previous documents have X, Y, Z for what they are to the declaration.
      const code = /^[NXYZ]?$/.test(category) ? type : `${category}${type}`;
      return reader.values(element, 'd:ID').map(({ value }) => ({ code, value, field: `${path}/d:ID` }));
    }),
  );
}
