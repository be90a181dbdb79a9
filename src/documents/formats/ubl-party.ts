import type { PartyFields, PartyId } from '../canonical/party.js';
import { type Register, registerOf } from '../canonical/schemes.js';
import type { XmlElement } from './xml.js';
import type { XmlFound, XmlReader } from './xml-path.js';

/** Names that systems give to the tax of value added invoices, in TaxScheme/ID or TaxScheme/Name. */
const VALUE_ADDED = /^(?:VAT|VA|GST|HST|TVA|IVA|MWST|UST|MOMS|BTW|KDV|IGV|ICMS|PPN|SST|.* VAT|VAT .*)$/;

/** The identity card codes of SUNAT (catalogue 06) and DIAN that mean a tax number. */
const TAXPAYER_CODES: Readonly<Record<string, string>> = { '6': 'PE', '31': 'CO' };

/** DIAN (Colombia) is agency 195: its tax numbers are NITs whatever the tax. */
const DIAN_AGENCY = '195';

/** Where a UBL party says in which country it is; the postal address is the first to be asked. */
const COUNTRY_PATHS = [
  'cac:PostalAddress/cac:Country/cbc:IdentificationCode',
  'cac:PartyLegalEntity/cac:RegistrationAddress/cac:Country/cbc:IdentificationCode',
  'cac:PartyTaxScheme/cac:RegistrationAddress/cac:Country/cbc:IdentificationCode',
  'cac:PhysicalLocation/cac:Address/cac:Country/cbc:IdentificationCode',
];

/** Registration name before trading name: EN 16931 BT-27 is what CII has as Name. */
const NAME_PATHS = [
  'cac:PartyLegalEntity/cbc:RegistrationName',
  'cac:PartyTaxScheme/cbc:RegistrationName',
  'cac:PartyName/cbc:Name',
];

/** A country code of two letters, in any spelling of its case; undefined for anything else. */
export function countryCode(found: XmlFound | undefined): string | undefined {
  const code = found?.value.trim().toUpperCase();
  if (code === undefined || !/^[A-Z]{2}$/.test(code)) return undefined;
  return code === 'EL' ? 'GR' : code === 'UK' ? 'GB' : code;
}

/**
 * A UBL customer or supplier party: `cac:AccountingSupplierParty` and its like, which hold a cac:Party and, in some
 * national formats, the tax number beside it.
 */
export function ublParty(reader: XmlReader, container: XmlElement, field: string): PartyFields {
  const party = reader.one(container, 'cac:Party');
  const ids: PartyId[] = [];
  // UBL 2.0 of SUNAT (Peru): the tax number of the party is its account, with the kind of number beside or on it.
  const [accountCode] = reader.values(container, 'cbc:AdditionalAccountID');
  for (const found of reader.values(container, 'cbc:CustomerAssignedAccountID')) {
    const country = TAXPAYER_CODES[accountCode?.value ?? (schemeId(found) === '6' ? '6' : '')];
    if (country !== undefined)
      ids.push({
        register: { scheme: 'VAT', country },
        value: found.value,
        field: `${field}/${found.field}`,
      });
  }
  return party === undefined
    ? { ids, endpoints: [], name: undefined, country: undefined, field }
    : readParty(reader, party, field, ids);
}

/** A party without a container: `cac:CarrierParty`, `cac:ConsignorParty`. */
export function ublPlainParty(reader: XmlReader, party: XmlElement, field: string): PartyFields {
  return readParty(reader, party, field, []);
}

function readParty(
  reader: XmlReader,
  party: XmlElement,
  field: string,
  known: readonly PartyId[],
): PartyFields {
  const ids: PartyId[] = [...known];
  const endpoints: PartyId[] = [];
  const add = (to: PartyId[], found: XmlFound, register: Register | undefined): void => {
    if (register !== undefined) to.push({ register, value: found.value, field: `${field}/${found.field}` });
  };
  for (const scheme of reader.all(party, 'cac:PartyTaxScheme')) {
    for (const found of reader.values(scheme, 'cbc:CompanyID')) {
      add(ids, { ...found, field: `cac:PartyTaxScheme/${found.field}` }, taxRegister(reader, scheme, found));
    }
  }
  for (const found of reader.values(party, 'cac:PartyLegalEntity/cbc:CompanyID')) {
    // DIAN repeats the tax number here, or has that of a register: either way PartyTaxScheme comes first.
    add(
      ids,
      found,
      isDian(found) ? { scheme: 'REG', country: 'CO' } : (registerOf(schemeId(found)) ?? { scheme: 'REG' }),
    );
  }
  for (const found of reader.values(party, 'cac:PartyIdentification/cbc:ID')) {
    const taxpayerOf = taxpayerCountry(found);
    add(
      ids,
      found,
      taxpayerOf === undefined ? registerOf(schemeId(found)) : { scheme: 'VAT', country: taxpayerOf },
    );
  }
  for (const found of reader.values(party, 'cbc:EndpointID'))
    add(endpoints, found, registerOf(schemeId(found)));

  const name = firstOf(reader, party, NAME_PATHS);
  return {
    ids,
    endpoints,
    name: name === undefined ? undefined : { value: name.value, field: `${field}/cac:Party/${name.field}` },
    country: countryCode(firstOf(reader, party, COUNTRY_PATHS)),
    field,
  };
}

/** The value at the first path that has one; of several there the first in code-unit order, not in the file's. */
function firstOf(reader: XmlReader, party: XmlElement, paths: readonly string[]): XmlFound | undefined {
  const values = paths.map((path) => reader.values(party, path)).find((found) => found.length > 0) ?? [];
  return [...values].sort((a, b) => (a.value < b.value ? -1 : 1))[0];
}

function schemeId(found: XmlFound): string | undefined {
  return found.attributes.get('schemeID');
}

function isDian(found: XmlFound): boolean {
  return found.attributes.get('schemeAgencyID') === DIAN_AGENCY;
}

/**
 * Which register a PartyTaxScheme/CompanyID is of. The tax decides before the scheme of the number: in countries whose
 * tax number is that of the register, senders name either. Without a known tax it is some number of a tax office (BT-32).
 */
function taxRegister(reader: XmlReader, scheme: XmlElement, found: XmlFound): Register {
  if (isDian(found)) return { scheme: 'VAT', country: 'CO' };
  const taxpayer = taxpayerCountry(found);
  if (taxpayer !== undefined) return { scheme: 'VAT', country: taxpayer };
  const own = registerOf(schemeId(found));
  const names = [
    ...reader.values(scheme, 'cac:TaxScheme/cbc:ID'),
    ...reader.values(scheme, 'cac:TaxScheme/cbc:Name'),
  ];
  if (
    names.length > 0 ? names.some(({ value }) => VALUE_ADDED.test(value.toUpperCase())) : own === undefined
  ) {
    return own?.country === undefined ? { scheme: 'VAT' } : { scheme: 'VAT', country: own.country };
  }
  return own ?? { scheme: 'TAX' };
}

/** The country whose tax office gave this number, by the identity card code that some national formats put on it. */
function taxpayerCountry(found: XmlFound): string | undefined {
  const country = TAXPAYER_CODES[schemeId(found) ?? ''];
  return /SUNAT|DIAN|DOCUMENTO/i.test([...found.attributes.values()].join(' ')) ? country : undefined;
}
