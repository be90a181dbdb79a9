import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import { Service } from '../../src/cli/processes.js';
import { example, jsonLines, runProgram, TestNetwork } from './network.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/sdk/finance.mjs', import.meta.url));

let network: TestNetwork;
let gateway: Service;
let address: string;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a', 'bank-b']);
});
afterAll(async () => {
  await gateway?.stop('SIGKILL');
  await network?.stop();
});

const start = async (member = 'bank-a') => {
  const [port] = await freePorts(1);
  gateway = await Service.start('gateway', network.args(member, 'gateway', '--listen', String(port)));
  address = `http://localhost:${port}`;
};
const ask = async (key: string, path: string, body?: Uint8Array | object) => {
  const bytes = body instanceof Uint8Array;
  const response = await fetch(`${address}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${key}`,
      ...(body === undefined || bytes ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: bytes ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const post = (key: string, path: string) =>
  fetch(`${address}${path}`, { method: 'POST', headers: { authorization: `Bearer ${key}` } });

/** The ids of the first events after a place, and what they are. */
async function events(key: string, count: number, last?: string): Promise<string[][]> {
  const response = await fetch(`${address}/v1/events`, {
    headers: { authorization: `Bearer ${key}`, ...(last === undefined ? {} : { 'last-event-id': last }) },
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    text += Buffer.from(value ?? []).toString('utf8');
    const found = [...text.matchAll(/^id: (.+)\nevent: (.+)\ndata: .+\n\n/gm)];
    if (!done && found.length < count) continue;
    await reader.cancel();
    return found.map(([, id, event]) => [id!, event!]);
  }
}

describe('a member of a network, to programs', () => {
  it('is a gateway, whose orders outlive it', async () => {
    const add = async (name: string, scopes: string) => {
      const added = await network.run('bank-a', 'gateway', 'user', 'add', name, '--scopes', scopes);
      expect(added).toMatchObject({ status: 0, stderr: '' });
      return jsonLines(added)[0]!['key'] as string;
    };
    const alice = await add('alice', 'check,register,read,engage');
    const bob = await add('bob', 'approve');
    const listed = await network.run('bank-a', 'gateway', 'user', 'list');
    expect(jsonLines(listed)[0]).toMatchObject([{ name: 'alice' }, { name: 'bob', scopes: ['approve'] }]);
    expect(listed.stdout).not.toContain(alice);
    for (const wrong of [
      ['user', 'add', 'x', '--scopes', 'everything'],
      ['--host-name', 'https://api.example.com'],
      ['--host-name', 'api.example.com:443'],
    ])
      expect((await network.run('bank-a', 'gateway', ...wrong)).status).toBe(2);

    await start();
    const invoice = readFileSync(example('invoice-a.ubl.xml'));
    expect(await ask(alice, '/v1/check?purpose=finance', invoice)).toMatchObject({
      ...{ status: 200, body: { verdict: 'unique' } },
    });
    const registered = await ask(alice, '/v1/entries?purpose=finance', invoice);
    expect(registered).toMatchObject({ status: 201, body: { sequence: 0, verdict: 'unique' } });
    const again = await ask(alice, '/v1/entries?purpose=finance', invoice);
    expect(again).toMatchObject({ status: 200, body: { sequence: 0, existed: true } });
    const asked = await ask(alice, '/v1/entries/0/engage', { accept: ['unique'] });
    expect(asked).toMatchObject({ status: 202, body: { state: 'pending' } });

    await gateway.stop('SIGKILL');
    await start();
    const path = `/v1/orders/${String(asked.body['id'])}`;
    expect((await post(alice, `${path}/approve`)).status).toBe(403);
    const approved = await Promise.all([1, 2, 3].map(() => post(bob, `${path}/approve`)));
    expect(approved.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(await ask(alice, path)).toMatchObject({
      body: { state: 'done', outcome: { result: { outcome: 'done', state: 'engaged' } } },
    });

    const [[first = '', what] = []] = await events(alice, 1);
    expect(what).toBe('own-acted');
    const next = events(alice, 1, first);
    const theirs = await network.run(
      ...(['bank-b', 'document', 'register', example('invoice-a.cii.xml'), '--purpose', 'finance'] as const),
    );
    expect(theirs.status).toBe(0);
    const [[second = '', heard] = []] = await next;
    expect(heard).toBe('registered-again');
    expect(second).not.toBe(first);

    expect((await network.run('bank-a', 'gateway', 'user', 'remove', 'bob')).status).toBe(0);
    expect((await post(bob, `${path}/approve`)).status).toBe(401);
    await gateway.stop();
    expect(gateway.process.exitCode).toBe(0);
    for (const secret of [alice, bob, 'invoice', '/v1/orders/'.concat(String(asked.body['id']))])
      expect(gateway.log).not.toContain(secret);
    const audit = jsonLines(await network.run('bank-a', 'member', 'audit'));
    expect(JSON.stringify(audit)).toContain('"user":"gateway/alice","approvedBy":"gateway/bob"');
  }, 240_000);

  it('is a package', async () => {
    const run = async (invoice: string) => {
      const receipt = join(network.root, 'sdk-receipt.json');
      const child = spawn(
        process.execPath,
        [EXAMPLE, network.home('bank-b'), network.passphraseFile, example(invoice), receipt],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      );
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => (output += text));
      const [status] = (await once(child, 'close')) as [number];
      return { status, output, receipt };
    };
    const financed = await run('invoice-b.ubl.xml');
    expect(financed.output).toContain('engagement: done; the entry is engaged');
    expect(financed.output).toContain('number 1 with this document');
    expect(financed.status).toBe(0);
    const verified = await runProgram([
      ...['receipt', 'verify', financed.receipt, '--genesis', network.paths.genesis, '--json'],
    ]);
    expect(verified.status).toBe(0);
    const refused = await run('invoice-a.ubl.xml');
    expect(refused).toMatchObject({ status: 3, output: 'checked: duplicate-engaged\n' });
  }, 240_000);

  it('is a gateway that ends with what it has begun answered, and at once when asked twice', async () => {
    const added = await network.run('bank-b', 'gateway', 'user', 'add', 'dora', '--scopes', 'register,read');
    const key = jsonLines(added)[0]!['key'] as string;
    await start('bank-b');
    const invoice = (number: string) =>
      Buffer.from(
        readFileSync(example('invoice-b.ubl.xml'), 'utf8').replace(/<cbc:ID>[^<]+</, `<cbc:ID>${number}<`),
      );
    const register = (number: string) =>
      fetch(`${address}/v1/entries?purpose=finance`, {
        ...{ method: 'POST', body: invoice(number), headers: { authorization: `Bearer ${key}` } },
      });
    const stream = await fetch(`${address}/v1/events`, { headers: { authorization: `Bearer ${key}` } });
    // It is read, and evaluated or being proved: what was begun is on the ledger, or said not to be.
    const first = register('GW-1');
    while (!gateway.log.includes('following')) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const ended = once(gateway.process, 'close');
    gateway.process.kill('SIGTERM');
    const answer = await first;
    expect([201, 503]).toContain(answer.status);
    if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('5');
    expect(await stream.text()).toMatch(/: the gateway is ending\nretry: 5000\n\n$/);
    await expect(register('GW-2')).rejects.toThrow('fetch failed');
    expect(await ended).toEqual([0, null]);

    await start('bank-b');
    const again = await register('GW-1');
    expect(again.status).toBe(answer.status === 201 ? 200 : 201);
    const begun = register('GW-3').then(
      ({ status }) => status,
      () => 'cut off',
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const killed = once(gateway.process, 'close');
    gateway.process.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
    gateway.process.kill('SIGINT');
    expect(await killed).toEqual([null, 'SIGINT']);
    expect(await begun).toBe('cut off');
  }, 240_000);
});
