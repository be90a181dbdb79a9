import { existsSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptCertificate, openHome } from '../../src/agent/index.js';
import { certify, type CertifyOptions } from '../../src/cli/enrolment/certify.js';
import { readMemberHistory } from '../../src/cli/enrolment/member-history.js';
import type { OrderFile } from '../../src/cli/enrolment/order-file.js';
import {
  readRequestFile,
  readWelcome,
  writeRequest,
  type RequestFile,
  type WelcomeFile,
} from '../../src/cli/enrolment/request-file.js';
import type { ErrorCode } from '../../src/errors.js';
import { certifyRequest, createRequest, signRenewal } from '../../src/rpc/certificate-requests.js';
import { createAuthority, createTlsKey } from '../../src/rpc/certificates.js';
import { code } from '../helpers/vectors.js';
import { ACCESS, example, jsonLines, runProgram, TestNetwork, type Line } from './network.js';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a', 'bank-b']);
});
afterAll(() => network.stop());

const path = (name: string): string => join(network.root, name);
const json = async <T>(file: string): Promise<T> => JSON.parse(await readFile(file, 'utf8')) as T;

/** A command's last line of JSON. */
async function run(...args: string[]): Promise<Line> {
  const done = await runProgram([...args, '--passphrase-file', network.passphraseFile, '--json']);
  return jsonLines(done).at(-1)!;
}

const order = (administrator: number, file: string, ...command: string[]): Promise<Line> =>
  run(
    ...['network', ...command, '--genesis', network.paths.genesis, '--order', path(file), '--yes'],
    ...['--administrator', network.paths.administrator(administrator)],
  );
const authority = (out: string, more: { order?: string }): CertifyOptions => ({
  ...{ genesis: network.paths.genesis, authority: network.paths.authority, out: path(out), days: 398 },
  ...{ passphraseFile: network.passphraseFile, json: true, ...more },
});
/** That the authority refuses a request; nothing is printed, and its key stays closed. */
const refuses = (request: string, expected: ErrorCode, more: { order?: string } = {}): Promise<void> =>
  expect(certify(path(request), authority('refused.json', more))).rejects.toThrow(
    expect.objectContaining(code(expected)),
  );
const certifyBy = (request: string, out: string, ...more: string[]): Promise<Line> =>
  run(
    ...['network', 'certify', path(request), '--genesis', network.paths.genesis],
    ...['--authority', network.paths.authority, '--out', path(out), ...more],
  );
const members = async () =>
  (await readMemberHistory(network.genesis, [`localhost:${network.ports[0]}`])).members;
const check = (home: string): Promise<Line> =>
  run('document', 'check', example('invoice-b.ubl.xml'), '--home', home);
const error = (expected: string) => ({ error: expect.objectContaining({ code: expected }) as unknown });

/** Asks until the evaluators have heard of it: moments, not a restart. */
async function checkUntil(home: string, wanted: (line: Line) => boolean): Promise<Line> {
  for (let i = 0; ; i++) {
    const line = await check(home);
    if (wanted(line) || i === 20) return line;
    await sleep(100);
  }
}

describe('a new member', () => {
  let memberId: string;

  it('makes its own keys, is admitted by two of three administrators, certified, and joins', async () => {
    const asked = await run(
      ...['member', 'request', '--home', path('bank-d'), '--name', 'Bank D', '--role', 'bank'],
      ...['--network', network.paths.genesis, '--out', path('request.json')],
    );
    memberId = String(asked['memberId']);
    expect(await readFile(path('request.json'), 'utf8')).not.toMatch(/PRIVATE/);
    await refuses('request.json', 'permission_denied');

    const first = await order(1, 'admit.json', 'admit', path('request.json'));
    expect(first).toMatchObject({ state: 'signed', administrator: 1, signatures: 1, threshold: 2 });
    expect((await json<OrderFile>(path('admit.json'))).decision).toMatchObject({
      ...{ action: 'admit', memberId, name: 'Bank D', roles: ['bank'], request: asked['fingerprint'] },
    });
    expect(await order(3, 'admit.json', 'admit', path('request.json'))).toMatchObject({
      ...{ state: 'included', action: 'admit', memberId },
    });
    expect(await members()).toContainEqual(expect.objectContaining({ memberId, state: 'member' }));

    await refuses('request.json', 'invalid_argument');
    await certifyBy('request.json', 'welcome.json', '--order', path('admit.json'));
    expect(await run('member', 'join', path('welcome.json'), '--home', path('bank-d'))).toMatchObject({
      joined: true,
    });
    expect(await checkUntil(path('bank-d'), (line) => line['error'] === undefined)).toMatchObject({
      verdict: 'unique',
    });
  }, 120_000);

  it('refuses a certificate for somebody else, for another key, or of another network', async () => {
    const home = path('bank-d');
    const accept = (certificate: string) =>
      expect(acceptCertificate(home, ACCESS, certificate)).rejects.toThrow(
        expect.objectContaining(code('permission_denied')),
      );
    const before = (await openHome(home, ACCESS)).identity;
    await accept((await network.identityOf('bank-a')).certificate);
    await accept((await network.issue({ kind: 'member', id: memberId })).certificate);
    const another = await createAuthority(network.genesis.networkId);
    const { request } = await json<RequestFile>(path('request.json'));
    await accept(await certifyRequest(another, network.genesis.networkId, request));
    const welcome = await json<WelcomeFile>(path('welcome.json'));
    await writeFile(path('other.json'), JSON.stringify({ ...welcome, genesis: '00'.repeat(32) }));
    await expect(readWelcome(path('other.json'), network.genesis)).rejects.toThrow(
      expect.objectContaining(code('invalid_argument')),
    );
    expect((await openHome(home, ACCESS)).identity).toEqual(before);
  });

  it('gets no certificate for the id of somebody else, which everybody knows', async () => {
    const { networkId, members: first } = network.genesis;
    const victim = { kind: 'member', id: first[0]!.memberId } as const;
    const key = await createTlsKey();
    const request = await createRequest(networkId, victim, key);
    const base = { name: 'Bank A', role: 'bank' as const, request };
    // A file that says another id than the certificate request in it.
    await writeRequest(path('forged.json'), network.genesis, {
      ...base,
      party: { kind: 'member', id: memberId },
    });
    await expect(readRequestFile(path('forged.json'), network.genesis)).rejects.toThrow(
      expect.objectContaining(code('permission_denied')),
    );
    // One that is consistent: the id is a member's, and nobody approved this request.
    await writeRequest(path('open.json'), network.genesis, { ...base, party: victim });
    await refuses('open.json', 'permission_denied', { order: path('admit.json') });
    // Renewals that the key of the old certificate did not sign, or of another member's certificate.
    const bankA = await network.identityOf('bank-a');
    const bankB = await network.identityOf('bank-b');
    for (const [certificate, signer] of [
      [bankA.certificate, { ...bankA, privateKey: key }],
      [bankB.certificate, bankB],
    ] as const) {
      const signature = await signRenewal(networkId, request, signer);
      await writeRequest(path('renewal.json'), network.genesis, {
        ...{ party: victim, request, renewal: { certificate, signature } },
      });
      await refuses('renewal.json', 'permission_denied');
    }
  });

  it('is refused by ledger and evaluators as soon as it is suspended, and comes back', async () => {
    const home = path('bank-d');
    const suspend = ['suspend', memberId.slice(0, 12)] as const;
    await order(1, 'suspend.json', ...suspend);
    expect(await order(2, 'suspend.json', ...suspend)).toMatchObject({ state: 'included' });
    expect(await checkUntil(home, (line) => line['error'] !== undefined)).toMatchObject(
      error('permission_denied'),
    );
    expect(await members()).toContainEqual(expect.objectContaining({ memberId, state: 'removed' }));
    await refuses('request.json', 'permission_denied', { order: path('admit.json') });
    // The order of its admission, once more.
    expect(await order(2, 'admit.json', 'admit', path('request.json'))).toMatchObject({
      state: 'included-before',
    });
    expect(await members()).toContainEqual(expect.objectContaining({ memberId, state: 'removed' }));
    await order(2, 'readmit.json', 'readmit', memberId);
    expect(await order(3, 'readmit.json', 'readmit', memberId)).toMatchObject({ state: 'included' });
    expect(await checkUntil(home, (line) => line['error'] === undefined)).toMatchObject({
      verdict: 'unique',
    });
  }, 120_000);

  it('renews its certificate by the old key; so do evaluators', async () => {
    const home = path('bank-d');
    const before = (await openHome(home, ACCESS)).identity;
    await run('member', 'renew', '--home', home, '--out', path('renew.json'));
    // Until it joins, the old one is in use.
    expect((await openHome(home, ACCESS)).identity).toEqual(before);
    await certifyBy('renew.json', 'renewed.json');
    await run('member', 'join', path('renewed.json'), '--home', home);
    expect((await openHome(home, ACCESS)).identity.privateKey).not.toBe(before.privateKey);

    const service = network.paths.evaluator(1);
    await run('network', 'renew', '--home', service, '--out', path('service.json'));
    await certifyBy('service.json', 'service-welcome.json');
    expect(await run('network', 'join', path('service-welcome.json'), '--home', service)).toMatchObject({
      ...{ party: { kind: 'evaluator', id: '1' }, joined: true },
    });
    await network.service('evaluator-1').stop();
    await network.service('evaluator-2').stop();
    await network.restart('evaluator-1');
    // Two of three answer: the one with the new certificate is among them.
    expect(await check(home)).toMatchObject({ verdict: 'unique' });
    await network.restart('evaluator-2');
  }, 120_000);
});

describe('a backup', () => {
  const register = (name: string) =>
    run('document', 'register', example(name), '--purpose', 'finance', '--home', network.home('bank-b'));
  const backup = () => path('bank-b.backup');
  const restore = (file: string, home: string, ...more: string[]) =>
    runProgram(['member', 'restore', file, '--home', home, '--json', ...more]);

  it('brings back a folder that was lost, with the entry that was made after it', async () => {
    const home = network.home('bank-b');
    const first = await register('invoice-a.ubl.xml');
    expect(await run('member', 'backup', '--out', backup(), '--home', home)).toMatchObject({ entries: 1 });
    expect(statSync(backup()).mode & 0o777).toBe(0o600);
    const second = await register('invoice-b.ubl.xml');
    await rm(home, { recursive: true });

    const restored = await run('member', 'restore', backup(), '--home', home);
    expect(restored).toMatchObject({
      entries: 1,
      found: [{ sequence: second['sequence'], purpose: 'finance', document: 'document' }],
    });
    const shown = await run('entry', 'show', String(second['sequence']), '--home', home);
    expect(shown).toMatchObject({ state: 'registered', kind: 380, verdict: 'unique' });
    expect(shown['document']).toMatchObject({ currency: 'EUR' });
    const agent = await network.agent('bank-b');
    for (const { sequence } of [first, second] as { sequence: number }[]) {
      await agent.act(sequence, { kind: 'engage', accept: ['unique'] });
      expect(await agent.act(sequence, { kind: 'settle' })).toMatchObject({ state: 'settled' });
    }
    // Nothing is found twice, and what is audited goes on where the backup was made.
    expect(await agent.recover()).toEqual([]);
    const { records, problems } = await agent.readAudit();
    expect(problems).toEqual([]);
    expect(records.map(({ command }) => command)).toEqual([
      ...['document register', 'document register', 'member backup', 'member restore'],
    ]);
    // The next registration takes an index that none of them had.
    const nullifiers = (await agent.entries()).map(({ entry }) => entry.nullifier);
    // Of today, or of the day before where midnight came between.
    const day = Math.floor(Date.now() / 86_400_000);
    const possible = [day - 1, day].flatMap((period) =>
      [0, 1].map((index) => agent.home.keys.nullifier(period, index).toString()),
    );
    agent.close();
    expect(new Set(nullifiers).size).toBe(2);
    expect(possible).toEqual(expect.arrayContaining(nullifiers));
  }, 180_000);

  it('opens with its passphrase only, unchanged only, and into a new folder only', async () => {
    const wrong = path('wrong');
    await writeFile(wrong, 'another passphrase\n');
    const fresh = path('fresh');
    const said = (done: Awaited<ReturnType<typeof restore>>) => jsonLines(done).at(-1);
    expect(said(await restore(backup(), fresh, '--passphrase-file', wrong))).toMatchObject(
      error('decryption_failed'),
    );
    const file = await json<{ sealed: string }>(backup());
    const bytes = Buffer.from(file.sealed, 'base64');
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path('tampered'), JSON.stringify({ ...file, sealed: bytes.toString('base64') }));
    const right = ['--passphrase-file', network.passphraseFile];
    expect(said(await restore(path('tampered'), fresh, ...right))).toMatchObject(error('decryption_failed'));
    expect(existsSync(fresh)).toBe(false);
    expect(said(await restore(backup(), network.home('bank-b'), ...right))).toMatchObject(
      error('already_exists'),
    );
  }, 60_000);
});
