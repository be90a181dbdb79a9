import { CountersealError } from '../../errors.js';
import type { Carrier } from '../canonical/carrier.js';
import type { Weight } from '../canonical/mass.js';
import type { PartyFields } from '../canonical/party.js';
import { registerOf } from '../canonical/schemes.js';
import type { CanonicalDocument } from '../document.js';
import { BILL_OF_LADING, type Kind, SEA_WAYBILL } from '../kinds.js';
import { canonicalFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { own } from './json.js';
import { type FoundObject, objectAt, objectsAt, valueAt, valuesAt } from './json-path.js';
import type { Found } from './slot-builder.js';
import { equipmentObject } from './ubl-elements.js';

/**
 * DCSA eBL 3 (and its betas): transport documents, and shipping instructions as far as they say whose transport
 * document they ask for. A number of a transport document is one only together with its carrier.
 */
export const dcsa: JsonFormat = {
  name: 'dcsa-json',
  recognises: (object) =>
    typeof own(object, 'transportDocumentTypeCode') === 'string' &&
    Array.isArray(own(object, 'consignmentItems')),
  read: (object) => readTransportDocument({ object, field: '' }),
};

const KINDS: Readonly<Record<string, Kind>> = { BOL: BILL_OF_LADING, SWB: SEA_WAYBILL };

function readTransportDocument(doc: FoundObject): CanonicalDocument {
  const type = valueAt(doc, 'transportDocumentTypeCode');
  const kind = type !== undefined && Object.hasOwn(KINDS, type.value) ? KINDS[type.value] : undefined;
  if (kind === undefined) {
    throw new CountersealError(
      'invalid_document',
      `transportDocumentTypeCode is ${JSON.stringify(type?.value.slice(0, 20) ?? '')}: BOL (bill of lading) or SWB (sea waybill)`,
      { field: 'transportDocumentTypeCode' },
    );
  }
  const number = valueAt(doc, 'transportDocumentReference');
  const cargo = objectsAt(doc, 'consignmentItems.cargoItems');
  const issuing = objectAt(doc, 'documentParties.issuingParty') ?? objectAt(doc, 'issuingParty');
  return canonicalFields({
    kind,
    issuer: party(issuing),
    number,
    counterparty:
      party(objectAt(doc, 'documentParties.consignee')) ?? party(objectAt(doc, 'documentParties.endorsee')),
    issueDate: valueAt(doc, 'issueDate'),
    startDate: valueAt(doc, 'shippedOnBoardDate') ?? valueAt(doc, 'receivedForShipmentDate'),
    currency: valueAt(doc, 'declaredValueCurrency'),
    amount: valueAt(doc, 'declaredValue'),
    transport: number === undefined ? undefined : { carrier: carrierOf(doc, issuing), number },
    objects: equipment(doc).map(equipmentObject),
    hsCodes: valuesAt(doc, 'consignmentItems.HSCodes').filter(({ value }) =>
      /^[0-9]{6}/.test(value.replace(/[ .]/g, '')),
    ),
    weights: weights(cargo),
    packages: {
      counts: packageCounts(cargo),
      field: 'consignmentItems.cargoItems.outerPackaging.numberOfPackages',
    },
    references: valuesAt(doc, 'consignmentItems.carrierBookingReference').map((found) => ({
      ...found,
      kind: 335,
      issuer: 'issuer' as const,
    })),
    names: {
      issuer: 'documentParties.issuingParty',
      number: 'transportDocumentReference',
      transport: number === undefined ? 'transportDocumentReference' : 'carrierCode',
    },
  });
}

/** The carrier's code of the document, else that of the party that issues it. */
function carrierOf(doc: FoundObject, issuing: FoundObject | undefined): Carrier | undefined {
  const code = valueAt(doc, 'carrierCode');
  if (code !== undefined) {
    const provider = valueAt(doc, 'carrierCodeListProvider')?.value.toUpperCase() ?? '';
    if (provider === 'SMDG' || provider === 'NMFTA')
      return { scheme: provider === 'SMDG' ? 'SMDG' : 'SCAC', code: code.value };
    throw new CountersealError(
      'invalid_document',
      `carrierCodeListProvider is ${JSON.stringify(provider.slice(0, 20))}: SMDG or NMFTA says whose code ${code.value.slice(0, 20)} is`,
      { field: 'carrierCodeListProvider' },
    );
  }
  if (issuing === undefined) return undefined;
  for (const identifying of objectsAt(issuing, 'identifyingCodes')) {
    const provider = valueAt(identifying, 'codeListProvider')?.value.toUpperCase();
    const partyCode = valueAt(identifying, 'partyCode');
    if (partyCode !== undefined && (provider === 'SMDG' || provider === 'NMFTA'))
      return { scheme: provider === 'SMDG' ? 'SMDG' : 'SCAC', code: partyCode.value };
  }
  return undefined;
}

/** Containers are named where they are packed, listed, or both. */
function equipment(doc: FoundObject): readonly Found[] {
  return [
    'consignmentItems.cargoItems.equipmentReference',
    'utilizedTransportEquipments.equipment.equipmentReference',
    'utilizedTransportEquipments.equipmentReference',
  ].flatMap((path) => valuesAt(doc, path));
}

/** Gross weights of the cargo items; before 3.0 they were two fields of the item. */
function weights(cargo: readonly FoundObject[]): { items: readonly Weight[]; field: string } {
  const items = cargo.flatMap((item) => {
    const value = valueAt(item, 'cargoGrossWeight.value') ?? valueAt(item, 'weight');
    const unit = valueAt(item, 'cargoGrossWeight.unit') ?? valueAt(item, 'weightUnit');
    return value === undefined ? [] : [{ value: value.value, unit: unit?.value ?? 'KGM' }];
  });
  // The weight of a part would be a weight that other documents have by right.
  const whole = items.length === cargo.length ? items : [];
  return { items: whole, field: 'consignmentItems.cargoItems.cargoGrossWeight' };
}

function packageCounts(cargo: readonly FoundObject[]): readonly string[] {
  const counted = cargo.flatMap((item) => {
    const count = valueAt(item, 'outerPackaging.numberOfPackages') ?? valueAt(item, 'numberOfPackages');
    return count === undefined ? [] : [count.value];
  });
  return counted.length === cargo.length ? counted : [];
}

/** Who gives the code, or what list it is of, as DCSA writes it; the registers of others have no DCSA name. */
function party(found: FoundObject | undefined): PartyFields | undefined {
  if (found === undefined) return undefined;
  const ids = objectsAt(found, 'identifyingCodes').flatMap((identifying) => {
    const code = valueAt(identifying, 'partyCode');
    const register =
      registerOf(valueAt(identifying, 'codeListName')?.value) ??
      registerOf(valueAt(identifying, 'codeListProvider')?.value.replace(/^GLEIF$/i, 'LEI'));
    return code === undefined || register === undefined ? [] : [{ register, ...code }];
  });
  const taxes = objectsAt(found, 'taxLegalReferences').flatMap((reference) => {
    const value = valueAt(reference, 'value');
    const country = valueAt(reference, 'countryCode')?.value.toUpperCase();
    const register = registerOf(valueAt(reference, 'type')?.value) ?? { scheme: 'TAX' as const };
    return value === undefined
      ? []
      : [{ register: country === undefined ? register : { ...register, country }, ...value }];
  });
  const name = valueAt(found, 'partyName');
  if (ids.length + taxes.length === 0 && name === undefined) return undefined;
  return {
    ids: [...ids, ...taxes],
    endpoints: [],
    name,
    country: valueAt(found, 'address.countryCode')?.value.toUpperCase(),
    field: found.field,
  };
}
