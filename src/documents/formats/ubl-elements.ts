import type { PartyFields } from '../canonical/party.js';
import type { Weight } from '../canonical/mass.js';
import type { ObjectFields } from './document-fields.js';
import type { Found, LineFields, ReferenceFields } from './slot-builder.js';
import type { XmlElement } from './xml.js';
import { XmlReader } from './xml-path.js';

/** What the namespaces of UBL 2.0 to 2.4 begin with. */
export const UBL_BASE = 'urn:oasis:names:specification:ubl:schema:xsd:';
export const UBL_AGGREGATES = `${UBL_BASE}CommonAggregateComponents-2`;
export const UBL_BASICS = `${UBL_BASE}CommonBasicComponents-2`;

export const ubl = new XmlReader({
  cac: (namespace) => namespace === UBL_AGGREGATES,
  cbc: (namespace) => namespace === UBL_BASICS,
});

/** Whether an element is the root of a UBL document of one of these types. */
export function isUblRoot({ name, namespace }: XmlElement, types: ReadonlySet<string>): boolean {
  return types.has(name) && namespace === `${UBL_BASE}${name}-2`;
}

/** The values at the first path that has any. */
export function firstValues(
  from: XmlElement,
  paths: readonly string[],
): readonly (Found & { attributes: ReadonlyMap<string, string> })[] {
  return paths.map((path) => ubl.values(from, path)).find((values) => values.length > 0) ?? [];
}

/** Every aggregate of this name below an element, however deep. */
export function aggregates(from: XmlElement, name: string): readonly XmlElement[] {
  return from.children.flatMap((child) => [
    ...(child.name === name && child.namespace === UBL_AGGREGATES ? [child] : []),
    ...aggregates(child, name),
  ]);
}

/** The measures at the first path that has any, in their units. */
export function measures(
  from: XmlElement,
  paths: readonly string[],
): { readonly items: readonly Weight[]; readonly field: string } | undefined {
  const found = firstValues(from, paths);
  const [first] = found;
  if (first === undefined) return undefined;
  return {
    items: found.map(({ value, attributes }) => ({ value, unit: attributes.get('unitCode') ?? 'KGM' })),
    field: first.field,
  };
}

/** The numbers of packages at the first path that has any. */
export function counts(
  from: XmlElement,
  paths: readonly string[],
): { readonly counts: readonly string[]; readonly field: string } | undefined {
  const found = firstValues(from, paths);
  const [first] = found;
  return first === undefined ? undefined : { counts: found.map(({ value }) => value), field: first.field };
}

/** Containers and other transport equipment, wherever it is listed. */
export function transportEquipment(root: XmlElement): readonly ObjectFields[] {
  return aggregates(root, 'TransportEquipment').flatMap((equipment) =>
    ubl
      .values(equipment, 'cbc:ID')
      .map(({ value }) => equipmentObject({ value, field: 'cac:TransportEquipment/cbc:ID' })),
  );
}

/** What looks like a container number is one, and its check digit must hold; anything else is equipment. */
export function equipmentObject(found: Found): ObjectFields {
  const plain = found.value.toUpperCase().replace(/[^A-Z0-9]/g, '');
  return { ...found, type: /^[A-Z]{3}[UJZ][0-9]{6,7}$/.test(plain) ? 'CONTAINER' : 'EQUIPMENT' };
}

/** Goods lines of orders and despatch advices: `line` holds the item, beside its quantity and amount. */
export function itemLine(line: XmlElement, quantities: readonly string[]): LineFields {
  const first = (paths: readonly string[]): string | undefined => firstValues(line, paths)[0]?.value;
  return {
    name:
      first([
        'cac:Item/cbc:Name',
        'cac:Item/cbc:Description',
        'cac:Item/cac:SellersItemIdentification/cbc:ID',
        'cbc:Note',
      ]) ?? '',
    quantity: first(quantities),
    amount: first(['cbc:LineExtensionAmount']),
  };
}

/** References of one kind at a path, without the word that Peppol has for none. */
export function referencesAt(
  root: XmlElement,
  path: string,
  kind: number,
  issuer: ReferenceFields['issuer'],
): readonly ReferenceFields[] {
  return ubl
    .values(root, path)
    .filter(({ value }) => value.toUpperCase() !== 'NA')
    .map(({ value, field }) => ({ value, field, kind, issuer }));
}

/** A party that nothing identifies is none. */
export function named(party: PartyFields | undefined): PartyFields | undefined {
  return party !== undefined &&
    (party.ids.length > 0 || party.endpoints.length > 0 || party.name !== undefined)
    ? party
    : undefined;
}
