import { z } from 'zod';
import { CountersealError } from '../../errors.js';
import { canonicalDate } from '../canonical/date.js';
import type { CanonicalDocument } from '../document.js';
import type { ObjectFields } from '../formats/document-fields.js';
import { canonicalPlain, PLAIN_FIELDS, PLAIN_KINDS, type PlainType } from '../formats/plain.js';
import type { Found, ReferenceFields } from '../formats/slot-builder.js';
import type { Kind } from '../kinds.js';
import { isEmpty, type Cell } from './cell.js';

/** The version of the mapping file. */
export const MAPPING_VERSION = 1;

/** `DMY`: 03.04.2025 is the third of April. Dates that begin with the year are read whatever is stated. */
export const DATE_FORMATS = ['ISO', 'DMY', 'MDY', 'YMD'] as const;
const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'windows-1252',
  'iso-8859-15',
  'windows-1250',
  'shift_jis',
  'gb18030',
] as const;

const LIST_FIELD = /^(?:objects\.[a-z0-9]{1,20}|references\.[a-z-]{1,40})$/;

/** Whether a column can be mapped to this field. */
function isMappable(field: string): boolean {
  if (PLAIN_FIELDS.has(field)) return true;
  if (!LIST_FIELD.test(field)) return false;
  const [list, name = ''] = field.split('.');
  return list === 'objects' || PLAIN_KINDS.has(name);
}

const kind = z.enum([...PLAIN_KINDS.keys()] as [string, ...string[]]);
const field = z.string().refine(isMappable, {
  error: (issue) => `${String(issue.input).slice(0, 60)} is not a field of the plain form`,
});

const mappingSchema = z.strictObject({
  counterseal: z.literal('mapping'),
  version: z.literal(MAPPING_VERSION),
  /** One kind for all rows, or the column that says it, and what its words mean. */
  kind: z.union([kind, z.strictObject({ column: z.string().min(1), values: z.record(z.string(), kind) })]),
  /** Field of the plain form to header of the column. */
  columns: z.record(field, z.string().min(1)),
  /** Field of the plain form to the value that it has in every row. */
  constants: z.record(field, z.string().min(1)).default({}),
  dateFormat: z.enum(DATE_FORMATS),
  decimalSeparator: z.enum(['.', ',']),
  /** Between several containers or references in one cell. */
  listSeparator: z.string().min(1).max(3).default(';'),
  /** Of CSV files; UTF-8 and UTF-16 with a byte order mark need none. */
  encoding: z.enum(ENCODINGS).default('utf-8'),
});

/** How the columns of a table become documents: a JSON file to keep, as `document map` proposes it. */
export type Mapping = z.infer<typeof mappingSchema>;

/**
 * Reads the JSON of a mapping file.
 *
 * @throws invalid_argument naming what is wrong or still to be stated
 */
export function parseMapping(json: string): Mapping {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'the mapping is not JSON', { field: 'mapping', cause });
  }
  const parsed = mappingSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = issue?.path.map(String).join('.') || 'mapping';
  throw new CountersealError(
    'invalid_argument',
    `mapping: ${path.slice(0, 100)}: ${(issue?.message ?? 'does not fit').slice(0, 300)}`,
    { field: path.slice(0, 100) },
  );
}

/** One row, as its headers call the cells. */
export type Row = Readonly<Record<string, Cell>>;

/**
 * The document of a row.
 *
 * @throws missing_field, invalid_document with the column as field and what would be right
 * @throws invalid_argument if the row lacks a mapped column
 */
export function applyMapping(mapping: Mapping, row: Row): CanonicalDocument {
  const headers = Object.keys(row);
  return rowReader(mapping, headers)(headers.map((header) => row[header] ?? ''));
}

/**
 * A reader of rows under these headers: the mapping is resolved once.
 *
 * @throws invalid_argument if a mapped column is not among the headers, or is there twice
 */
export function rowReader(
  mapping: Mapping,
  headers: readonly string[],
): (cells: readonly Cell[]) => CanonicalDocument {
  const names = headers.map(plainHeader);
  const indexOf = (column: string): number => {
    const wanted = plainHeader(column);
    const index = names.indexOf(wanted);
    if (index < 0) {
      throw new CountersealError(
        'invalid_argument',
        `the table has no column ${JSON.stringify(column.slice(0, 80))}, which the mapping names; it has ${headers.join(', ').slice(0, 300)}`,
        { field: column.slice(0, 80) },
      );
    }
    if (names.includes(wanted, index + 1)) {
      throw new CountersealError(
        'invalid_argument',
        `the table has the column ${JSON.stringify(column.slice(0, 80))} twice: rename one`,
        { field: column.slice(0, 80) },
      );
    }
    return index;
  };
  const columns = new Map(
    Object.entries(mapping.columns).map(([name, column]) => [name, { column, index: indexOf(column) }]),
  );
  const lists = [...new Set([...columns.keys(), ...Object.keys(mapping.constants)])].filter((name) =>
    LIST_FIELD.test(name),
  );
  const kindOf = kindReader(mapping, indexOf);

  return (cells) => {
    const raw = (name: string): { cell: Cell; column: string } | undefined => {
      const place = columns.get(name);
      const cell = place === undefined ? undefined : cells[place.index];
      if (place !== undefined && cell !== undefined && !isEmpty(cell)) return { cell, column: place.column };
      const constant = mapping.constants[name];
      return constant === undefined ? undefined : { cell: constant, column: name };
    };
    const value = (name: string): Found | undefined => {
      const found = raw(name);
      if (found === undefined) return undefined;
      return {
        value: cellValue(found.cell, PLAIN_FIELDS.get(name) ?? 'text', mapping, found.column),
        field: found.column,
      };
    };
    const listed = lists.flatMap((name) => {
      const found = raw(name);
      if (found === undefined) return [];
      const [list, type = ''] = name.split('.');
      return cellValue(found.cell, 'text', mapping, found.column)
        .split(mapping.listSeparator)
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((part) => ({ list, type, value: part, field: found.column }));
    });
    return canonicalPlain({
      kind: kindOf(cells),
      value,
      nameOf: (name) => columns.get(name)?.column ?? name,
      objects: listed
        .filter(({ list }) => list === 'objects')
        .map(({ type, value: id, field: column }): ObjectFields => ({ type, value: id, field: column })),
      references: listed.flatMap(({ list, type, value: number, field: column }): ReferenceFields[] => {
        const other = PLAIN_KINDS.get(type);
        return list === 'references' && other !== undefined
          ? [{ kind: other, issuer: 'unknown', value: number, field: column }]
          : [];
      }),
      lines: [],
    });
  };
}

function kindReader(mapping: Mapping, indexOf: (column: string) => number): (cells: readonly Cell[]) => Kind {
  const resolve = (name: string | undefined): Kind | undefined =>
    name === undefined ? undefined : PLAIN_KINDS.get(name);
  if (typeof mapping.kind === 'string') {
    const fixed = resolve(mapping.kind);
    if (fixed === undefined) throw new CountersealError('internal', 'the schema admits a kind that is none');
    return () => fixed;
  }
  const { column, values } = mapping.kind;
  const index = indexOf(column);
  return (cells) => {
    const cell = cells[index] ?? '';
    const word = typeof cell === 'string' ? cell.trim() : Object.values(cell).join('');
    const found = resolve(Object.hasOwn(values, word) ? values[word] : undefined);
    if (found !== undefined) return found;
    throw new CountersealError(
      'invalid_document',
      `${column} is ${JSON.stringify(word.slice(0, 40))}, which the mapping does not explain: it knows ${Object.keys(values).join(', ').slice(0, 200)}`,
      { field: column },
    );
  };
}

/** Headers are compared without case, and without white space at their ends. */
function plainHeader(header: string): string {
  return header.trim().toLowerCase();
}

function cellValue(cell: Cell, type: PlainType, mapping: Mapping, column: string): string {
  if (typeof cell !== 'string') return 'decimal' in cell ? cell.decimal : cell.date;
  switch (type) {
    case 'text':
      return cell.trim();
    case 'date':
      return dateValue(cell, mapping, column);
    case 'decimal':
      return decimalValue(cell, mapping.decimalSeparator, column);
  }
}

function dateValue(cell: string, { dateFormat }: Mapping, column: string): string {
  // A time of day says nothing about the date on the document.
  const day = cell.trim().replace(/(?<=[0-9])[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?$/, '');
  return canonicalDate(day, column, dateFormat === 'ISO' ? undefined : dateFormat);
}

/** What groups thousands under each decimal separator: always three digits. */
const GROUPED = {
  '.': /^[0-9]{1,3}(?:([, '\u2019\u00A0\u202F])[0-9]{3})(?:\1[0-9]{3})*(?:\.[0-9]*)?$/,
  ',': /^[0-9]{1,3}(?:([. '\u2019\u00A0\u202F])[0-9]{3})(?:\1[0-9]{3})*(?:,[0-9]*)?$/,
};

/**
 * A number of a table as a plain decimal: thousands grouped or not, a sign before or (as SAP writes it) behind, or
 * parentheses.
 *
 * @throws invalid_document for what is no number under the stated separator
 */
export function decimalValue(cell: string, separator: '.' | ',', column: string): string {
  const text = cell.trim().replace(/^\u2212/, '-');
  const [, parenthesised] = /^\((.*)\)$/.exec(text) ?? [];
  const [, lead = '', body = '', trail = ''] = /^([+-]?)(.*?)(-?)$/s.exec(parenthesised ?? text) ?? [];
  const plain = separator === '.' ? /^[0-9]+(?:\.[0-9]*)?$|^\.[0-9]+$/ : /^[0-9]+(?:,[0-9]*)?$|^,[0-9]+$/;
  const ungrouped = plain.test(body)
    ? body
    : GROUPED[separator].test(body)
      ? body.replace(separator === '.' ? /[^0-9.]/g : /[^0-9,]/g, '')
      : undefined;
  const signs = [parenthesised !== undefined, lead === '-', trail === '-'].filter(Boolean).length;
  if (ungrouped === undefined || signs > 1) {
    const example = separator === '.' ? '1,729.00 or 1729.00' : '1.729,00 or 1729,00';
    throw new CountersealError(
      'invalid_document',
      `${column} is ${JSON.stringify(cell.slice(0, 60))}: with the decimal separator ${JSON.stringify(separator)} of the mapping, write ${example}`,
      { field: column },
    );
  }
  return `${signs === 1 ? '-' : ''}${ungrouped.replace(',', '.')}`;
}

/**
 * The mapping of a table whose headers are the fields of the plain form themselves, and `kind`: it needs no file.
 * Undefined for any other table.
 */
export function plainMapping(headers: readonly string[]): Mapping | undefined {
  const names = headers.map((header) => header.trim());
  if (!names.includes('kind') || !names.every((name) => name === 'kind' || isMappable(name)))
    return undefined;
  return {
    counterseal: 'mapping',
    version: MAPPING_VERSION,
    kind: {
      column: 'kind',
      values: Object.fromEntries([...PLAIN_KINDS.keys()].map((name) => [name, name])),
    },
    columns: Object.fromEntries(names.filter((name) => name !== 'kind').map((name) => [name, name])),
    constants: {},
    dateFormat: 'ISO',
    decimalSeparator: '.',
    listSeparator: ';',
    encoding: 'utf-8',
  };
}
