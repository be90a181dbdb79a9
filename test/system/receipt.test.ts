import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodePaths } from '../../src/cli/homes/node.js';
import { freePorts } from '../../src/cli/ports.js';
import { Service, type Finished } from '../../src/cli/processes.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import type { ProvedReceipt } from '../../src/receipts/verify.js';
import { example, runProgram, TestNetwork } from './network.js';

const json = <T = Record<string, unknown>>({ stdout }: Finished): T => JSON.parse(stdout) as T;

let network: TestNetwork;
let witness: Service;
let witnessHome: string;
let verifierKey: string;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a', 'bank-b']);
  const [port] = await freePorts(1);
  witnessHome = join(network.root, 'witness');
  const made = await runProgram([
    ...['witness', 'keygen', '--home', witnessHome, '--name', 'witness.example/w1', '--json'],
    ...['--genesis', network.paths.genesis, '--listen', `localhost:${port}`],
    ...['--passphrase-file', network.passphraseFile],
  ]);
  const entry = json<{ url: string; key: string }>(made);
  verifierKey = entry.key;
  witness = await Service.start('witness', [
    ...['witness', 'run', '--home', witnessHome, '--passphrase-file', network.passphraseFile],
  ]);
  const config = nodePaths(network.paths.node).config;
  const node = JSON.parse(await readFile(config, 'utf8')) as object;
  await writeFile(config, JSON.stringify({ ...node, witnesses: [entry] }));
  await network.service('node').stop();
  await network.restart('node');
}, 120_000);
afterAll(async () => {
  await witness?.stop('SIGKILL');
  await network?.stop();
});

const verify = (file: string, ...options: string[]) =>
  runProgram(['receipt', 'verify', file, '--genesis', network.paths.genesis, '--json', ...options]);

describe('receipts from the command line', () => {
  it('are made by a member, cosigned by a witness, and verified by anybody', async () => {
    for (const member of ['bank-a', 'bank-b']) {
      const registered = await network.run(
        ...([member, 'document', 'register', example('invoice-a.ubl.xml'), '--purpose', 'finance'] as const),
      );
      expect(registered.status).toBe(0);
    }
    const file = join(network.root, 'receipt.json');
    const shown = await network.run('bank-b', 'receipt', 'show', '1', '--out', file, '--with-transaction');
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    expect(json(shown)).toEqual(JSON.parse(await readFile(file, 'utf8')));

    await Promise.all([...network.services.values(), witness].map((service) => service.stop()));
    const verified = await verify(file, '--witness', verifierKey);
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    expect(json<ProvedReceipt>(verified)).toMatchObject({
      ...{ networkId: network.genesis.networkId, entry: 1, firstHolder: 0, position: 1, total: 2 },
      verdict: { label: 'duplicate' },
      witnesses: [{ name: 'witness.example/w1' }],
      transaction: { controlKey: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
    });
    const readable = await runProgram(['receipt', 'verify', file, '--genesis', network.paths.genesis]);
    expect(readable.stdout).toContain('as number 2 with this document; entry 0 was first');

    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('"format": "counterseal-receipt"', '"format": "other"'));
    const malformed = await verify(file);
    expect(malformed.status).toBe(1);
    expect(json(malformed)).toMatchObject({ error: { code: 'invalid_argument', field: 'malformed' } });
    await writeFile(
      file,
      text.replace(
        /("inclusion": \[\s*")./,
        (_, head: string) => `${head}${text.includes(`${head}A`) ? 'B' : 'A'}`,
      ),
    );
    expect(json(await verify(file))).toMatchObject({ error: { code: 'invalid_proof', field: 'not_in_log' } });
    await writeFile(file, text);
    expect(json(await verify(file, '--quorum', '2'))).toMatchObject({ error: { field: 'bad_trust' } });
    expect(json(await verify(file, '--witness', 'w1'))).toMatchObject({
      error: { code: 'invalid_argument' },
    });
    expect((await runProgram(['receipt', 'verify', file])).status).toBe(2);
  }, 120_000);

  it('are not to be had of entries that are not there', async () => {
    await network.restart('node');
    const missing = await network.run('bank-a', 'receipt', 'show', '7');
    expect(missing.status).toBe(1);
    expect(json(missing)).toMatchObject({ error: { code: 'not_found', field: 'entry' } });
    const foreign = await network.run('bank-a', 'receipt', 'show', '1', '--with-transaction');
    expect(json(foreign)).toMatchObject({ error: { code: 'not_found', field: 'entry' } });
    const badly = await network.run('bank-a', 'receipt', 'show', 'x');
    expect(badly.status).toBe(2);
  }, 60_000);

  it('a witness signs what it fetches itself, too', async () => {
    const sign = () =>
      runProgram([
        ...['witness', 'sign', '--home', witnessHome, '--genesis', network.paths.genesis, '--json'],
        ...['--passphrase-file', network.passphraseFile],
      ]);
    const signed = json<{ checkpoint: string; cosignature: string }>(await sign());
    expect(signed.checkpoint.startsWith(`${network.genesis.networkId}\n2\n`)).toBe(true);
    expect(signed.checkpoint.endsWith(`${signed.cosignature}\n`)).toBe(true);
    const client = new LedgerClient([`localhost:${network.ports[0]}`], network.genesis);
    expect(await client.consistencyProof(1n, 2n)).toHaveLength(1);
    await expect(client.consistencyProof(0n, 2n)).rejects.toMatchObject({ code: 'invalid_argument' });
    await expect(client.stateSubtree('no prefix')).rejects.toMatchObject({ code: 'invalid_argument' });
    client.close();
    const keygen = await runProgram([
      ...[
        'witness',
        'keygen',
        '--home',
        witnessHome,
        '--name',
        'w',
        '--genesis',
        network.paths.genesis,
        '--json',
      ],
      ...['--passphrase-file', network.passphraseFile],
    ]);
    expect(json(keygen)).toMatchObject({ error: { code: 'already_exists' } });
  }, 60_000);
});
