import { readFile } from 'node:fs/promises';
import {
  BASE,
  ed25519PublicKey,
  fieldFromDecimal,
  multiply,
  pointFromAffine,
  type VaultAccess,
} from '../../crypto/index.js';
import { CountersealError, ensure } from '../../errors.js';
import type { Genesis } from '../../ledger/index.js';
import {
  evaluatorPaths,
  type EvaluatorConfig,
  openEvaluatorHome,
  readEvaluatorConfig,
  readKeyShare,
} from '../homes/evaluator.js';
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

export async function examineEvaluator(
  report: Report,
  home: string,
  access: VaultAccess | undefined,
): Promise<void> {
  const paths = evaluatorPaths(home);
  await checkModes(report, home, [paths.secrets, paths.share]);
  await checkFiles(report, home, [
    ...[paths.config, paths.genesis, paths.authority, paths.certificate],
    ...[paths.secrets, paths.share, paths.public],
  ]);
  const config = await report.run(
    'configuration',
    () => readEvaluatorConfig(home),
    ({ id, threshold, shareEpoch }) =>
      `evaluator ${id}, of which ${threshold} are needed, share epoch ${shareEpoch}`,
  );
  if (!config) return;
  const genesis = await checkGenesis(report, paths.genesis, config.networkId);
  if (!genesis) return;
  await checkKeys(report, genesis, false);
  const party = { kind: 'evaluator', id: String(config.id) } as const;
  const { networkId, ca: authority } = genesis;
  const certificate = await readFile(paths.certificate, 'utf8').catch(() => undefined);
  if (certificate !== undefined) await checkCertificate(report, certificate, { authority, networkId, party });
  const identity = access === undefined ? undefined : await checkShare(report, home, access, config, genesis);

  const quotas = await checkDatabase(report, 'quotas', paths.quotas);
  if (quotas === RUNS) report.ok('quotas', 'in use by the running evaluator, so not read');
  const server = { authority, server: { networkId, ...party }, identity };
  if (quotas === RUNS)
    await checkServer(
      report,
      'evaluator',
      config.listen.replace(/^(0\.0\.0\.0|\[::\]):/, 'localhost:'),
      server,
      identity !== undefined,
    );
  else report.ok('service', 'does not run');
  for (const { name, address } of genesis.operators) {
    const node = { authority, server: { networkId, kind: 'node' } } as const;
    if (!(await checkServer(report, name, address, node, true))) continue;
    const checkpoint = await checkLedger(report, genesis, address);
    if (checkpoint) checkClock(report, checkpoint);
  }
}

/** That the share is the one of the public shares in the genesis, and the keys are those that it names. */
async function checkShare(
  report: Report,
  home: string,
  access: VaultAccess,
  { id }: EvaluatorConfig,
  genesis: Genesis,
) {
  const opened = await report.run(
    'keys',
    async () => {
      const { identity, signingSeed } = await openEvaluatorHome(home, access);
      const key = Buffer.from(ed25519PublicKey(signingSeed)).toString('hex');
      ensure(
        genesis.oprf.evaluators[id - 1]?.signingKey === key,
        'data_corrupted',
        'the genesis names another signing key for this evaluator',
      );
      return identity;
    },
    () => 'open; the genesis names the signing key, and the TLS key is the one of the certificate',
  );
  await report.run(
    'share',
    async () => {
      const { share, shareEpoch } = await readKeyShare(home, access);
      const coordinates = genesis.oprf.publicShares[id - 1];
      ensure(coordinates, 'data_corrupted', `the genesis has no evaluator ${id}`);
      const [x, y] = coordinates;
      const expected = pointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y));
      if (!multiply(BASE, share).equals(expected))
        throw new CountersealError(
          'data_corrupted',
          'the share does not belong to the public share of the genesis',
        );
      return shareEpoch;
    },
    (epoch) => `belongs to the public share of the genesis, share epoch ${epoch}`,
  );
  return opened;
}
