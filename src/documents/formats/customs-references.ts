import type { TransportFields } from './document-fields.js';
import type { Found, ReferenceFields } from './slot-builder.js';
import { kindOfCode } from '../kinds.js';

/** A document named in a declaration, with its code: `N705`, `705`, `N935`. */
export interface CustomsReference extends Found {
  readonly code: string;
}

/** Codes of transport documents (data element 2/3, UN/CEFACT 1001), those of the goods' own paper first. */
const TRANSPORT_CODES = ['705', '704', '714', '710', '740', '741', '730', '720', '703'];
const AIR_CODES = new Set(['740', '741', '703']);
/** The invoice on which the customs value is declared. */
const VALUE_INVOICE = '935';

const plain = (code: string): string =>
  code
    .trim()
    .toUpperCase()
    .replace(/^N(?=[0-9]{3}$)/, '');

/**
 * The transport document that a declaration names: declarations have no field for its carrier. Of several the first
 * in the order of codes, then of their numbers.
 */
export function customsTransport(references: readonly CustomsReference[]): TransportFields | undefined {
  const rank = ({ code }: CustomsReference): number => TRANSPORT_CODES.indexOf(plain(code));
  const [first] = references
    .filter((reference) => rank(reference) >= 0)
    .sort((a, b) => rank(a) - rank(b) || (a.value < b.value ? -1 : 1));
  if (first === undefined) return undefined;
  return { carrier: AIR_CODES.has(plain(first.code)) ? { air: true } : undefined, number: first };
}

/** Documents that are of a kind, invoices and transport documents above all; who issued them is not said. */
export function customsReferences(references: readonly CustomsReference[]): readonly ReferenceFields[] {
  return references.flatMap(({ code, value, field }) => {
    const number = plain(code);
    const kind =
      number === VALUE_INVOICE ? 380 : /^[0-9]{3}$/.test(number) ? kindOfCode(Number(number)) : undefined;
    return kind === undefined ? [] : [{ value, field, kind, issuer: 'unknown' as const }];
  });
}
