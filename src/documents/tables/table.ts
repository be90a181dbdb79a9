import type { CountersealError } from '../../errors.js';
import type { Cell } from './cell.js';

/** A row below the headers; `row` counts as spreadsheets do: the headers are row 1. */
export type TableRow =
  | { readonly row: number; readonly cells: readonly Cell[] }
  | { readonly row: number; readonly problem: CountersealError };

/** A table read row by row. */
export interface Table {
  readonly format: 'csv' | 'xlsx';
  readonly headers: readonly string[];
  readonly rows: AsyncIterable<TableRow>;
}

/** The most columns of a table: spreadsheets end there. */
export const MAX_COLUMNS = 16_384;
