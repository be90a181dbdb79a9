import { CountersealError } from '../../errors.js';
import { fingerprintStrings } from '../identify.js';
import type { CanonicalDocument } from '../document.js';
import { canonicalPlain } from '../formats/plain.js';
import type { Found } from '../formats/slot-builder.js';
import { POLICY } from '../kinds.js';
import { type Cell, cellText } from './cell.js';

/** The files of Open Exposure Data, by the columns that only they have. */
type OedFile = 'account' | 'location' | 'reinsurance';

function oedFile(headers: readonly string[]): OedFile | undefined {
  const names = new Set(headers.map((header) => header.trim().toLowerCase()));
  const has = (...columns: readonly string[]): boolean => columns.every((column) => names.has(column));
  if (has('reinsnumber', 'cededpercent')) return 'reinsurance';
  if (has('accnumber', 'polnumber') && (has('polperilscovered') || has('layerparticipation')))
    return 'account';
  return has('accnumber', 'locnumber') && (has('buildingtiv') || has('contentstiv')) ? 'location' : undefined;
}

/** Fields of the plain form and the columns that have them, the better one first. */
const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  number: ['PolNumber'],
  // Whose policy another has taken over; the insurer whose file it is has no column.
  'issuer.name': ['CedantName'],
  'counterparty.name': ['InsuredName', 'AccName'],
  startDate: ['PolInceptionDate'],
  endDate: ['PolExpiryDate'],
  currency: ['AccCurrency'],
  peril: ['PolPerilsCovered'],
};

/**
 * Reads the rows of an OED account file (Open Exposure Data): a row is a policy, or a layer of one. Undefined for
 * tables that are none of OED. The reader returns undefined for a row whose policy an earlier row has told of.
 *
 * @throws unsupported_format for location and reinsurance files, which hold no document
 * Its reader throws missing_field, invalid_document with the column as field.
 */
export function oedReader(
  headers: readonly string[],
): ((cells: readonly Cell[]) => CanonicalDocument | undefined) | undefined {
  const file = oedFile(headers);
  if (file === undefined) return undefined;
  if (file === 'location') {
    throw new CountersealError(
      'unsupported_format',
      'this is an OED location file: it lists what is insured, and the policies are in the account file',
      { field: 'LocNumber' },
    );
  }
  if (file === 'reinsurance') {
    throw new CountersealError(
      'unsupported_format',
      'this is an OED reinsurance file: ReinsNumber counts the contracts of one portfolio and is not the number of a cession; list the cessions with their own numbers and a mapping',
      { field: 'ReinsNumber' },
    );
  }
  const names = headers.map((header) => header.trim().toLowerCase());
  const twice = names.find((name, i) => name !== '' && names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new CountersealError(
      'invalid_argument',
      `the table has the column ${JSON.stringify(twice.slice(0, 80))} twice: rename one`,
      {
        field: twice.slice(0, 80),
      },
    );
  }
  const seen = new Map<string, { account: string; strings: string }>();
  return (cells) => {
    // Tools of OED write 0 where a text is absent.
    const value = (column: string): Found | undefined => {
      const text = cellText(cells[names.indexOf(column.toLowerCase())] ?? '').trim();
      return text === '' || text === '0' ? undefined : { value: text, field: column };
    };
    const document = policy(value);
    const key = JSON.stringify(fingerprintStrings(document, document.row.exact));
    const account = value('AccNumber')?.value ?? '';
    const strings = JSON.stringify(document.strings);
    const earlier = seen.get(key);
    if (earlier === undefined) {
      seen.set(key, { account, strings });
      return document;
    }
    if (earlier.account === account && earlier.strings === strings) return undefined;
    const number = value('PolNumber')?.value.slice(0, 40) ?? '';
    throw new CountersealError(
      'invalid_document',
      earlier.account === account
        ? `PolNumber ${number} has another insured, period, currency or peril in an earlier row: the rows of one policy must agree`
        : `PolNumber ${number} is there in account ${earlier.account.slice(0, 40)} too: two policies of one insurer have two numbers`,
      { field: 'PolNumber' },
    );
  };
}

function policy(value: (column: string) => Found | undefined): CanonicalDocument {
  const insurer = value('CedantName');
  if (insurer === undefined) {
    throw new CountersealError(
      'missing_field',
      'CedantName is missing: OED says whose policy it is only where another has taken it over. State the insurer in a mapping (counterseal document map), as in "constants": {"issuer.vat": "GB123456789"}',
      { field: 'CedantName' },
    );
  }
  // A policy with layers has a limit for each of them and no one amount.
  const amount = value('LayerNumber') === undefined ? value('LayerLimit') : undefined;
  return canonicalPlain({
    kind: POLICY,
    value: (path) => {
      if (path === 'amount') return amount;
      const columns = Object.hasOwn(COLUMNS, path) ? (COLUMNS[path] ?? []) : [];
      return columns.map(value).find((found) => found !== undefined);
    },
    nameOf: (path) => {
      const columns = COLUMNS[path] ?? [];
      return columns.find((column) => value(column) !== undefined) ?? columns[0] ?? path;
    },
    references: [],
    lines: [],
    objects: [],
  });
}
