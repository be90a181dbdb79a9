import { createRequire } from 'node:module';
import type { Checked } from './objects.js';
import { asciiText } from './number.js';

/** Countries whose value added tax numbers are written with a prefix, and the prefix where it is not the country. */
const PREFIXES = new Set(
  (
    'AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK GB XI NO CH LI IS MC SM AD AL BA ' +
    'ME MK RS TR UA GE MD BR IN AU NZ SG JP KR CN MX PE CO CL AR EC ZA AE SA MY'
  ).split(' '),
);

/** Where the usual prefix of a tax number is not the code of ISO 3166. */
function prefixOf(country: string): string {
  return country === 'GR' ? 'EL' : country === 'UK' ? 'GB' : country;
}

/** Words that follow the number in some countries and are left out as often as not. */
const SUFFIXES: Readonly<Record<string, RegExp>> = { NO: /MVA$/, CH: /(?:MWST|TVA|IVA)$/ };

/** A Mexican RFC begins with letters, which can be those of a country. */
const RFC = /^[A-Z]{3,4}[0-9]{6}[A-Z0-9]{3}$/;

/**
 * A tax identifier as country prefix and number: `DE123456789`. The prefix is the one on the number, else the
 * country of the party's address. A wrong check digit warns and changes nothing: the number is what the document says.
 *
 * @throws invalid_document for invisible characters and for characters that look like Latin ones but are none
 */
export function taxId(value: string, country: string | undefined, field: string): Checked {
  // The only letter outside ASCII in any tax number is the enye of Mexican names.
  const plain = value.replace(/[\u00D1\u00F1]/g, 'N').replace(/[Nn]\u0303/g, 'N');
  let id = asciiText(plain, field).replace(/[^A-Z0-9]/g, '');
  const own = country === undefined ? undefined : prefixOf(country);
  const written = prefixOf(id.slice(0, 2));
  const isRfc = own === 'MX' && RFC.test(id);
  const hasPrefix =
    !isRfc &&
    /^[A-Z]{2}/.test(id) &&
    (written === own || (PREFIXES.has(written) && /[0-9]/.test(id.slice(2, 5))));
  if (hasPrefix) id = written + id.slice(2);
  else if (own !== undefined) id = own + id;
  const prefix = hasPrefix ? written : own;
  if (prefix === undefined) {
    return {
      value: id,
      warning: `${field}: ${id} has no country prefix and the party no country: it is used as it is`,
    };
  }
  const suffix = SUFFIXES[prefix];
  if (suffix !== undefined) id = id.replace(suffix, '');
  if (prefix === 'CO') id = withoutNitCheckDigit(id);
  const holds = checkDigitHolds(prefix, id);
  return holds === false
    ? { value: id, warning: `${field}: ${id} is not a valid tax number of ${prefix}: check it` }
    : { value: id };
}

const NIT_WEIGHTS = [41, 37, 29, 23, 19, 17, 13, 7, 3];

/**
 * DIAN (Colombia) writes the check digit of a company's NIT apart, in an attribute; others write it behind the number.
 * Companies' numbers begin with 8 or 9; those of persons, which have ten digits themselves, do not.
 */
function withoutNitCheckDigit(id: string): string {
  const [, body = '', check] = /^CO([89][0-9]{8})([0-9])$/.exec(id) ?? [];
  const rest = [...body].reduce((sum, digit, i) => sum + Number(digit) * (NIT_WEIGHTS[i] ?? 0), 0) % 11;
  return check !== undefined && Number(check) === (rest > 1 ? 11 - rest : rest) ? `CO${body}` : id;
}

/** The validator of stdnum for each country's tax number on invoices. */
const VALIDATORS: Readonly<Record<string, string>> = {
  ...{
    AR: 'cuit',
    AT: 'uid',
    AU: 'abn',
    BE: 'vat',
    BG: 'vat',
    BR: 'cnpj',
    CH: 'vat',
    CL: 'rut',
    CN: 'uscc',
  },
  ...{
    CY: 'vat',
    CZ: 'dic',
    DE: 'vat',
    DK: 'cvr',
    EC: 'ruc',
    EE: 'kmkr',
    EL: 'vat',
    ES: 'nif',
    FI: 'alv',
    FR: 'tva',
  },
  ...{
    GB: 'vat',
    HR: 'oib',
    HU: 'anum',
    IE: 'vat',
    IN: 'gstin',
    IT: 'iva',
    KR: 'brn',
    LT: 'pvm',
    LU: 'tva',
    LV: 'pvn',
  },
  ...{
    MC: 'tva',
    MT: 'vat',
    MX: 'rfc',
    NL: 'btw',
    NO: 'mva',
    NZ: 'ird',
    PE: 'ruc',
    PL: 'nip',
    PT: 'nif',
    RO: 'cui',
  },
  ...{ RS: 'pib', SE: 'vat', SI: 'ddv', SK: 'dph', SM: 'coe', ZA: 'vat' },
};

type Validators = Record<string, Record<string, { validate(id: string): { isValid: boolean } }>>;
let loaded: Validators | undefined;
/** All countries' rules, of which many files: a process that reads no documents is not to wait for them. */
const stdnum = (): Validators =>
  (loaded ??= (createRequire(import.meta.url)('stdnum') as { stdnum: Validators }).stdnum);

/** Whether the check digit holds; undefined where the country's rule is not known. Used for warnings only. */
function checkDigitHolds(prefix: string, id: string): boolean | undefined {
  const name = VALIDATORS[prefix];
  if (name === undefined) return undefined;
  const validator = stdnum()[prefix === 'EL' ? 'GR' : prefix]?.[name];
  if (validator === undefined) return undefined;
  // Some validators want the prefix, some the suffix, some neither.
  const candidates = [
    id,
    id.slice(2),
    ...(prefix === 'NO' ? [`${id}MVA`] : []),
    ...(prefix === 'CH' ? [`${id}MWST`] : []),
  ];
  return candidates.some((candidate) => validator.validate(candidate).isValid);
}
