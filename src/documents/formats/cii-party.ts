import type { PartyFields, PartyId } from '../canonical/party.js';
import { type Register, registerOf } from '../canonical/schemes.js';
import { countryCode } from './ubl-party.js';
import type { XmlElement } from './xml.js';
import type { XmlFound, XmlReader } from './xml-path.js';

/** A CII trade party: SellerTradeParty, BuyerTradeParty. */
export function ciiParty(reader: XmlReader, party: XmlElement, field: string): PartyFields {
  const ids: PartyId[] = [];
  const endpoints: PartyId[] = [];
  const add = (to: PartyId[], found: XmlFound, register: Register | undefined): void => {
    if (register !== undefined) to.push({ register, value: found.value, field: `${field}/${found.field}` });
  };
  for (const found of reader.values(party, 'ram:SpecifiedTaxRegistration/ram:ID')) {
    // VA is the value added tax number (BT-31); FC and whatever else stands here is of a tax office (BT-32).
    add(ids, found, registerOf(schemeId(found)) ?? { scheme: schemeId(found) === undefined ? 'VAT' : 'TAX' });
  }
  for (const found of reader.values(party, 'ram:SpecifiedLegalOrganization/ram:ID')) {
    add(ids, found, registerOf(schemeId(found)) ?? { scheme: 'REG' });
  }
  for (const path of ['ram:GlobalID', 'ram:ID']) {
    for (const found of reader.values(party, path)) add(ids, found, registerOf(schemeId(found)));
  }
  for (const found of reader.values(party, 'ram:URIUniversalCommunication/ram:URIID')) {
    add(endpoints, found, registerOf(schemeId(found)));
  }
  const [name] = [
    ...reader.values(party, 'ram:Name'),
    ...reader.values(party, 'ram:SpecifiedLegalOrganization/ram:TradingBusinessName'),
  ];
  const [country] = reader.values(party, 'ram:PostalTradeAddress/ram:CountryID');
  return {
    ids,
    endpoints,
    name: name === undefined ? undefined : { value: name.value, field: `${field}/${name.field}` },
    country: countryCode(country),
    field,
  };
}

function schemeId(found: XmlFound): string | undefined {
  return found.attributes.get('schemeID');
}
