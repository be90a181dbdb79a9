import { execFileSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parsers } from 'prettier/plugins/yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OwnEntry } from '../../src/agent/index.js';
import { freePorts } from '../../src/cli/ports.js';
import { Service } from '../../src/cli/processes.js';
import { initPoseidon } from '../../src/crypto/index.js';
import { decodeRecord } from '../../src/ledger/index.js';
import { SnarkjsProver } from '../../src/proofs/index.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { code } from '../helpers/vectors.js';
import { jsonLines, runProgram, startProgram, TestNetwork, type Line } from './network.js';
import { prepareEntries, signAction } from './prepare.js';

const operation = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../examples/operation/${name}`, import.meta.url)), 'utf8');

/** The YAML of these files as values: mappings, sequences and scalars, all scalars as text. */
function yaml(text: string): unknown {
  interface Node {
    readonly type: string;
    readonly children?: readonly (Node | null)[];
    readonly value?: string;
  }
  const value = (node: Node | null | undefined): unknown => {
    const children = node?.children ?? [];
    switch (node?.type) {
      case 'mapping':
      case 'flowMapping':
        return Object.fromEntries(
          children.map((item) => [value(item?.children?.[0]), value(item?.children?.[1])]),
        );
      case 'sequence':
      case 'flowSequence':
        return children.map(value);
      case 'plain':
      case 'quoteSingle':
      case 'quoteDouble':
      case 'blockFolded':
      case 'blockLiteral':
        return node.value;
      default:
        return value(children.at(-1));
    }
  };
  const root = parsers.yaml.parse(text, {} as never) as Node;
  const document = root.children![0]!;
  return value(document.children!.find((child) => child?.type === 'documentBody'));
}

/** Names of metrics in an expression of PromQL. */
const namesIn = (expression: string): string[] =>
  expression.match(/\b(?:counterseal|nodejs|process)_[a-z0-9_]+/g) ?? [];

let network: TestNetwork;
let witness: Service;
let client: LedgerClient;
const metricsOf = new Map<string, number>();
const watchers: ChildProcess[] = [];
const prover = new SnarkjsProver();
/** One that is prepared and not submitted. */
let entry: OwnEntry;

const withPassphrase = (...args: string[]) => [...args, '--passphrase-file', network.passphraseFile];

beforeAll(async () => {
  await initPoseidon();
  network = await TestNetwork.start(['bank-a', 'bank-b']);
  const [witnessPort, ...ports] = (await freePorts(6)) as [number, ...number[]];
  const home = join(network.root, 'witness');
  const made = await runProgram(
    withPassphrase(
      ...['witness', 'keygen', '--home', home, '--name', 'witness.example/w1', '--json'],
      ...['--genesis', network.paths.genesis, '--listen', `localhost:${witnessPort}`],
    ),
  );
  const config = join(network.paths.node, 'node.json');
  const node = JSON.parse(await readFile(config, 'utf8')) as object;
  // One by its configuration, the others by their options.
  await writeFile(
    config,
    JSON.stringify({ ...node, witnesses: jsonLines(made), metrics: `localhost:${ports[0]}` }),
  );
  await Promise.all(['node', 'evaluator-1'].map((name) => network.kill(name)));
  const evaluator = ['evaluator', 'run', '--home', network.paths.evaluator(1)];
  const start = (name: string, args: string[], port: number) => {
    metricsOf.set(name, port);
    return Service.start(name, withPassphrase(...args, '--metrics', String(port)));
  };
  witness = await start('witness', ['witness', 'run', '--home', home], ports[2]!);
  await network.restart('node');
  metricsOf.set('node', ports[0]!);
  network.services.set('evaluator-1', await start('evaluator-1', evaluator, ports[1]!));
  // Two of three are needed: without the third, this one is asked.
  await network.service('evaluator-3').stop();
  [entry] = (await prepareEntries(network, 'bank-a', ['invoice-a.ubl.xml'], prover)) as [OwnEntry];
  await network.restart('evaluator-3');
  client = new LedgerClient([`localhost:${network.ports[0]}`], network.genesis);
  const watcher = startProgram(network.args('bank-a', 'watch', '--metrics', String(ports[3])));
  metricsOf.set('agent', ports[3]!);
  watchers.push(watcher);
  watcher.stderr!.setEncoding('utf8');
  for await (const text of watcher.stderr as AsyncIterable<string>) if (text.includes('following')) break;
}, 240_000);

afterAll(async () => {
  for (const watcher of watchers) watcher.kill('SIGKILL');
  client.close();
  await prover.close();
  await witness.stop('SIGKILL');
  await network.stop();
});

const scrape = async (name: string, path = '/metrics') =>
  (await fetch(`http://localhost:${metricsOf.get(name)}${path}`)).text();
describe('metrics of the running processes', () => {
  it('tell what happened, and no document, tag or member of an entry', async () => {
    const [transaction, payload] = [entry.transaction, entry.payload].map((text) =>
      Buffer.from(text, 'base64'),
    );
    const { index, record } = await client.submit(transaction!, payload!);
    expect(index).toBe(0n);
    const { body } = decodeRecord(record);
    if (body.type !== 'register') throw new Error('not a registration');
    // A witness is asked once a second.
    while (!/witness_log_size\{.*\} 1\n/.test(await scrape('witness'))) await sleep(100);
    while (!(await scrape('node')).includes('counterseal_cosignatures_missing 0\n')) await sleep(100);
    const samples = [
      'counterseal_transactions_total{type="register",outcome="ok"} 1',
      'counterseal_verdicts_total{verdict="unique"} 1',
      'counterseal_proofs_verified_total{result="valid"} 1',
      'counterseal_log_size 1',
      'counterseal_witness_reachable{witness="witness.example/w1"} 1',
      `counterseal_witness_log_size{origin="${network.genesis.networkId}"} 1`,
      'counterseal_agent_following 1',
      'counterseal_agent_peer_up{kind="evaluator",id="3"} 1',
      'counterseal_agent_peer_up{kind="node",id="1"} 1',
    ];
    // Each process follows or asks the others when its time comes.
    let missing = samples;
    for (let tries = 0; tries < 100 && missing.length > 0; tries++) {
      await sleep(tries === 0 ? 0 : 300);
      const all = (await Promise.all([...metricsOf.keys()].map((name) => scrape(name)))).join('\n');
      missing = samples.filter((sample) => !all.includes(`${sample}\n`));
    }
    expect(missing).toEqual([]);
    const evaluator = await scrape('evaluator-1');
    const [first] = network.genesis.members;
    expect(evaluator).toMatch(
      new RegExp(`counterseal_evaluations_total\\{member="${first!.memberId}"\\} [2-4]\n`),
    );
    const node = await scrape('node');
    for (const secret of [...body.tags.map(String), String(body.nullifier), first!.memberId, network.root])
      expect(node).not.toContain(secret);
    for (const name of metricsOf.keys()) {
      expect(await scrape(name, '/healthz')).toBe('ok\n');
      expect(await scrape(name, '/readyz')).toBe('ok\n');
    }
  });

  it('are all that the dashboard and the alert rules name', async () => {
    const texts = await Promise.all([...metricsOf.keys()].map((name) => scrape(name)));
    const exported = new Set<string>();
    for (const [, name, type] of texts.join('\n').matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      exported.add(name!);
      if (type === 'histogram')
        for (const part of ['bucket', 'sum', 'count']) exported.add(`${name}_${part}`);
    }
    const dashboard = JSON.parse(operation('grafana-dashboard.json')) as {
      uid: string;
      panels: { id: number; type: string; targets?: { expr: string }[] }[];
    };
    const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    expect(shown.length).toBeGreaterThan(30);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const rules = yaml(operation('counterseal-alerts.yml')) as {
      groups: { name: string; rules: Record<string, unknown>[] }[];
    };
    const alerts = rules.groups.flatMap((group) => group.rules);
    expect(alerts.length).toBeGreaterThan(10);
    for (const { alert, expr, labels, annotations, for: pending = '0m', ...rest } of alerts) {
      expect(alert).toMatch(/^Counterseal[A-Z][A-Za-z]+$/);
      expect(typeof expr).toBe('string');
      expect(pending).toMatch(/^\d+[smh]$/);
      expect(['warning', 'critical']).toContain((labels as Line)['severity']);
      expect(Object.keys(annotations as Line).sort()).toEqual(['action', 'summary']);
      expect(rest).toEqual({});
    }
    const named = [...shown, ...alerts.map(({ expr }) => expr as string)].flatMap(namesIn);
    expect([...new Set(named)].filter((name) => !exported.has(name))).toEqual([]);
    // And what is exported of our own is shown.
    const own = [...exported].filter((name) => /^counterseal_(?!.*_(bucket|sum|count)$)/.test(name));
    const used = new Set(named.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    expect(own.filter((name) => !used.has(name))).toEqual([]);
    const scraped = yaml(operation('prometheus.yml')) as {
      rule_files: string[];
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    expect(scraped.rule_files).toEqual(['counterseal-alerts.yml']);
    for (const {
      job_name: job,
      static_configs: [target],
    } of scraped.scrape_configs) {
      expect(job).toMatch(/^counterseal-/);
      expect(target!.targets[0]).toMatch(/^localhost:94\d\d$/);
    }
  });

  it('are started by units that keep the passphrase out of arguments', () => {
    for (const name of ['node', 'evaluator', 'witness']) {
      const unit = operation(`systemd/counterseal-${name}.service`);
      expect(unit).toContain(` ${name} run --home %S/counterseal-${name} --passphrase-file %d/passphrase `);
      for (const line of [
        'DynamicUser=yes',
        'ProtectSystem=strict',
        'NoNewPrivileges=yes',
        'Restart=on-failure',
      ])
        expect(unit.split('\n')).toContain(line);
    }
  });
});

describe('a doctor', () => {
  const examine = async (home: string, ...args: string[]) => {
    const done = await runProgram(['doctor', '--home', home, '--json', ...args]);
    const [report] = jsonLines(done) as unknown as { ok: boolean; kind: string; checks: Line[] }[];
    const by = (status: string) => report!.checks.filter((check) => check['status'] === status);
    return { status: done.status, ...report!, failures: by('fail'), warnings: by('warn') };
  };
  const secret = () => ['--passphrase-file', network.passphraseFile];

  it('finds nothing wrong with those that run', async () => {
    const { paths } = network;
    const homes = [paths.member('bank-a'), paths.node, paths.evaluator(1), join(network.root, 'witness')];
    const reports = await Promise.all(homes.map((home) => examine(home, ...secret())));
    expect(reports.map(({ kind, failures, status }) => ({ kind, failures, status }))).toEqual(
      ['member', 'node', 'evaluator', 'witness'].map((kind) => ({ kind, failures: [], status: 0 })),
    );
    for (const { warnings } of reports) expect(warnings.filter(({ check }) => check !== 'setup')).toEqual([]);
  }, 120_000);

  it('says what is wrong and what to do, without a passphrase too', async () => {
    const home = join(network.root, 'broken');
    await cp(network.paths.member('bank-b'), home, { recursive: true });
    const config = join(home, 'member.json');
    const { nodes, ...rest } = JSON.parse(await readFile(config, 'utf8')) as { nodes: string[] };
    // The node's address is an evaluator's: somebody answers, with a certificate of this network.
    const wrong = [`localhost:${network.ports[1]}`, 'localhost:1'];
    await writeFile(config, JSON.stringify({ ...rest, nodes: [...nodes, ...wrong] }));
    execFileSync('chmod', ['644', join(home, 'vault.json')]);
    const { status, failures, warnings } = await examine(home);
    expect(status).toBe(1);
    expect(failures.map(({ check }) => check)).toEqual(['permissions', 'node', 'node']);
    expect(failures.map(({ found }) => found).join('\n')).toMatch(
      /evaluator 1, not .*node[^]*nothing listens there/,
    );
    for (const { remedy } of failures) expect(remedy).toEqual(expect.stringMatching(/.{5}/));
    expect(warnings.map(({ check }) => check)).toContain('secrets');
  });
});

describe('a backup of a node under load', () => {
  const backup = () => join(network.root, 'node.backup');
  const restored = () => join(network.root, 'restored');

  it('is restored after the node was killed, and members who know more find out', async () => {
    const { paths } = network;
    // It met nothing, so an engagement that accepts a duplicate alone is refused, which is in the log; sixteen times at most.
    const shown = await network.run('bank-a', 'entry', 'fingerprint', '0', '--name', 'possession');
    expect(shown.status, shown.stdout).toBe(0);
    const act = await signAction(network, 'bank-a', entry.nullifier);
    const acknowledged: { index: bigint; record: Uint8Array }[] = [];
    const refusal = { kind: 'engage', accept: ['duplicate'] } as const;
    let counter = 0;
    const order = async () => {
      acknowledged.push(await client.submit(act(0, counter++, refusal), new Uint8Array()));
    };
    await order();
    let busy = true;
    const load = (async () => {
      while (busy && counter < 12) {
        await order();
        await sleep(100);
      }
    })();
    const before = acknowledged.length;
    const [made, over] = await Promise.all([
      runProgram(['node', 'backup', '--home', paths.node, '--out', backup(), '--with-keys', '--json']),
      runProgram(['node', 'backup', '--home', paths.node, '--out', paths.genesis, '--json']),
    ]);
    busy = false;
    await load;
    const [report] = jsonLines(made);
    expect(report).toMatchObject({ networkId: network.genesis.networkId, payloads: 1, withKeys: true });
    const size = Number(report!['size']);
    expect(size).toBeGreaterThanOrEqual(before);
    expect(jsonLines(over)).toEqual([
      { error: expect.objectContaining({ code: 'already_exists' }) as unknown },
    ]);
    expect(((await stat(backup())).mode & 0o777).toString(8)).toBe('600');
    expect(((await stat(join(paths.node, 'admin.sock'))).mode & 0o777).toString(8)).toBe('600');

    // The agent learns of more than the backup has; no witness is there to know it as well.
    await order();
    const cosigned = async () => Number(/witness_log_size\{.*\} (\d+)\n/.exec(await scrape('witness'))![1]);
    while ((await cosigned()) <= size) await sleep(100);
    await witness.stop('SIGKILL');
    const agent = await network.agent('bank-a');
    await agent.entries();
    agent.close();
    await network.kill('node');

    const restore = (home: string, ...args: string[]) =>
      runProgram(['node', 'restore', backup(), '--home', home, '--json', ...args]);
    expect(jsonLines(await restore(restored(), '--genesis', paths.genesis))).toMatchObject([
      { size, payloads: 1, missing: [] },
    ]);
    expect(jsonLines(await restore(restored()))).toMatchObject([{ error: { code: 'already_exists' } }]);
    const mode = async (name: string) => ((await stat(join(restored(), name))).mode & 0o777).toString(8);
    expect([await mode('.'), await mode('secrets.json')]).toEqual(['700', '600']);

    const run = (...args: string[]) =>
      Service.start('node', withPassphrase('node', '--home', restored(), ...args));
    const node = await run();
    network.services.set('node', node);
    expect(node.log).toContain('accepts nothing until its operator confirms');
    expect(await scrape('node', '/readyz')).toContain('restored from a backup');
    const records: Uint8Array[] = [];
    for await (const batch of client.records(0n)) records.push(...batch.records);
    expect(records).toHaveLength(size);
    for (const { index, record } of acknowledged)
      if (index < size) expect(Buffer.from(records[Number(index)]!).equals(record)).toBe(true);
    const engage = act(0, counter, { kind: 'engage', accept: ['unique'] });
    await expect(client.submit(engage, new Uint8Array())).rejects.toThrow(
      expect.objectContaining(code('unavailable')),
    );
    const knows = await network.agent('bank-a');
    await expect(knows.entries()).rejects.toThrow(
      expect.objectContaining({
        ...code('data_corrupted'),
        message: expect.stringContaining(
          `has ${size} records of the log, its operator signed the`,
        ) as unknown,
      }),
    );
    knows.close();
    // Who knows no more goes on.
    expect(jsonLines(await network.run('bank-b', 'entry', 'list'))).toEqual([[]]);
    await node.stop();

    // The witness remembers more: then not even its operator's word starts the node.
    const args = ['witness', 'run', '--home', join(network.root, 'witness')];
    const unasked = await run('--confirm-restored').catch((error: unknown) => error);
    expect(String(unasked)).toMatch(/witness.example\/w1: start the witness/);
    witness = await Service.start('witness', withPassphrase(...args));
    const refused = await run('--confirm-restored').catch((error: unknown) => error);
    expect(String(refused)).toMatch(/has cosigned \d+ records of this log.*would fork the log/);
  }, 120_000);

  it('of the newest block is confirmed, and agents go on', async () => {
    await network.restart('node');
    const out = join(network.root, 'newest.backup');
    const made = await runProgram(['node', 'backup', '--home', network.paths.node, '--out', out, '--json']);
    expect(made.status).toBe(0);
    await network.kill('node');
    const home = join(network.root, 'newest');
    await mkdir(home, { mode: 0o700 });
    for (const name of ['node.json', 'secrets.json', 'certificate.pem'])
      await cp(join(network.paths.node, name), join(home, name));
    expect(jsonLines(await runProgram(['node', 'restore', out, '--home', home, '--json']))).toMatchObject([
      { missing: [] },
    ]);
    const node = await Service.start(
      'node',
      withPassphrase('node', 'run', '--home', home, '--confirm-restored'),
    );
    network.services.set('node', node);
    const agent = await network.agent('bank-a');
    expect(await agent.act(0, { kind: 'engage', accept: ['unique'] })).toMatchObject({ outcome: 'done' });
    expect((await agent.entries()).map(({ state }) => state)).toEqual(['engaged']);
    agent.close();
    // Confirmed once and for all; and a node that does not run is backed up with its passphrase.
    await node.stop();
    const still = await runProgram(
      withPassphrase('node', 'backup', '--home', home, '--out', join(network.root, 'still.backup'), '--json'),
    );
    expect(jsonLines(still)).toMatchObject([{ withKeys: false }]);
    const again = await Service.start('node', withPassphrase('node', 'run', '--home', home));
    network.services.set('node', again);
    expect(await scrape('node', '/readyz')).toBe('ok\n');
  }, 120_000);
});
