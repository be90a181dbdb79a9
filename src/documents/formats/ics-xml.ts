import type { PartyFields } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import { IMPORT_DECLARATION } from '../kinds.js';
import { type CustomsReference, customsReferences, customsTransport } from './customs-references.js';
import { canonicalFields } from './document-fields.js';
import type { XmlFormat } from './format.js';
import { equipmentObject } from './ubl-elements.js';
import type { XmlElement } from './xml.js';
import { XmlReader } from './xml-path.js';

const MESSAGE = /^http:\/\/ics\.dgtaxud\.ec\/CC31[35][A-Z]$/;
const ROOT = /^CC31[35][A-Z]$/;

/** The elements below the root have no namespace. */
const reader = new XmlReader({ m: (namespace) => namespace === '' || MESSAGE.test(namespace) });

/** Entry summary declarations of the ICS: IE315 (new) and IE313 (amended). */
export const icsXml: XmlFormat = {
  name: 'ics-xml',
  recognises: ({ name, namespace }) => ROOT.test(name) && (MESSAGE.test(namespace) || namespace === ''),
  read: readEntrySummary,
};

function readEntrySummary(root: XmlElement): CanonicalDocument {
  const documents: readonly CustomsReference[] = reader
    .all(root, 'm:GOOITEGDS/m:PRODOCDC2')
    .flatMap((element) => {
      const code = reader.value(element, 'm:DocTypDC21')?.value ?? '';
      return reader
        .values(element, 'm:DocRefDC23')
        .map(({ value }) => ({ code, value, field: 'm:GOOITEGDS/m:PRODOCDC2/m:DocRefDC23' }));
    });
  const total = reader.value(root, 'm:HEAHEA/m:TotGroMasHEA307');
  const items = reader.all(root, 'm:GOOITEGDS');
  const itemMasses = reader.values(root, 'm:GOOITEGDS/m:GroMasGDS46');
  const masses = total === undefined ? (itemMasses.length === items.length ? itemMasses : []) : [total];
  const packed = reader.value(root, 'm:HEAHEA/m:TotNumOfPacHEA306');
  const counts = packed === undefined ? reader.values(root, 'm:GOOITEGDS/m:PACGS2/m:NumOfPacGS24') : [packed];
  const lodging = party(root, 'm:PERLODSUMDEC', ['m:TINPLD1'], ['m:NamPLD1'], ['m:CouPLD1', 'm:CouCodPLD1']);
  const carrier = party(
    root,
    'm:TRACARENT601',
    ['m:TINTRACARENT602'],
    ['m:NamTRACARENT604'],
    ['m:CouCodTRACARENT605'],
  );
  return canonicalFields({
    kind: IMPORT_DECLARATION,
    issuer: lodging ?? carrier,
    // The declarant's own number of IE315; an amendment (IE313) names the customs' number of what it amends.
    number: reader.value(root, 'm:HEAHEA/m:RefNumHEA4') ?? reader.value(root, 'm:HEAHEA/m:DocNumHEA5'),
    counterparty: party(root, 'm:TRACONCE1', ['m:TINCE159'], ['m:NamCE17'], ['m:CouCE125']),
    issueDate:
      reader.value(root, 'm:HEAHEA/m:DecDatTimHEA114') ?? reader.value(root, 'm:HEAHEA/m:DatTimAmeHEA113'),
    transport: customsTransport(documents),
    references: customsReferences(documents),
    objects: [
      ...reader.values(root, 'm:GOOITEGDS/m:CONNR2/m:ConNumNR21'),
      ...reader.values(root, 'm:CONNR3/m:ConNumNR31'),
    ].map(equipmentObject),
    // Four digits are allowed here; a subheading needs six.
    hsCodes: reader
      .values(root, 'm:GOOITEGDS/m:COMCODGODITM/m:ComNomCMD1')
      .filter(({ value }) => /^[0-9]{6,}$/.test(value)),
    weights: {
      items: masses.map(({ value }) => ({ value, unit: 'KGM' })),
      field: total?.field ?? 'm:GOOITEGDS/m:GroMasGDS46',
    },
    packages: {
      counts: counts.map(({ value }) => value),
      field: packed?.field ?? 'm:GOOITEGDS/m:PACGS2/m:NumOfPacGS24',
    },
    lines: {
      items: items.map((item) => ({
        name: reader.value(item, 'm:GooDesGDS23')?.value ?? '',
        quantity: reader.value(item, 'm:GroMasGDS46')?.value,
        amount: undefined,
      })),
      field: 'm:GOOITEGDS',
    },
    warnings: [
      'an entry summary declaration is taken for an import declaration: there is no kind of its own',
    ],
    names: { issuer: 'm:PERLODSUMDEC', number: 'm:HEAHEA/m:RefNumHEA4' },
  });
}

/** A trader: its TIN is an EORI. */
function party(
  root: XmlElement,
  path: string,
  tins: readonly string[],
  names: readonly string[],
  countries: readonly string[],
): PartyFields | undefined {
  const element = reader.one(root, path);
  if (element === undefined) return undefined;
  const first = (paths: readonly string[]) => paths.flatMap((p) => reader.values(element, p))[0];
  const tin = first(tins);
  const name = first(names);
  if (tin === undefined && name === undefined) return undefined;
  return {
    ids:
      tin === undefined
        ? []
        : [{ register: { scheme: 'EORI' }, value: tin.value, field: `${path}/${tin.field}` }],
    endpoints: [],
    name: name === undefined ? undefined : { value: name.value, field: `${path}/${name.field}` },
    country: first(countries)?.value.toUpperCase(),
    field: path,
  };
}
