import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { CountersealError, ensure } from '../errors.js';
import { metricsOption, openMetrics, type MetricsOptions } from './metrics.js';
import { numberOption } from './number-option.js';
import { passphraseOptions, readVaultKey, type PassphraseOptions } from './passphrase.js';
import { action, print, printJson, progress, table } from './output.js';
import { announce, untilStopped } from './service.js';

/** How long a start waits for a node; it goes on without one, by the list as it was last. */
const FIRST_CONTACT_WAIT_MS = 10_000;

interface EvaluatorOptions extends PassphraseOptions {
  home: string;
  json?: boolean;
}

export function evaluatorCommands(program: Command): void {
  const evaluator = program.command('evaluator').description('a member of the committee that makes tags');

  metricsOption(passphraseOptions(evaluator.command('run', { isDefault: true })))
    .description('answer members; stops on SIGINT or SIGTERM')
    .requiredOption('--home <folder>', "the evaluator's folder")
    .addHelpText(
      'after',
      '\nExample:\n  counterseal evaluator run --home evaluator-1 --passphrase-file secret',
    )
    .action(action(run));

  passphraseOptions(evaluator.command('keygen'))
    .description('make the shared key together with the other evaluators, who must run this at the same time')
    .requiredOption('--home <folder>', "the evaluator's folder")
    .requiredOption('--session <name>', 'the same at all evaluators, and new for every try')
    .addOption(
      numberOption('--timeout <seconds>', 'how long to wait for the others', {
        min: 1,
        max: 99_999,
        unit: 'seconds',
      }).default(120),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal evaluator keygen --home evaluator-1 --session 2026-11-20-a',
    )
    .action(action(keygen));
}

async function run(options: EvaluatorOptions & MetricsOptions): Promise<void> {
  const access = await readVaultKey(options);
  const [
    { dailyQuotaOf, evaluatorPaths, openEvaluatorHome, readKeyShare },
    { initPoseidon, readText },
    { networkOf, parseGenesis },
    { Evaluator, LevelQuotaStore },
    { logExpiry },
    { createLogger },
    { RpcServer },
    { serveEvaluator },
    { MemberList },
  ] = await Promise.all([
    import('./homes/evaluator.js'),
    import('../crypto/index.js'),
    import('../ledger/index.js'),
    import('../oprf/index.js'),
    import('./expiry.js'),
    import('../rpc/logger.js'),
    import('../rpc/transport.js'),
    import('../rpc/evaluator-server.js'),
    import('../rpc/member-list.js'),
  ]);
  const home = await openEvaluatorHome(options.home, access);
  const { config } = home;
  const log = createLogger(`evaluator-${config.id}`);
  const [key, genesisText] = await Promise.all([
    readKeyShare(options.home, access),
    readText(evaluatorPaths(options.home).genesis, 'the network has no genesis yet'),
    initPoseidon(),
  ]);
  const network = await networkOf(parseGenesis(genesisText));
  const { genesis } = network;
  ensure(genesis.networkId === config.networkId, 'data_corrupted', 'genesis.json is of another network');
  const nodes = [...(config.nodes ?? []), ...genesis.operators.map(({ address }) => address)];
  const members = await MemberList.open({
    directory: evaluatorPaths(options.home).members,
    network,
    nodes: [...new Set(nodes)],
    changed: (state, error) => {
      if (state === 'following') log.info({}, 'the list of members follows the ledger');
      else if (state === 'lost')
        log.warn(
          {},
          'no node answers: members are those of the last list, and after a day without a node nobody is answered',
        );
      else
        log.error(
          error instanceof CountersealError ? { code: error.code } : {},
          'a node sends what the ledger cannot be: it is asked again in a minute',
        );
    },
  });
  const metrics = await openMetrics(options.metrics ?? config.metrics, {
    service: 'evaluator',
    home: options.home,
    certificates: { own: home.identity.certificate, authority: home.authority },
  });
  const store = await LevelQuotaStore.open(evaluatorPaths(options.home).quotas);
  const measured = metrics && (await import('../metrics/index.js')).evaluatorMetrics(metrics.registry, store);
  const quotas = measured?.quotas ?? store;
  const evaluator = new Evaluator({
    key,
    signingSeed: home.signingSeed,
    quotas,
    dailyQuota: (member) => {
      const roles = members.rolesOf(member);
      return roles && dailyQuotaOf(config, roles);
    },
  });
  // Who asks in the first moments is to be told by the list as it is now.
  await members.start(FIRST_CONTACT_WAIT_MS);
  measured?.watch(evaluator);
  const server = new RpcServer(metrics?.calls);
  serveEvaluator(server, evaluator, config.networkId, log);
  const port = await server.listen(config.listen, {
    authority: home.authority,
    identity: home.identity,
    clients: 'certified',
  });
  const metricsServer = await metrics?.serve(() =>
    members.isCurrent ? undefined : 'no node has told for long who is a member: nobody is answered',
  );
  announce(log, 'evaluator', port, metricsServer?.port);
  logExpiry(log, home.identity.certificate);
  await untilStopped();
  await metricsServer?.close();
  await server.close();
  evaluator.dropNonces();
  await quotas.close();
  await members.close();
}

async function keygen(options: EvaluatorOptions & { session: string; timeout: number }): Promise<void> {
  const access = await readVaultKey(options);
  const [
    { evaluatorPaths, openEvaluatorHome, writeKeyShare },
    { KeygenParty },
    { createLogger },
    { exchangeKeygen },
  ] = await Promise.all([
    import('./homes/evaluator.js'),
    import('../oprf/index.js'),
    import('../rpc/logger.js'),
    import('../rpc/keygen-exchange.js'),
  ]);
  const { config, authority, identity, signingSeed } = await openEvaluatorHome(options.home, access);
  const party = new KeygenParty(
    {
      purpose: 'oprf',
      networkId: config.networkId,
      shareEpoch: config.shareEpoch,
      threshold: config.threshold,
      total: config.peers.length + 1,
      session: options.session,
    },
    config.id,
  );
  ensure(
    !existsSync(evaluatorPaths(options.home).share),
    'already_exists',
    'this evaluator has a share already: a new key would make all tags unfindable',
  );
  const result = await exchangeKeygen({
    party,
    peers: config.peers,
    listen: config.listen,
    authority,
    identity,
    timeout: options.timeout * 1000,
    log: createLogger(`evaluator-${config.id}`),
    onRound: (round) => progress(`key generation, round ${round} of 3 ...`),
  });
  const keys = await writeKeyShare(options.home, access, result, signingSeed);
  progress('');
  if (options.json) printJson(keys);
  else
    print(
      `Evaluator ${config.id} has its share. All evaluators must report the same transcript:`,
      ...table([
        ['transcript', keys.transcript],
        ['group key', keys.groupKey.join(', ')],
      ]),
    );
}
