import { alphanumeric, canonicalNumber } from './number.js';

export type CarrierScheme = 'SMDG' | 'SCAC';

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
]);

/**
 * The `carrier|number` of a transport document. An unknown code stays as it is, with its scheme, so that it
 * cannot meet the same letters of the other scheme.
 *
 * @throws invalid_document
 */
export function transportDocument(
  scheme: CarrierScheme,
  code: string,
  number: string,
  field: string,
): string {
  const carrier = alphanumeric(code, `${field} carrier code`);
  const scac = scheme === 'SMDG' ? SCAC_OF_SMDG.get(carrier) : carrier;
  const known =
    scac !== undefined && [...SCAC_OF_SMDG.values()].includes(scac) ? scac : `${scheme}:${carrier}`;
  return `${known}|${canonicalNumber(number, field)}`;
}
