import type { Command } from 'commander';
import { ensure } from '../errors.js';
import { passphraseOptions, readPassphrase, type PassphraseOptions } from './passphrase.js';
import { action } from './output.js';
import { announce, untilStopped } from './service.js';

interface NodeOptions extends PassphraseOptions {
  home: string;
}

export function nodeCommand(program: Command): void {
  passphraseOptions(program.command('node'))
    .description('run a node of the ledger; stops on SIGINT or SIGTERM')
    .requiredOption('--home <folder>', "the node's folder")
    .addHelpText('after', '\nExample:\n  counterseal node --home node-1 --passphrase-file secret')
    .action(action(run));
}

async function run(options: NodeOptions): Promise<void> {
  const passphrase = await readPassphrase(options);
  const [
    { nodePaths, openNodeHome },
    { ed25519PublicKey, ed25519Sign, initPoseidon },
    { EmbeddedEngine, NetworkProofVerifier },
    { parseGenesis, parseVerifierKey },
    { createLogger },
    { serveLedger },
    { RpcServer },
    { CosignatureCollector, WitnessClient },
  ] = await Promise.all([
    import('./homes/node.js'),
    import('../crypto/index.js'),
    import('../engine/index.js'),
    import('../ledger/index.js'),
    import('../rpc/logger.js'),
    import('../rpc/ledger-server.js'),
    import('../rpc/transport.js'),
    import('../witness/index.js'),
  ]);
  const home = await openNodeHome(options.home, passphrase);
  const log = createLogger('node');
  await initPoseidon();
  const genesis = parseGenesis(home.genesis);
  ensure(genesis.networkId === home.config.networkId, 'data_corrupted', 'genesis.json is of another network');
  const checkpointKey = ed25519PublicKey(home.checkpointSeed);
  ensure(
    genesis.operators.some(
      (operator) => operator.checkpointKey === Buffer.from(checkpointKey).toString('hex'),
    ),
    'permission_denied',
    'the genesis names no operator with the checkpoint key of this node',
  );
  const witnesses = (home.config.witnesses ?? []).map(
    ({ url, key }) => new WitnessClient(url, parseVerifierKey(key)),
  );
  const verifier = await NetworkProofVerifier.open(genesis);
  const engine = await EmbeddedEngine.open({
    directory: nodePaths(options.home).database,
    genesis,
    verifier,
    signer: {
      name: genesis.networkId,
      publicKey: checkpointKey,
      sign: (message) => ed25519Sign(home.checkpointSeed, message),
    },
  });
  const server = new RpcServer();
  serveLedger(server, engine, { genesis: Buffer.from(home.genesis), log });
  const port = await server.listen(home.config.listen, {
    authority: genesis.ca,
    identity: home.identity,
    clients: 'anyone',
  });
  const collector = new CosignatureCollector(engine, witnesses, (witness, { code, message }) =>
    log.warn({ witness, code, message }, 'no cosignature'),
  );
  if (witnesses.length > 0) collector.start();
  announce(log, 'node', port);
  await untilStopped();
  collector.stop();
  await server.close();
  await engine.close();
  await verifier.close();
}
