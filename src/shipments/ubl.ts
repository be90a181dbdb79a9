import type { Company } from './shipment.js';
import { xml, type Xml } from './xml.js';

const BASE = 'urn:oasis:names:specification:ubl:schema:xsd:';

/** A UBL document: its type, and its elements in the order of the schema. */
export const ublRoot = (type: string, content: readonly (Xml | undefined)[]): Xml =>
  xml(type, content, {
    xmlns: `${BASE}${type}-2`,
    'xmlns:cac': `${BASE}CommonAggregateComponents-2`,
    'xmlns:cbc': `${BASE}CommonBasicComponents-2`,
  });

export const cbc = (name: string, text: string, attributes?: Xml['attributes']): Xml =>
  xml(`cbc:${name}`, text, attributes);
export const cac = (name: string, ...content: (Xml | undefined)[]): Xml => xml(`cac:${name}`, content);

const country = (code: string): Xml => cac('Country', cbc('IdentificationCode', code));

/** A party by its tax number; or by its LEI alone, as in the books of somebody who hides whose invoice it is. */
export function party(container: string, company: Company, by: 'vat' | 'lei' = 'vat'): Xml {
  return cac(
    container,
    cac(
      'Party',
      cac('PartyName', cbc('Name', company.name)),
      cac(
        'PostalAddress',
        cbc('StreetName', company.street),
        cbc('CityName', company.city),
        country(company.country),
      ),
      by === 'vat'
        ? cac('PartyTaxScheme', cbc('CompanyID', company.vat), cac('TaxScheme', cbc('ID', 'VAT')))
        : undefined,
      cac(
        'PartyLegalEntity',
        cbc('RegistrationName', company.name),
        by === 'lei' ? cbc('CompanyID', company.lei, { schemeID: '0199' }) : undefined,
      ),
    ),
  );
}
