import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { initPoseidon, type VaultAccess } from '../../crypto/index.js';
import { CountersealError } from '../../errors.js';
import { auditStore, type Genesis, networkOf, parseVerifierKey, readMeta } from '../../ledger/index.js';
import { adminSocketPath, askAdmin, readJson } from '../../rpc/admin-socket.js';
import { ensureNotSetBack, WitnessClient } from '../../witness/index.js';
import { nodePaths, readNodeConfig, type NodeConfig } from '../homes/node.js';
import { readRestored } from '../homes/restored.js';
import { openNode } from '../node-run.js';
import { VERSION } from '../version.js';
import {
  checkCertificate,
  checkClock,
  checkFiles,
  checkGenesis,
  checkKeys,
  checkLedger,
  checkModes,
  checkServer,
} from './common.js';
import { checkDatabase, RUNS } from './database.js';
import type { Report } from './report.js';

export async function examineNode(
  report: Report,
  home: string,
  access: VaultAccess | undefined,
): Promise<void> {
  const paths = nodePaths(home);
  await checkModes(report, home, [paths.secrets, adminSocketPath(home)]);
  await checkFiles(report, home, [paths.config, paths.genesis, paths.certificate, paths.secrets]);
  const config = await report.run(
    'configuration',
    () => readNodeConfig(home),
    ({ listen }) => `a node that listens on ${listen}`,
  );
  if (!config) return;
  const genesis = await checkGenesis(report, paths.genesis, config.networkId);
  if (!genesis) return;
  await checkKeys(report, genesis, false);
  const certificate = await readFile(paths.certificate, 'utf8').catch(() => undefined);
  const expected = { authority: genesis.ca, networkId: genesis.networkId, party: { kind: 'node' } as const };
  if (certificate !== undefined) await checkCertificate(report, certificate, expected);
  if (access !== undefined)
    await report.run(
      'keys',
      () => openNode(home, access),
      () => 'open; the genesis names the checkpoint key, and the TLS key is the one of the certificate',
    );
  const restored = await report.run('restored', () => readRestored(home));
  if (restored)
    report.warn(
      'restored',
      `from a backup of block ${restored.height}, and not confirmed: the node accepts nothing`,
      'ask members and witnesses for more records; if there are none, start it once with --confirm-restored',
    );
  const size = (await checkRunning(report, home))
    ? await checkService(report, config, genesis)
    : await checkStore(report, home, genesis);
  if (size !== undefined) await checkWitnesses(report, config, genesis, size);
}

/** Whether the node runs, by its own word. */
async function checkRunning(report: Report, home: string): Promise<boolean> {
  const status = await report.run('service', async () => {
    const response = await askAdmin(home, 'GET', '/status');
    return response && readJson(response);
  });
  if (!status) return false;
  const { version, height, size, accepting, waiting } = status;
  const text = `runs: block ${String(height)}, ${String(size)} records, ${String(waiting)} transactions wait`;
  if (accepting !== true) report.warn('service', `${text}; it accepts nothing`, 'see its log');
  else report.ok('service', text);
  if (version !== VERSION)
    report.warn('running version', `it runs version ${String(version)}`, `restart it to run ${VERSION}`);
  report.ok(
    'database',
    'in use by the running node, which checks what it reads; stop it to have all of it read',
  );
  return true;
}

async function checkService(
  report: Report,
  { listen, networkId }: NodeConfig,
  genesis: Genesis,
): Promise<number | undefined> {
  const address = listen.replace(/^(0\.0\.0\.0|\[::\]):/, 'localhost:');
  const options = { authority: genesis.ca, server: { networkId, kind: 'node' } } as const;
  if (!(await checkServer(report, 'node', address, options, true))) return undefined;
  const checkpoint = await checkLedger(report, genesis, address);
  if (checkpoint) checkClock(report, checkpoint);
  return checkpoint?.size;
}

/** Reads the whole database: every value by its checksum, the state by its root, the log leaf by leaf. */
async function checkStore(report: Report, home: string, genesis: Genesis): Promise<number | undefined> {
  let size: number | undefined;
  const found = await checkDatabase(
    report,
    'database',
    join(nodePaths(home).database, 'ledger'),
    async (store) => {
      await initPoseidon();
      const meta = await readMeta(store, (await networkOf(genesis)).hash);
      if (!meta) return;
      await auditStore(store, meta);
      size = meta.logSize;
      report.ok(
        'log and state',
        `block ${meta.height}, ${meta.logSize} records: both have the roots that were committed`,
      );
      checkClock(report, meta);
    },
  );
  if (found === RUNS)
    report.warn(
      'database',
      'another process has it open, and it does not answer here',
      'see which process runs there',
    );
  else if (existsSync(nodePaths(home).database)) report.ok('service', 'does not run');
  return size;
}

async function checkWitnesses(
  report: Report,
  { witnesses = [] }: NodeConfig,
  genesis: Genesis,
  size: number,
): Promise<void> {
  if (witnesses.length === 0)
    report.warn(
      'witnesses',
      'none: nobody outside remembers what this node signed',
      'have one run elsewhere: counterseal witness keygen',
    );
  for (const { url, key } of witnesses)
    await report.run(
      'witness',
      async () => {
        const client = new WitnessClient(url, parseVerifierKey(key));
        // The roots are the running node's business; what matters here is how far the witness is.
        const log = { size, rootAt: () => undefined };
        const silent = await ensureNotSetBack(genesis, log, [client]);
        if (silent.length > 0)
          throw new CountersealError('unavailable', `the witness ${silent.join()} does not answer at ${url}`);
        return client.key.name;
      },
      (name) => `${name} answers, and knows no more records than are here`,
    );
}
