export { type Cell, cellText } from './cell.js';
export { readCsv } from './csv.js';
export { applyMapping, type Mapping, parseMapping, plainMapping, rowReader, type Row } from './mapping.js';
export { oedReader } from './oed.js';
export { type Proposal, type ProposedMapping, proposeMapping, type Question } from './propose.js';
export type { Table, TableRow } from './table.js';
export { readXlsx, XLSX_MAX_BYTES } from './xlsx.js';
