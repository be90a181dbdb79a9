import { readFile } from 'node:fs/promises';
import { Agent, homePaths } from '../../agent/index.js';
import { MemberConfig } from '../../agent/home.js';
import { parseFile, readText, type VaultAccess } from '../../crypto/index.js';
import type { Genesis } from '../../ledger/index.js';
import { DAY_MS } from '../../time.js';
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

export async function examineMember(
  report: Report,
  home: string,
  access: VaultAccess | undefined,
): Promise<void> {
  const paths = homePaths(home);
  await checkModes(report, home, [paths.vault]);
  await checkFiles(report, home, [paths.config, paths.genesis, paths.certificate, paths.vault]);
  const config = await report.run(
    'configuration',
    async () => parseFile(MemberConfig, await readText(paths.config, ''), paths.config),
    ({ name }) => `member ${name}`,
  );
  if (!config) return;
  const genesis = await checkGenesis(report, paths.genesis, config.networkId);
  if (!genesis) return;
  await checkKeys(report, genesis, true);
  const certificate = await readFile(paths.certificate, 'utf8').catch(() => undefined);
  const expected = {
    authority: genesis.ca,
    networkId: genesis.networkId,
    party: { kind: 'member' } as const,
  };
  if (certificate !== undefined) await checkCertificate(report, certificate, expected);
  const stored = await checkDatabase(report, 'database', paths.database);
  if (stored === RUNS) report.ok('database', 'in use by another command, so not read');

  const agent =
    access === undefined
      ? undefined
      : await report.run(
          'vault',
          () => Agent.open(home, access),
          () => 'opens, and its TLS key is the one of the certificate',
        );
  await checkNetwork(report, config, genesis, agent);
  if (!agent) return;
  try {
    await checkLog(report, agent);
  } finally {
    agent.close();
  }
}

async function checkNetwork(
  report: Report,
  { nodes, evaluators }: MemberConfig,
  genesis: Genesis,
  agent: Agent | undefined,
): Promise<void> {
  const { networkId, ca: authority } = genesis;
  for (const address of nodes) {
    const options = { authority, server: { networkId, kind: 'node' } } as const;
    if (!(await checkServer(report, 'node', address, options, true))) continue;
    const checkpoint = await checkLedger(report, genesis, address);
    if (checkpoint) checkClock(report, checkpoint);
  }
  let answering = 0;
  for (const { id, address } of evaluators) {
    const server = { networkId, kind: 'evaluator', id: String(id) } as const;
    const options = { authority, server, identity: agent?.home.identity };
    // Whether it serves can be asked with the member's certificate only.
    if (await checkServer(report, `evaluator ${id}`, address, options, agent !== undefined)) answering++;
  }
  const { threshold } = genesis.oprf;
  if (answering < threshold)
    report.fail(
      'evaluators',
      `${answering} answer, and ${threshold} are needed`,
      'without them no document can be checked or registered: see above',
    );
  else report.ok('evaluators', `${answering} answer, ${threshold} are needed`);
}

async function checkLog(report: Report, agent: Agent): Promise<void> {
  await report.run(
    'log',
    () => agent.entries(),
    (entries) => {
      const today = Math.floor(Date.now() / DAY_MS);
      const registered = entries.filter(({ entry }) => Math.floor(entry.createdAt / DAY_MS) === today).length;
      const pending = entries.filter(({ state }) => state === 'pending').length;
      if (pending > 0)
        report.warn(
          'entries',
          `${pending} were prepared and never answered for`,
          'register the same documents again: what was prepared is submitted, nothing twice',
        );
      const quotas = agent.network.genesis.schema.purposes.map(({ name, quota }) => `${name} ${quota}`);
      report.ok(
        'quota',
        `${registered} entries made today (UTC), allowed a day: ${quotas.join(', ')}; what is left at the evaluators only they know`,
      );
      return 'this copy recomputes to the log that the node signs';
    },
  );
}
