import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import { parseGenesis, type ActionOrder, type Sequence, type UnixMs } from '../../src/ledger/index.js';
import { utcDay } from '../../src/oprf/index.js';
import { createAuthority, issueIdentity } from '../../src/rpc/certificates.js';
import { LedgerClient } from '../../src/rpc/ledger-client.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { Author, genesisInput, payloadFor, seedOf } from '../ledger/helpers.js';
import { exampleDocument } from './network.js';
import { surroundings } from './surroundings.js';

// Clocks that are a day wrong, in processes of their own: what cannot work is refused before anything is spent, and the
// error says that it is the clock, and whose.

const DAY_MS = 86_400_000;
const directories = new Directories();
const atEnd: (() => unknown)[] = [];
afterAll(async () => {
  for (const end of atEnd.reverse()) await end();
  directories.remove();
});

const path = (name: string) => fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));

/** A child of this folder whose clock is so many milliseconds ahead. */
function shifted(name: string, shift: number, args: readonly string[] = []) {
  const child = spawn(
    process.execPath,
    ['--no-warnings', '--import', path('shift-clock'), path(name), ...args],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, COUNTERSEAL_TEST_SHIFT_MS: String(shift) },
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => undefined);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, lines, errors: () => errors, closed: once(child, 'close') };
}

describe("a member's clock", () => {
  let around: Awaited<ReturnType<typeof surroundings>>;
  beforeAll(async () => {
    around = await surroundings('clock', directories, atEnd);
  });
  const spent = async () => {
    const days = [-1, 0, 1].map((days) => utcDay(Date.now() + days * DAY_MS));
    const used = await Promise.all(
      around.quotas.flatMap((store) => days.map((day) => store.used(around.memberId, day))),
    );
    return used.reduce((sum, n) => sum + n, 0);
  };
  async function register(shift: number) {
    const { lines, errors, child, closed } = shifted('agent', shift, [around.folder]);
    expect((await lines.next()).value).toBe('loaded');
    const { kind, strings } = exampleDocument('invoice-a.ubl.xml');
    child.stdin.write(`${JSON.stringify({ numbers: [1], kind, strings })}\n`);
    const said: string[] = [];
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      said.push(line.value);
      if (line.value === 'end') child.kill();
    }
    await closed;
    return { said, errors: errors() };
  }

  it('a day ahead: says so before an evaluation or a proof is spent', async () => {
    const { said, errors } = await register(DAY_MS);
    expect(said).not.toContain('end');
    expect(errors).toMatch(/this computer's clock is 24 hours ahead of the node's .*failed_precondition/s);
    expect(await spent()).toBe(0);
  });

  it('two days behind: says so before an evaluation or a proof is spent', async () => {
    const { said, errors } = await register(-2 * DAY_MS);
    expect(said).not.toContain('end');
    expect(errors).toMatch(/this computer's clock is 2 days behind the node's .*failed_precondition/s);
    expect(await spent()).toBe(0);
  });

  it('an hour ahead or half an hour behind: nothing is wrong as long as the day is right', async () => {
    // What cannot be had near midnight: an hour later it is another day.
    const hour = new Date().getUTCHours();
    const { said, errors } = await register(hour < 22 ? 3_600_000 : -1_800_000);
    expect(errors).toBe('');
    expect(said.at(-1)).toBe('end');
    expect(await spent()).toBeGreaterThan(0);
  });
});

describe("a node's clock", () => {
  it.each([
    ['two days ahead', 2 * DAY_MS],
    ['two days behind', -2 * DAY_MS],
  ])('%s: refuses entries of today, and says which day it believes in', async (_, shift) => {
    const id = 'clock-node';
    const authority = await createAuthority(id);
    const genesis = { ...genesisInput(id), ca: authority.certificate, time: Date.now() - 10 * DAY_MS };
    const [port] = await freePorts(1);
    const { child, lines } = shifted('ledger', shift);
    expect((await lines.next()).value).toBe('loaded');
    const identity = await issueIdentity(authority, id, { kind: 'node', id: '1' }, { hosts: ['localhost'] });
    const seed = Buffer.from(seedOf('operator')).toString('hex');
    child.stdin.write(
      `${JSON.stringify({ directory: directories.fresh(), genesis, seed, identity, port })}\n`,
    );
    expect((await lines.next()).value).toBe('ready');
    const parsed = parseGenesis(genesis);
    const client = new LedgerClient([`localhost:${port}`], parsed);
    onTestFinished(() => client.close());
    const now = Date.now() as UnixMs;
    const transaction = (await Author.of(parsed)).register('doc', { time: now });
    const day = new Date(now + shift).toISOString().slice(0, 10);
    await expect(client.submit(transaction, payloadFor(transaction)!)).rejects.toMatchObject({
      code: 'rejected',
      message: expect.stringMatching(new RegExp(`^period_out_of_window.*clock right.*${day}T`)) as string,
    });
  });

  it('that was ahead for a while and was set right does not set the ledger back, nor lose anything', async () => {
    const genesis = parseGenesis({ ...genesisInput('clock-back'), time: Date.now() - DAY_MS });
    const author = await Author.of(genesis);
    const directory = directories.fresh();
    let now = Date.now() + 20 * 3_600_000;
    const engine = await openEngine(directory, { genesis, clock: () => now });
    const submit = async () => {
      const tx = author.register('doc', { time: Date.now() as UnixMs });
      return engine.submit(tx, payloadFor(tx));
    };
    const ahead = await submit();
    now = Date.now();
    const after = await submit();
    expect([ahead, after]).toMatchObject([{ included: true }, { included: true }]);
    if (ahead.included && after.included) expect(after.record.time).toBeGreaterThanOrEqual(ahead.record.time);
    await engine.close();
  });

  it('an order that no block can take says that a clock may be the matter, however far its time is', async () => {
    const genesis = parseGenesis({ ...genesisInput('clock-order'), time: Date.now() - DAY_MS });
    const author = await Author.of(genesis);
    const engine = await openEngine(directories.fresh(), { genesis, clock: Date.now });
    const tx = author.register('doc', { control: 'me', time: Date.now() as UnixMs });
    await engine.submit(tx, payloadFor(tx));
    const until = async (validUntil: number) => {
      const order: Pick<ActionOrder, 'validUntil'> = { validUntil: validUntil as UnixMs };
      const result = await engine.submit(author.action('me', 0 as Sequence, 0, { kind: 'settle' }, order));
      return result.included ? 'included' : `${result.rejection.name}: ${result.rejection.detail}`;
    };
    expect(await until(Date.now() - DAY_MS)).toMatch(/^expired: .*clocks are right/);
    for (const far of [Date.now() + DAY_MS * 400, Number.MAX_SAFE_INTEGER, 8.64e15, 8.64e15 + 1])
      expect(await until(far)).toMatch(/^validity_too_long: .*clock right/);
    await engine.close();
  });
});
