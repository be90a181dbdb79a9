/**
 * One cell of a table: text as it stands in the file, or, of a spreadsheet, a number or a date, which are not text in
 * anybody's notation.
 */
export type Cell = string | { readonly decimal: string } | { readonly date: string };

export function isEmpty(cell: Cell): boolean {
  return typeof cell === 'string' && cell.trim() === '';
}

/** A cell as a person would write it. */
export function cellText(cell: Cell): string {
  return typeof cell === 'string' ? cell : 'decimal' in cell ? cell.decimal : cell.date;
}
