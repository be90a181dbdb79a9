import type { Carrier } from '../canonical/carrier.js';
import { canonicalParty } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import { AIR_WAYBILL, BILL_OF_LADING, type Kind, SEA_WAYBILL } from '../kinds.js';
import { canonicalFields } from './document-fields.js';
import type { XmlFormat } from './format.js';
import type { Found } from './slot-builder.js';
import {
  aggregates,
  counts,
  firstValues,
  isUblRoot,
  measures,
  named,
  transportEquipment,
  ubl,
} from './ubl-elements.js';
import { ublPlainParty } from './ubl-party.js';
import type { XmlElement } from './xml.js';

/** UBL waybills and bills of lading, which the carrier issues. */
export const ublTransport: XmlFormat = {
  name: 'ubl-xml',
  recognises: (root) => isUblRoot(root, new Set(['BillOfLading', 'Waybill'])),
  read: readTransportDocument,
};

/** UN/ECE Recommendation 19: how the goods travel. */
const AIR_MODE = '4';

/** What carriers' codes are called in PartyIdentification, and agencies of UN/CEFACT 3055 that give them. */
const CARRIER_SCHEMES: Readonly<Record<string, 'SMDG' | 'SCAC'>> = {
  SCAC: 'SCAC',
  NMFTA: 'SCAC',
  '182': 'SCAC',
  SMDG: 'SMDG',
  '306': 'SMDG',
};

function readTransportDocument(root: XmlElement): CanonicalDocument {
  const warnings: string[] = [];
  const kind = kindOf(root, warnings);
  const carrier = party(root, [
    'cac:CarrierParty',
    'cac:Shipment/cac:Consignment/cac:CarrierParty',
    'cac:Shipment/cac:ShipmentStage/cac:CarrierParty',
  ]);
  const consignee = party(root, ['cac:ConsigneeParty', 'cac:Shipment/cac:Consignment/cac:ConsigneeParty']);
  const number = ubl.value(root, 'cbc:ID');
  const weights = measures(root, [
    'cac:Shipment/cbc:GrossWeightMeasure',
    'cac:Shipment/cac:Consignment/cbc:GrossWeightMeasure',
    'cac:Shipment/cac:GoodsItem/cbc:GrossWeightMeasure',
  ]);
  const packed = counts(root, [
    'cac:Shipment/cac:Consignment/cbc:TotalPackagesQuantity',
    'cac:Shipment/cbc:TotalTransportHandlingUnitQuantity',
  ]);
  return canonicalFields({
    kind,
    issuer: carrier === undefined ? undefined : ublPlainParty(ubl, carrier.element, carrier.field),
    number,
    counterparty:
      consignee === undefined ? undefined : named(ublPlainParty(ubl, consignee.element, consignee.field)),
    issueDate: ubl.value(root, 'cbc:IssueDate'),
    startDate: loadingDate(root),
    transport: number === undefined ? undefined : { carrier: carrierOf(carrier, kind), number },
    objects: transportEquipment(root),
    hsCodes: hsCodes(root),
    ...(weights === undefined ? {} : { weights }),
    ...(packed === undefined ? {} : { packages: packed }),
    warnings,
    names: { issuer: 'cac:CarrierParty', number: 'cbc:ID', transport: 'cac:CarrierParty' },
  });
}

/** By the mode of the main carriage. There is no kind for waybills of road and rail: they are told by their carriers. */
function kindOf(root: XmlElement, warnings: string[]): Kind {
  if (root.name === 'BillOfLading') return BILL_OF_LADING;
  const modes = ubl.values(root, 'cac:Shipment/cac:ShipmentStage/cbc:TransportModeCode');
  if (modes.some(({ value }) => value === AIR_MODE)) return AIR_WAYBILL;
  if (modes.length > 0 && !modes.some(({ value }) => value === '1'))
    warnings.push('a waybill of road or rail has no kind of its own: it is taken for a sea waybill');
  return SEA_WAYBILL;
}

interface PlacedParty {
  readonly element: XmlElement;
  readonly field: string;
}

function party(root: XmlElement, paths: readonly string[]): PlacedParty | undefined {
  for (const field of paths) {
    const [element] = ubl.all(root, field);
    if (element !== undefined) return { element, field };
  }
  return undefined;
}

/** The carrier's code, else the airline's prefix in the number, else what identifies the party. */
function carrierOf(carrier: PlacedParty | undefined, kind: Kind): Carrier | undefined {
  if (carrier !== undefined) {
    for (const { value, attributes } of ubl.values(carrier.element, 'cac:PartyIdentification/cbc:ID')) {
      const scheme =
        CARRIER_SCHEMES[(attributes.get('schemeID') ?? '').toUpperCase()] ??
        CARRIER_SCHEMES[attributes.get('schemeAgencyID') ?? ''];
      if (scheme !== undefined) return { scheme, code: value };
    }
  }
  if (kind === AIR_WAYBILL) return { air: true };
  if (carrier === undefined) return undefined;
  const canonical = canonicalParty(ublPlainParty(ubl, carrier.element, carrier.field));
  return canonical === null ? undefined : { party: canonical.value };
}

/** When the goods were loaded: of several stages the first. */
function loadingDate(root: XmlElement): Found | undefined {
  const found = firstValues(root, [
    'cac:Shipment/cac:ShipmentStage/cac:LoadingTransportEvent/cbc:OccurrenceDate',
    'cac:Shipment/cac:ShipmentStage/cac:ActualDepartureTransportEvent/cbc:OccurrenceDate',
    'cac:Shipment/cac:Delivery/cac:Despatch/cbc:ActualDespatchDate',
    'cac:Shipment/cac:ShipmentStage/cac:TransitPeriod/cbc:StartDate',
  ]);
  return [...found].sort((a, b) => (a.value < b.value ? -1 : 1))[0];
}

/** The classes of goods that have at least the six digits of a subheading. */
export function hsCodes(root: XmlElement): readonly Found[] {
  return aggregates(root, 'CommodityClassification')
    .flatMap((element) => firstValues(element, ['cbc:CommodityCode', 'cbc:ItemClassificationCode']))
    .filter(({ value }) => /^[0-9]{6}/.test(value.replace(/[ .]/g, '')));
}
