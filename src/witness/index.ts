export { WitnessClient, type Submission } from './client.js';
export { CosignatureCollector, type CosignedLog, type WitnessStanding } from './collector.js';
export { formatRequest, parseRequest, REQUEST_MAX_BYTES } from './exchange.js';
export { ensureNotSetBack, type HeldLog } from './rollback.js';
export { serveWitness, type WitnessReport, type WitnessServerOptions } from './server.js';
export { type AddCheckpoint, type WatchedLog, Witness, WitnessConflict } from './witness.js';
