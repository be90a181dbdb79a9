export { TRUTH_FILE, writeShipments } from './write.js';
export { type Fault, FAULT_NAMES, FAULTS } from './fault-names.js';
export { generateSet, generateShipments, type ShipmentOptions, type ShipmentSet } from './generate.js';
export type { Paper } from './papers.js';
export type { Truth, TruthCheck, TruthDocument, TruthMatch, TruthOpening, TruthSet } from './truth.js';
export { lei } from './identifiers.js';
export { Random } from './random.js';
