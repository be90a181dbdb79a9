import { canonicalParty, type PartyFields } from '../canonical/party.js';
import { addDecimal, formatDecimal, parseDecimal } from '../canonical/decimal.js';
import type { CanonicalDocument } from '../document.js';
import { EXPORT_DECLARATION, IMPORT_DECLARATION } from '../kinds.js';
import { customsReferences, customsTransport, type CustomsReference } from './customs-references.js';
import { canonicalFields } from './document-fields.js';
import type { XmlFormat } from './format.js';
import type { Found } from './slot-builder.js';
import { aggregates, counts, isUblRoot, measures, named, transportEquipment, ubl } from './ubl-elements.js';
import { ublPlainParty } from './ubl-party.js';
import { hsCodes } from './ubl-transport.js';
import type { XmlElement } from './xml.js';

/** UBL 2.3 import and export declarations. Transit declarations are of no kind. */
export const ublCustoms: XmlFormat = {
  name: 'ubl-xml',
  recognises: (root) => isUblRoot(root, new Set(['ImportCustomsDeclaration', 'ExportCustomsDeclaration'])),
  read: readDeclaration,
};

function readDeclaration(root: XmlElement): CanonicalDocument {
  const isImport = root.name === 'ImportCustomsDeclaration';
  const traderPath = isImport ? 'cac:ImporterParty' : 'cac:ExporterParty';
  const traderElement = ubl.one(root, traderPath);
  const agentElement = traderElement === undefined ? undefined : ubl.one(traderElement, 'cac:AgentParty');
  const trader = customsParty(traderElement, traderPath);
  const agent = customsParty(agentElement, `${traderPath}/cac:AgentParty`);
  // Some put the shipment into a CustomsDeclaration of its own.
  const body =
    ubl.one(root, 'cac:Shipment') === undefined ? (ubl.one(root, 'cac:CustomsDeclaration') ?? root) : root;
  const weights = measures(body, [
    'cac:Shipment/cbc:GrossWeightMeasure',
    'cac:Shipment/cac:Consignment/cbc:GrossWeightMeasure',
    'cac:Shipment/cac:GoodsItem/cbc:GrossWeightMeasure',
  ]);
  const packed = counts(body, [
    'cac:Shipment/cac:Consignment/cbc:TotalPackagesQuantity',
    'cac:Shipment/cbc:TotalTransportHandlingUnitQuantity',
    'cac:Shipment/cac:Consignment/cbc:TotalTransportHandlingUnitQuantity',
  ]);
  const references = customsDocuments(root, body);
  return canonicalFields({
    kind: isImport ? IMPORT_DECLARATION : EXPORT_DECLARATION,
    issuer: agent ?? trader,
    number: ubl.value(root, 'cbc:ID'),
    counterparty: agent === undefined ? undefined : trader,
    issueDate: ubl.value(root, 'cbc:IssueDate'),
    ...invoiceAmount(body),
    transport: customsTransport(references),
    references: customsReferences(references),
    objects: transportEquipment(root),
    hsCodes: hsCodes(body),
    ...(weights === undefined ? {} : { weights }),
    ...(packed === undefined ? {} : { packages: packed }),
    names: { issuer: traderPath, number: 'cbc:ID' },
  });
}

/** A party of a customs declaration: its identification is an EORI where no scheme says otherwise. */
function customsParty(element: XmlElement | undefined, field: string): PartyFields | undefined {
  if (element === undefined) return undefined;
  const party = ublPlainParty(ubl, element, field);
  const identification = ubl
    .values(element, 'cac:PartyIdentification/cbc:ID')
    .filter(({ value }) => /^[A-Z]{2}[A-Z0-9-]{1,15}$/.test(value))
    .map(({ value, field: path }) => ({
      register: { scheme: 'EORI' as const },
      value,
      field: `${field}/${path}`,
    }));
  const whole = named({ ...party, ids: [...party.ids, ...identification] });
  return whole === undefined || canonicalParty(whole) === null ? undefined : whole;
}

/** The total invoiced, else the sum of the items' values if they are in one currency; never the customs value. */
function invoiceAmount(body: XmlElement): { currency?: Found; amount?: Found } {
  const total = ubl.value(body, 'cac:Shipment/cac:Consignment/cbc:TotalInvoiceAmount');
  const items =
    total === undefined ? ubl.values(body, 'cac:Shipment/cac:GoodsItem/cbc:ValueAmount') : [total];
  const currencies = new Set(items.map(({ attributes }) => attributes.get('currencyID')));
  const [first] = items;
  const [code] = currencies;
  if (first === undefined || code === undefined || currencies.size > 1) return {};
  const sum = items.map(({ value, field }) => parseDecimal(value, field)).reduce((a, b) => addDecimal(a, b));
  return {
    currency: { value: code, field: `${first.field}/@currencyID` },
    amount: { value: formatDecimal(sum), field: first.field },
  };
}

function customsDocuments(root: XmlElement, body: XmlElement): readonly CustomsReference[] {
  const elements = new Set([
    ...ubl.all(root, 'cac:AdditionalDocumentReference'),
    ...ubl.all(body, 'cac:AdditionalDocumentReference'),
    ...aggregates(body, 'TransportDocumentReference'),
  ]);
  return [...elements].flatMap((element) => {
    const code = ubl.value(element, 'cbc:DocumentTypeCode')?.value;
    return code === undefined
      ? []
      : ubl
          .values(element, 'cbc:ID')
          .map(({ value, field }) => ({ code, value, field: `${element.name}/${field}` }));
  });
}
