import { CountersealError } from '../../errors.js';
import { alphanumeric, canonicalNumber } from './number.js';

export type CarrierScheme = 'SMDG' | 'SCAC';

/**
 * Who gave a transport document its number: a code, the canonical string of a party that has none, or an airline,
 * whose prefix is the first three digits of the number itself.
 */
export type Carrier =
  | { readonly scheme: CarrierScheme; readonly code: string }
  | { readonly party: string }
  | { readonly air: true };

/**
 * Carriers whose SMDG liner code and SCAC (NMFTA) differ, or are both in use: both become the SCAC, which is
 * also the prefix of their transport document numbers. Frozen with `canon 1`.
 */
const SCAC_OF_SMDG: ReadonlyMap<string, string> = new Map([
  ['MSK', 'MAEU'],
  ['MAE', 'MAEU'],
  ['MSC', 'MSCU'],
  ['CMA', 'CMDU'],
  ['HLC', 'HLCU'],
  ['COS', 'COSU'],
  ['ONE', 'ONEY'],
  ['EMC', 'EGLV'],
  ['HMM', 'HDMU'],
  ['YML', 'YMLU'],
  ['ZIM', 'ZIMU'],
  ['WHL', 'WHLC'],
  ['PIL', 'PCIU'],
  ['OOL', 'OOLU'],
  ['APL', 'APLU'],
  ['SUD', 'SUDU'],
  ['SAF', 'SAFM'],
  ['SEA', 'SEAU'],
  ['ANL', 'ANNU'],
]);

const KNOWN_SCACS: ReadonlySet<string> = new Set(SCAC_OF_SMDG.values());

/** Prefixes that carriers put before their numbers, besides their SCAC. */
const OTHER_PREFIXES: ReadonlyMap<string, string> = new Map([['MEDU', 'MSCU']]);

/** `carrier|number`; `known` is false where nothing says for certain who the carrier is. */
export interface TransportNumber {
  readonly value: string;
  readonly known: boolean;
}

/**
 * The `carrier|number` of a transport document. An unknown code stays as it is, with its scheme, so that it
 * cannot meet the same letters of the other scheme. Carriers print their code before the number and data carry it
 * or not, so it is no part of the number; where it is the only trace of the carrier, it is taken for that.
 *
 * @throws invalid_document
 */
export function transportNumber(
  carrier: Carrier | undefined,
  number: string,
  field: string,
): TransportNumber {
  const canonical = canonicalNumber(number, field);
  if (carrier !== undefined && 'air' in carrier) {
    const [, airline, rest = ''] = /^([0-9]{3})-?([0-9]{8})$/.exec(canonical) ?? [];
    return airline === undefined
      ? { value: `|${canonical}`, known: false }
      : { value: `IATA:${airline}|${rest}`, known: true };
  }
  if (carrier === undefined) {
    const code = carrierOfPrefix(canonical);
    if (code !== undefined && KNOWN_SCACS.has(code))
      return { value: `${code}|${withoutPrefix(canonical, code)}`, known: true };
    // Four letters before a digit are a SCAC more often than not: the value can meet one that says so.
    const guess = /^([A-Z]{4})[0-9]/.exec(canonical)?.[1];
    return {
      value: guess === undefined ? `|${canonical}` : `SCAC:${guess}|${withoutPrefix(canonical, guess)}`,
      known: false,
    };
  }
  if ('party' in carrier) return { value: `${carrier.party}|${canonical}`, known: true };
  const code = alphanumeric(carrier.code, `${field} carrier code`);
  if (!/^[A-Z0-9]{2,4}$/.test(code)) {
    throw new CountersealError(
      'invalid_document',
      `the carrier code of ${field} is ${JSON.stringify(carrier.code.slice(0, 40))}: SMDG and SCAC codes have two to four letters`,
      { field },
    );
  }
  const scac = carrier.scheme === 'SMDG' ? SCAC_OF_SMDG.get(code) : code;
  if (scac !== undefined && KNOWN_SCACS.has(scac))
    return { value: `${scac}|${withoutPrefix(canonical, scac)}`, known: true };
  return { value: `${carrier.scheme}:${code}|${withoutPrefix(canonical, code)}`, known: true };
}

/** The carrier whose code the first four characters of a number are. */
function carrierOfPrefix(number: string): string | undefined {
  const prefix = number.slice(0, 4);
  return number.length > 4 ? (OTHER_PREFIXES.get(prefix) ?? prefix) : undefined;
}

function withoutPrefix(number: string, code: string): string {
  if (code.length < 4 || carrierOfPrefix(number) !== code) return number;
  return number.slice(4).replace(/^0+(?=[A-Z0-9])/, '');
}
