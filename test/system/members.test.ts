import { existsSync, statSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptCertificate, openHome, requestMembership } from '../../src/agent/index.js';
import { writeRequest, type RequestFile, type WelcomeFile } from '../../src/cli/enrolment/request-file.js';
import type { OrderFile } from '../../src/cli/enrolment/order-file.js';
import { createRequest } from '../../src/rpc/certificate-requests.js';
import { createTlsKey } from '../../src/rpc/certificates.js';
import { ed25519Sign } from '../../src/crypto/index.js';
import { code } from '../helpers/vectors.js';
import { example, jsonLines, PASSPHRASE, runProgram, TestNetwork, type Line } from './network.js';

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
const certify = (request: string, out: string, ...more: string[]): Promise<Line> =>
  run(
    ...['network', 'certify', path(request), '--genesis', network.paths.genesis],
    ...['--authority', network.paths.authority, '--out', path(out), ...more],
  );
const members = async (): Promise<Line[]> => {
  const done = await runProgram(['network', 'members', '--genesis', network.paths.genesis, '--json']);
  return jsonLines(done)[0]!['members'] as Line[];
};
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
    // No certificate yet, and no place on the ledger.
    expect(await check(path('bank-d'))).toMatchObject(error('not_found'));
    expect(await certify('request.json', 'early.json')).toMatchObject(error('permission_denied'));

    const first = await order(1, 'admit.json', 'admit', path('request.json'));
    expect(first).toMatchObject({ state: 'signed', administrator: 1, signatures: 1, threshold: 2 });
    expect((await json<OrderFile>(path('admit.json'))).decision).toMatchObject({
      ...{ action: 'admit', memberId, name: 'Bank D', roles: ['bank'], request: asked['fingerprint'] },
    });
    // One administrator twice.
    expect(await order(1, 'admit.json', 'admit', path('request.json'))).toMatchObject(
      error('already_exists'),
    );
    expect(await order(3, 'admit.json', 'admit', path('request.json'))).toMatchObject({
      ...{ state: 'included', action: 'admit', memberId },
    });
    expect(await members()).toContainEqual(
      expect.objectContaining({ memberId, roles: ['bank'], state: 'member' }),
    );

    expect(await certify('request.json', 'welcome.json')).toMatchObject(error('invalid_argument'));
    await certify('request.json', 'welcome.json', '--order', path('admit.json'));
    expect(await run('member', 'join', path('welcome.json'), '--home', path('bank-d'))).toMatchObject({
      joined: true,
    });
    expect(await checkUntil(path('bank-d'), (line) => line['error'] === undefined)).toMatchObject({
      verdict: 'unique',
    });
  }, 120_000);

  it('refuses a certificate for somebody else, for another key, or of another network', async () => {
    const welcome = await json<WelcomeFile>(path('welcome.json'));
    const other = await network.issue({ kind: 'member', id: network.genesis.members[0]!.memberId });
    const change = async (content: Partial<WelcomeFile>) => {
      await writeFile(path('changed.json'), JSON.stringify({ ...welcome, ...content }));
      return run('member', 'join', path('changed.json'), '--home', path('bank-d'));
    };
    expect(await change({ certificate: other.certificate })).toMatchObject(error('permission_denied'));
    const { certificate } = await network.issue({ kind: 'member', id: memberId });
    expect(await change({ certificate })).toMatchObject(error('permission_denied'));
    expect(await change({ genesis: '00'.repeat(32) })).toMatchObject(error('invalid_argument'));
    expect(await change({ networkId: 'another-net' })).toMatchObject(error('invalid_argument'));
    // What was there still works.
    expect((await openHome(path('bank-d'), PASSPHRASE)).identity.certificate).toBe(welcome.certificate);
  });

  it('gets no certificate for the id of somebody else, which everybody knows', async () => {
    const thief = await requestMembership(
      path('thief'),
      PASSPHRASE,
      'Bank A',
      await readFile(network.paths.genesis, 'utf8'),
    );
    const victim = { kind: 'member', id: network.genesis.members[0]!.memberId } as const;
    const key = await createTlsKey();
    const request = await createRequest(network.genesis.networkId, victim, key);
    const base = { name: 'Bank A', role: 'bank' as const };
    // A request whose certificate request is for another id than it says.
    await writeRequest(path('forged.json'), network.genesis, {
      ...base,
      party: { kind: 'member', id: thief.memberId },
      request,
    });
    expect(await order(1, 'forged-order.json', 'admit', path('forged.json'))).toMatchObject(
      error('permission_denied'),
    );
    // One that says it openly: its author is a member on the ledger, and still nobody approved this request.
    await writeRequest(path('open.json'), network.genesis, { ...base, party: victim, request });
    expect(await order(1, 'open-order.json', 'admit', path('open.json'))).toMatchObject(
      error('already_exists'),
    );
    expect(await certify('open.json', 'stolen.json', '--order', path('admit.json'))).toMatchObject(
      error('permission_denied'),
    );
    // A renewal that the old key did not sign.
    const { certificate } = await network.identityOf('bank-a');
    await writeRequest(path('renewal.json'), network.genesis, {
      party: victim,
      request,
      renewal: { certificate, signature: Buffer.alloc(70, 1).toString('base64') },
    });
    expect(await certify('renewal.json', 'stolen.json')).toMatchObject(error('permission_denied'));
    await expect(acceptCertificate(path('thief'), PASSPHRASE, certificate)).rejects.toThrow(
      expect.objectContaining(code('permission_denied')),
    );
  });

  it('is not admitted by an order that was changed after it was signed, or signed by nobody who may', async () => {
    await requestFor('bank-e');
    await order(1, 'bank-e-order.json', 'admit', path('bank-e.json'));
    const signed = await json<OrderFile>(path('bank-e-order.json'));
    const forge = async (change: (order: OrderFile) => OrderFile) => {
      await writeFile(path('forged-order.json'), JSON.stringify(change(structuredClone(signed))));
      return order(2, 'forged-order.json', 'admit', path('bank-e.json'));
    };
    expect(
      await forge((o) => ({ ...o, decision: { ...o.decision, roles: ['bank', 'insurer'] } })),
    ).toMatchObject(error('permission_denied'));
    expect(await forge((o) => ({ ...o, decision: { ...o.decision, name: 'Bank F' } }))).toMatchObject(
      error('permission_denied'),
    );
    expect(await forge((o) => ({ ...o, signatures: [...o.signatures, ...o.signatures] }))).toMatchObject(
      error('invalid_argument'),
    );
    const nobody = (text: string) => Buffer.from(ed25519Sign(Buffer.alloc(32, 3), Buffer.from(text)));
    expect(
      await forge((o) => ({
        ...o,
        signatures: [
          ...o.signatures,
          { administrator: 2, order: nobody('a').toString('hex'), decision: nobody('b').toString('hex') },
        ],
      })),
    ).toMatchObject(error('permission_denied'));
    // The order of one request does not serve another.
    await requestFor('bank-f');
    expect(await order(2, 'bank-e-order.json', 'admit', path('bank-f.json'))).toMatchObject(
      error('invalid_argument'),
    );
    expect((await members()).map(({ memberId: id }) => id)).toHaveLength(3);
  }, 60_000);

  it('is refused by ledger and evaluators as soon as it is suspended; comes back; no order counts twice', async () => {
    const home = path('bank-d');
    const suspend = ['suspend', memberId.slice(0, 12)] as const;
    await order(1, 'suspend.json', ...suspend);
    expect(await order(2, 'suspend.json', ...suspend)).toMatchObject({ state: 'included' });
    expect(await checkUntil(home, (line) => line['error'] !== undefined)).toMatchObject(
      error('permission_denied'),
    );
    expect(await members()).toContainEqual(expect.objectContaining({ memberId, state: 'removed' }));
    expect(
      await run('document', 'register', example('invoice-b.ubl.xml'), '--purpose', 'finance', '--home', home),
    ).toMatchObject(error('permission_denied'));
    expect(await run('member', 'renew', '--home', home, '--out', path('late.json'))).toMatchObject({
      memberId,
    });
    expect(await certify('late.json', 'late-welcome.json')).toMatchObject(error('permission_denied'));
    // The order of its admission, once more.
    expect(await order(2, 'admit.json', 'admit', path('request.json'))).toMatchObject({ state: 'included' });
    expect(await members()).toContainEqual(expect.objectContaining({ memberId, state: 'removed' }));

    await order(2, 'readmit.json', 'readmit', memberId);
    expect(await order(3, 'readmit.json', 'readmit', memberId)).toMatchObject({ state: 'included' });
    expect(await checkUntil(home, (line) => line['error'] === undefined)).toMatchObject({
      verdict: 'unique',
    });
    // An order that was begun before other changes is of no use any more.
    expect(await order(2, 'bank-e-order.json', 'admit', path('bank-e.json'))).toMatchObject(
      error('failed_precondition'),
    );
  }, 120_000);

  it('renews its certificate by the old key; so do evaluators and nodes', async () => {
    const home = path('bank-d');
    const before = (await openHome(home, PASSPHRASE)).identity;
    await run('member', 'renew', '--home', home, '--out', path('renew.json'));
    // Until it joins, the old one is in use.
    expect((await openHome(home, PASSPHRASE)).identity).toEqual(before);
    await certify('renew.json', 'renewed.json');
    await run('member', 'join', path('renewed.json'), '--home', home);
    const after = (await openHome(home, PASSPHRASE)).identity;
    expect(after.privateKey).not.toBe(before.privateKey);
    expect(await check(home)).toMatchObject({ verdict: 'unique' });
    const request = await json<RequestFile>(path('renew.json'));
    expect(request.renewal!.certificate).toBe(before.certificate);

    for (const [name, folder] of [
      ['evaluator-1', network.paths.evaluator(1)],
      ['node', network.paths.node],
    ] as const) {
      await run('network', 'renew', '--home', folder, '--out', path('service.json'));
      await certify('service.json', 'service-welcome.json');
      expect(await run('network', 'join', path('service-welcome.json'), '--home', folder)).toMatchObject({
        joined: true,
      });
      await network.service(name).stop();
      await network.restart(name);
    }
    expect(await check(home)).toMatchObject({ verdict: 'unique', warnings: [] });
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
    for (const { sequence } of [first, second] as { sequence: number }[]) {
      await run('entry', 'engage', String(sequence), '--home', home);
      expect(await run('entry', 'settle', String(sequence), '--home', home)).toMatchObject({
        state: 'settled',
      });
    }
    // Nothing is found twice, and what is audited goes on where the backup was made.
    expect(await run('member', 'recover', '--home', home)).toMatchObject({ found: [] });
    const audited = await run('member', 'audit', '--home', home);
    expect(audited).toMatchObject({ problems: [] });
    expect((audited['records'] as Line[]).map(({ command }) => command)).toEqual([
      ...['document register', 'member backup', 'member restore'],
      ...['entry engage', 'entry settle', 'entry engage', 'entry settle', 'member recover'],
    ]);
    // The next registration takes an index that none of them had.
    const agent = await network.agent('bank-b');
    const nullifiers = (await agent.entries()).map(({ entry }) => entry.nullifier);
    const day = Math.floor(Date.now() / 86_400_000);
    const used = [0, 1].map((index) => agent.home.keys.nullifier(day, index).toString());
    agent.close();
    expect(nullifiers.sort()).toEqual(used.sort());
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

async function requestFor(name: string): Promise<void> {
  await run(
    ...['member', 'request', '--home', path(name), '--name', name, '--role', 'bank'],
    ...['--network', network.paths.genesis, '--out', path(`${name}.json`)],
  );
}
