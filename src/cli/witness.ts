import type { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ensure } from '../errors.js';
import { metricsOption, openMetrics, type MetricsOptions } from './metrics.js';
import { passphraseOptions, readVaultKey, type PassphraseOptions } from './passphrase.js';
import { action, print, printJson, usage } from './output.js';
import { announce, untilStopped } from './service.js';

interface WitnessOptions extends PassphraseOptions {
  home: string;
  json?: boolean;
}

export function witnessCommands(program: Command): void {
  const witness = program
    .command('witness')
    .description('cosign checkpoints of ledgers, so that nobody can be shown a log of their own');

  metricsOption(passphraseOptions(witness.command('run', { isDefault: true })))
    .description('answer nodes that ask for cosignatures (C2SP tlog-witness); stops on SIGINT or SIGTERM')
    .requiredOption('--home <folder>', "the witness's folder")
    .addHelpText('after', '\nExample:\n  counterseal witness run --home witness-1 --passphrase-file secret')
    .action(action(run));

  passphraseOptions(witness.command('keygen'))
    .description(
      "make a witness: its key, and the logs that it watches; prints the key for the nodes' node.json",
    )
    .requiredOption('--home <folder>', 'a new folder for it')
    .requiredOption('--name <name>', 'a name of your own for its key, such as witness.example/w1')
    .requiredOption(
      '--genesis <file>',
      'the genesis.json of a network to watch; repeat for more',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .option('--listen <host:port>', 'where it will listen', 'localhost:7480')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal witness keygen --home witness-1 --name witness.example/w1 --genesis genesis.json',
    )
    .action(action(keygen));

  passphraseOptions(witness.command('sign'))
    .description(
      "fetch a node's newest checkpoint, verify that it extends the last one, and print it cosigned",
    )
    .requiredOption('--home <folder>', "the witness's folder")
    .requiredOption('--genesis <file>', "the network's genesis.json")
    .option('--node <address>', "a node (default: the genesis' first operator)")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal witness sign --home witness-1 --genesis genesis.json --passphrase-file secret',
    )
    .action(action(sign));
}

async function keygen(
  options: WitnessOptions & { name: string; genesis: string[]; listen: string },
): Promise<void> {
  const [{ createWitnessHome, witnessPaths }, { ed25519PublicKey, readText }, ledger] = await Promise.all([
    import('./homes/witness.js'),
    import('../crypto/index.js'),
    import('../ledger/index.js'),
  ]);
  ensure(
    !existsSync(witnessPaths(options.home).config),
    'already_exists',
    `${options.home} is a witness already`,
  );
  usage(() =>
    ensure(
      /^[^\s:]+:\d{1,5}$/.test(options.listen),
      'invalid_argument',
      '--listen takes a host and a port: localhost:7480',
    ),
  );
  const seed = randomBytes(32);
  const key = ledger.formatVerifierKey({ name: options.name, publicKey: ed25519PublicKey(seed) });
  const logs = await Promise.all(
    options.genesis.map(async (file) => {
      const genesis = ledger.parseGenesis(await readText(file, 'a genesis.json is needed'));
      return { origin: genesis.networkId, keys: genesis.operators.map(({ checkpointKey }) => checkpointKey) };
    }),
  );
  const access = await readVaultKey(options, true);
  await createWitnessHome(options.home, access, { name: options.name, listen: options.listen, logs }, seed);
  const entry = { url: `http://${options.listen}`, key };
  if (options.json) printJson(entry);
  else
    print(
      key,
      '',
      'For the node.json of each node of the network:',
      `  "witnesses": [${JSON.stringify(entry)}]`,
      'Whoever verifies receipts takes the key with --witness.',
    );
}

/** The witness of a folder. Its database admits one process at a time. */
async function openWitness(options: WitnessOptions) {
  const access = await readVaultKey(options);
  const [{ openWitnessHome, witnessPaths }, { ed25519PublicKey, ed25519Sign }, { LevelStore }, { Witness }] =
    await Promise.all([
      import('./homes/witness.js'),
      import('../crypto/index.js'),
      import('../engine/index.js'),
      import('../witness/index.js'),
    ]);
  const { config, seed } = await openWitnessHome(options.home, access);
  const store = await LevelStore.open(witnessPaths(options.home).database);
  const signer = {
    name: config.name,
    publicKey: ed25519PublicKey(seed),
    sign: (message: Uint8Array) => ed25519Sign(seed, message),
  };
  const logs = config.logs.map(({ origin, keys }) => ({
    origin,
    keys: keys.map((key) => new Uint8Array(Buffer.from(key, 'hex'))),
  }));
  return { config, store, witness: new Witness(store, signer, logs) };
}

async function run(options: WitnessOptions & MetricsOptions): Promise<void> {
  const { config, store, witness } = await openWitness(options);
  const [{ serveWitness }, { createLogger }] = await Promise.all([
    import('../witness/index.js'),
    import('../rpc/logger.js'),
  ]);
  const log = createLogger('witness');
  const [host, port] = config.listen.split(':') as [string, string];
  const metrics = await openMetrics(options.metrics ?? config.metrics, {
    service: 'witness',
    home: options.home,
    certificates: {},
  });
  const origins = config.logs.map(({ origin }) => origin);
  const measured =
    metrics && (await import('../metrics/index.js')).witnessMetrics(metrics.registry, witness, origins);
  const server = await serveWitness(witness, {
    host,
    port: Number(port),
    report: (_text, details) =>
      log.warn(
        details,
        details.code === 'internal'
          ? 'a request failed'
          : 'a signed checkpoint does not extend the one that was cosigned: the log has forked, or records were lost',
      ),
    ...(measured ? { observe: measured.observe } : {}),
  });
  const metricsServer = await metrics?.serve(() => undefined);
  announce(log, 'witness', server.port, metricsServer?.port);
  await untilStopped();
  await metricsServer?.close();
  await server.close();
  await store.close();
}

async function sign(options: WitnessOptions & { genesis: string; node?: string }): Promise<void> {
  const [{ readText }, { addSignatureLine, checkpointOf, parseGenesis }, { LedgerClient }] =
    await Promise.all([
      import('../crypto/index.js'),
      import('../ledger/index.js'),
      import('../rpc/ledger-client.js'),
    ]);
  const genesis = parseGenesis(await readText(options.genesis, 'a genesis.json is needed'));
  const { store, witness } = await openWitness(options);
  const client = new LedgerClient([options.node ?? genesis.operators[0]!.address], genesis);
  try {
    const checkpoint = await client.checkpoint();
    const { size } = checkpointOf(genesis, checkpoint);
    const oldSize = Math.min(witness.size(genesis.networkId), size);
    const proof =
      oldSize === 0 || oldSize === size ? [] : await client.consistencyProof(BigInt(oldSize), BigInt(size));
    const line = await witness.add({ oldSize, proof, checkpoint });
    const cosigned = addSignatureLine(checkpoint, line);
    if (options.json) printJson({ checkpoint: cosigned, cosignature: line });
    else process.stdout.write(cosigned);
  } finally {
    client.close();
    await store.close();
  }
}
