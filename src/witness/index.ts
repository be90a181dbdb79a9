export { WitnessClient, type Submission } from './client.js';
export { CosignatureCollector, type CosignedLog } from './collector.js';
export { formatRequest, parseRequest, REQUEST_MAX_BYTES } from './exchange.js';
export { serveWitness, type WitnessReport } from './server.js';
export { type AddCheckpoint, type WatchedLog, Witness, WitnessConflict } from './witness.js';
