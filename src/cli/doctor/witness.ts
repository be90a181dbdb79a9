import { openCheckpoint, readCosignature } from '../../ledger/index.js';
import { CountersealError } from '../../errors.js';
import { openWitnessHome, readWitnessConfig, type WitnessConfig, witnessPaths } from '../homes/witness.js';
import { ed25519PublicKey, type VaultAccess } from '../../crypto/index.js';
import { checkClock, checkFiles, checkModes } from './common.js';
import { checkDatabase, RUNS } from './database.js';
import type { Report } from './report.js';
import { LevelStore } from '../../engine/index.js';
import { Witness } from '../../witness/index.js';

const PROBE_TIMEOUT_MS = 4_000;

export async function examineWitness(
  report: Report,
  home: string,
  access: VaultAccess | undefined,
): Promise<void> {
  const paths = witnessPaths(home);
  await checkModes(report, home, [paths.secrets]);
  await checkFiles(report, home, [paths.config, paths.secrets]);
  const config = await report.run(
    'configuration',
    () => readWitnessConfig(home),
    ({ name, logs }) => `witness ${name} of ${logs.map(({ origin }) => origin).join(', ')}`,
  );
  if (!config) return;
  const publicKey =
    access === undefined
      ? undefined
      : await report.run(
          'key',
          async () => ed25519PublicKey((await openWitnessHome(home, access)).seed),
          () => 'opens',
        );
  const found = await checkDatabase(report, 'database', paths.database, (store) =>
    checkMemory(report, config, store, publicKey),
  );
  if (found !== RUNS) return report.ok('service', 'does not run');
  report.ok('database', 'in use by the running witness, so not read');
  await report.run(
    'service',
    async () => {
      const { listen, logs } = config;
      const response = await fetch(
        `http://${listen.replace(/^0\.0\.0\.0:/, 'localhost:')}/checkpoint/${logs[0]!.origin}`,
        {
          redirect: 'error',
          signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
        },
      ).catch((cause: unknown) => {
        throw new CountersealError('unavailable', `the witness does not answer on ${listen}`, { cause });
      });
      await response.body?.cancel();
      return listen;
    },
    (listen) => `answers on ${listen}`,
  );
}

/** The checkpoints that the witness remembers are signed, by an operator and by itself. */
function checkMemory(
  report: Report,
  { name, logs }: WitnessConfig,
  store: LevelStore,
  publicKey: Uint8Array | undefined,
): Promise<void> {
  const reading = { name, publicKey: new Uint8Array(32), sign: () => new Uint8Array() };
  const witness = new Witness(store, reading, []);
  for (const { origin, keys } of logs) {
    const note = witness.last(origin);
    if (note === undefined) {
      report.ok(origin, 'nothing cosigned yet');
      continue;
    }
    const operators = keys.map((key) => ({
      name: origin,
      publicKey: new Uint8Array(Buffer.from(key, 'hex')),
    }));
    const checkpoint = openCheckpoint(note, origin, operators);
    const own = publicKey && { name, publicKey };
    if (own && !note.split('\n').some((line) => readCosignature(note, line, [own]) !== undefined))
      throw new CountersealError(
        'data_corrupted',
        `the last checkpoint of ${origin} lacks this witness's cosignature`,
      );
    report.ok(origin, `${checkpoint.size} records cosigned, of ${new Date(checkpoint.time).toISOString()}`);
    checkClock(report, checkpoint);
  }
  return Promise.resolve();
}
