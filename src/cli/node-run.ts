import { ed25519PublicKey, ed25519Sign, initPoseidon, type VaultAccess } from '../crypto/index.js';
import { EmbeddedEngine, type EmbeddedOptions, NetworkProofVerifier } from '../engine/index.js';
import { CountersealError, ensure, type ErrorCode } from '../errors.js';
import { type Genesis, type LogIndex, parseGenesis, parseVerifierKey } from '../ledger/index.js';
import { type AdminServer, fitsSocket, serveAdmin } from '../rpc/admin-socket.js';
import { serveLedger } from '../rpc/ledger-server.js';
import { createLogger, type LogMessage, type Logger } from '../rpc/logger.js';
import { RpcServer } from '../rpc/transport.js';
import { CosignatureCollector, ensureNotSetBack, WitnessClient } from '../witness/index.js';
import { logExpiry } from './expiry.js';
import { type NodeHome, nodePaths, openNodeHome } from './homes/node.js';
import { readRestored, removeRestored, type Restored } from './homes/restored.js';
import { type MetricsOptions, openMetrics } from './metrics.js';
import { backupExtras } from './node-backup.js';
import { readVaultKey, type PassphraseOptions } from './passphrase.js';
import { announce, untilStopped } from './service.js';
import { VERSION } from './version.js';

export interface RunOptions extends PassphraseOptions, MetricsOptions {
  home: string;
  confirmRestored?: boolean;
}

const HELD =
  'this node was restored from a backup, and accepts nothing until its operator confirms that nothing came after it';
/** Why a witness did not cosign, as far as it is worth saying more than its code. */
const REFUSALS: Partial<Record<ErrorCode, LogMessage>> = {
  failed_precondition:
    'a witness has cosigned more records than this log has, or other ones: records were lost, or the log has forked',
  invalid_proof:
    'a witness has cosigned more records than this log has, or other ones: records were lost, or the log has forked',
};

export interface OpenNode {
  readonly home: NodeHome;
  readonly genesis: Genesis;
  readonly signer: EmbeddedOptions['signer'];
}

/** Opens a node's folder, and checks that the genesis knows its key. */
export async function openNode(folder: string, access: VaultAccess): Promise<OpenNode> {
  const home = await openNodeHome(folder, access);
  const genesis = parseGenesis(home.genesis);
  ensure(genesis.networkId === home.config.networkId, 'data_corrupted', 'genesis.json is of another network');
  const publicKey = ed25519PublicKey(home.checkpointSeed);
  const hex = Buffer.from(publicKey).toString('hex');
  ensure(
    genesis.operators.some(({ checkpointKey }) => checkpointKey === hex),
    'permission_denied',
    'the genesis names no operator with the checkpoint key of this node',
  );
  const sign = (message: Uint8Array) => ed25519Sign(home.checkpointSeed, message);
  return { home, genesis, signer: { name: genesis.networkId, publicKey, sign } };
}

export async function runNode(options: RunOptions): Promise<void> {
  const access = await readVaultKey(options);
  const { home, genesis, signer } = await openNode(options.home, access);
  const witnesses = (home.config.witnesses ?? []).map(
    ({ url, key }) => new WitnessClient(url, parseVerifierKey(key)),
  );
  const log = createLogger('node', { witnesses: witnesses.map(({ key }) => key.name) });
  await initPoseidon();
  const restored = await readRestored(options.home);
  const held = restored !== undefined && options.confirmRestored !== true;
  const metrics = await openMetrics(options.metrics ?? home.config.metrics, {
    service: 'node',
    home: options.home,
    certificates: { own: home.identity.certificate, authority: genesis.ca },
  });
  const measured = metrics && (await import('../metrics/index.js')).nodeMetrics(metrics.registry);
  const verifier = await NetworkProofVerifier.open(
    genesis,
    undefined,
    measured && { onBatch: measured.onBatch },
  );
  const engine = await EmbeddedEngine.open({
    directory: nodePaths(options.home).database,
    genesis,
    verifier,
    signer,
    ...(measured && { observer: measured }),
    ...(held && { held: HELD }),
  });
  await ensureNewest(genesis, engine, witnesses, restored, options);
  if (held) log.warn({}, HELD);

  const server = new RpcServer(metrics?.calls);
  serveLedger(server, engine, { genesis: Buffer.from(home.genesis), log });
  const port = await server.listen(home.config.listen, {
    authority: genesis.ca,
    identity: home.identity,
    clients: 'anyone',
  });
  const collector = new CosignatureCollector(engine, witnesses, (witness, { code }) =>
    log.warn({ witness, code }, REFUSALS[code] ?? 'no cosignature'),
  );
  if (witnesses.length > 0) collector.start();
  measured?.watch({ engine, verifier, standing: () => collector.standing() });
  const admin = await openAdmin(options.home, engine, log);
  const metricsServer = await metrics?.serve(() => notReady(engine, held));
  announce(log, 'node', port, metricsServer?.port);
  logExpiry(log, home.identity.certificate);
  await untilStopped();
  collector.stop();
  await metricsServer?.close();
  await admin?.close();
  await server.close();
  await engine.close();
  await verifier.close();
}

/** Of a failure the log says more; here it is only that there is one: its text can name what was read. */
function notReady(engine: EmbeddedEngine, held: boolean): string | undefined {
  if (engine.status().accepting) return undefined;
  return held ? HELD : 'the ledger accepts nothing more: see the log';
}

/**
 * Before anything is signed: whether this is the newest state that there is. Throws `failed_precondition` where a
 * witness knows better, `data_corrupted` for a folder in which a restoration did not come to its end, `unavailable`
 * where a restored node's witnesses cannot be asked.
 */
async function ensureNewest(
  genesis: Genesis,
  engine: EmbeddedEngine,
  witnesses: readonly WitnessClient[],
  restored: Restored | undefined,
  { home, confirmRestored }: RunOptions,
): Promise<void> {
  const { height, logSize: size } = engine.reader.meta();
  if (restored && (height < restored.height || restored.networkId !== genesis.networkId))
    throw new CountersealError(
      'data_corrupted',
      `a restoration into ${home} did not come to its end: restore the backup into a new folder`,
    );
  const held = { size, rootAt: (at: number) => engine.reader.logRoot(at as LogIndex) };
  const silent = await ensureNotSetBack(genesis, held, witnesses);
  if (!restored || confirmRestored !== true) return;
  ensure(
    silent.length === 0,
    'unavailable',
    `whether anything came after the backup cannot be asked of ${silent.join(', ')}: start the witness, or remove it from node.json`,
  );
  await removeRestored(home);
}

async function openAdmin(
  home: string,
  engine: EmbeddedEngine,
  log: Logger,
): Promise<AdminServer | undefined> {
  if (!fitsSocket(home)) {
    log.warn({}, 'the socket for administration cannot be made: its path is too long');
    return undefined;
  }
  return serveAdmin(home, {
    status: () => {
      const { height, logSize, time } = engine.reader.meta();
      const { accepting, waiting } = engine.status();
      return { version: VERSION, height, size: logSize, time, accepting, waiting };
    },
    backup: ({ keys }) => loggedBackup(home, engine, keys, log),
  });
}

async function* loggedBackup(
  home: string,
  engine: EmbeddedEngine,
  keys: boolean,
  log: Logger,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const part of engine.backup(await backupExtras(home, keys))) {
      bytes += part.length;
      yield part;
    }
    log.info({ bytes }, 'a backup was written');
  } catch (error) {
    log.warn({ bytes, code: error instanceof CountersealError ? error.code : 'internal' }, 'a backup failed');
    throw error;
  }
}
