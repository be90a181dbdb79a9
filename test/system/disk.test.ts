import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Author, payloadFor, seedOf, START, testGenesis, genesisInput } from '../ledger/helpers.js';
import { networkOf, parseGenesis } from '../../src/ledger/index.js';
import { Directories } from '../engine/helpers.js';

// Disks that are full, or cannot be written, for real: a small file system of the test's own where the machine lets one
// be mounted, and everywhere a limit on the size of a file, past which writing fails as on a full disk.

const PARTIES = ['node', 'evaluator', 'agent', 'witness'] as const;
const WRITES = 60;
const DISK_BYTES = 3 * 1024 * 1024;
const FILE_KIB = 96;
const script = fileURLToPath(new URL('./children/disk.mjs', import.meta.url));
const directories = new Directories();
afterAll(() => directories.remove());

const canMount = spawnSync('unshare', ['-Urm', 'true']).status === 0;
if (!canMount)
  process.stdout.write(
    'disk: SKIPPED here: no file system can be mounted (unshare -Urm); the rest is tested\n',
  );

let work: string;
beforeAll(async () => {
  testGenesis();
  const genesis = genesisInput('disk');
  const author = new Author(await networkOf(parseGenesis(genesis)));
  const transactions = Array.from({ length: 3 * WRITES }, (_, i) =>
    author.register('doc', { control: `disk ${i}` }),
  );
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  work = JSON.stringify({
    genesis,
    seed: hex(seedOf('operator')),
    now: START,
    transactions: transactions.map(hex),
    payloads: transactions.map((transaction) => hex(payloadFor(transaction)!)),
  });
});

/** A party's process, under a shell command that ends with it. */
function start(party: string, folder: string, shell: string) {
  const child = spawn('sh', ['-c', shell, 'sh', process.execPath, script, party, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const say = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    const next = await lines.next();
    if (next.done) throw new Error(`the process ended at ${line}`);
    return next.value;
  };
  return {
    pid: child.pid!,
    say,
    ready: async () => expect(await say(work)).toBe('ready'),
    end: async () => {
      child.stdin.end();
      await once(child, 'close');
    },
  };
}

/** Writes from a number on until one is refused; which were acknowledged, and what was said at the end. */
async function writeUntilRefused(say: (line: string) => Promise<string>, from: number) {
  const acknowledged: number[] = [];
  for (let i = from; i < from + WRITES; i++) {
    const answer = await say(`put ${i}`);
    if (!answer.startsWith('ok')) return { acknowledged, refusal: answer };
    acknowledged.push(i);
  }
  return { acknowledged, refusal: undefined };
}

const IO = /^error io CountersealError /;
async function expectAll(
  say: (line: string) => Promise<string>,
  numbers: readonly number[],
  look: 'get' | 'after-kill' = 'get',
) {
  for (const i of numbers) expect(await say(`${look} ${i}`), `number ${i}`).toBe('ok true');
}

describe.each(PARTIES)('the disk of a %s', (party) => {
  it.skipIf(!canMount)(
    'is full, and has space again',
    async () => {
      const root = directories.fresh();
      const folder = join(root, 'disk', 'data');
      mkdirSync(join(root, 'disk'));
      const shell = `mount -t tmpfs -o size=${DISK_BYTES} tmpfs '${join(root, 'disk')}' && exec "$@"`;
      const child = start(
        party,
        folder,
        `exec unshare -Urm sh -c '${shell.replaceAll("'", `'\\''`)}' sh "$@"`,
      );
      await child.ready();
      expect(await child.say('put 0')).toBe('ok ');
      expect(await child.say('fill')).toBe('ok ');
      const { acknowledged, refusal } = await writeUntilRefused(child.say, 1);
      expect(refusal).toMatch(IO);
      // It stays refused while there is no space, and what was acknowledged is there.
      expect(await child.say(`put ${WRITES + 1}`)).toMatch(IO);
      expect(await child.say('free')).toBe('ok ');
      const after: number[] = [];
      for (let i = 2 * WRITES; i < 2 * WRITES + 5; i++) {
        expect(await child.say(`put ${i}`)).toBe('ok ');
        after.push(i);
      }
      await expectAll(child.say, [0, ...acknowledged, ...after]);
      // Nobody can look into it afterwards: the file system is the process's own.
      await child.end();
    },
    120_000,
  );

  it('lets no file grow further, and does again', async () => {
    const folder = join(directories.fresh(), 'data');
    const limited = start(party, folder, `ulimit -Sf ${FILE_KIB * (unit() === 512 ? 2 : 1)} && exec "$@"`);
    await limited.ready();
    const { acknowledged, refusal } = await writeUntilRefused(limited.say, 0);
    expect(acknowledged.length).toBeGreaterThan(0);
    expect(refusal).toMatch(IO);
    await limited.end();
    // A process without the limit: everything is there, and it goes on.
    const free = start(party, folder, 'exec "$@"');
    await free.ready();
    await expectAll(free.say, acknowledged);
    const refused = acknowledged.length;
    expect(await free.say(`put ${refused}`)).toBe('ok ');
    await expectAll(free.say, [...acknowledged, refused]);
    await free.end();
  }, 120_000);

  it.skipIf(!canMount)(
    'cannot be written',
    async () => {
      const root = directories.fresh();
      const folder = join(root, 'data');
      const writable = start(party, folder, 'exec "$@"');
      await writable.ready();
      expect(await writable.say('put 0')).toBe('ok ');
      await writable.end();
      const shell = `mount --bind '${root}' '${root}' && mount -o remount,ro,bind '${root}' && exec "$@"`;
      const child = start(
        party,
        folder,
        `exec unshare -Urm sh -c '${shell.replaceAll("'", `'\\''`)}' sh "$@"`,
      );
      await child.ready();
      const answer = await child.say('put 1');
      expect(answer).toMatch(IO);
      expect(answer).toContain(folder);
      await child.end();
      const again = start(party, folder, 'exec "$@"');
      await again.ready();
      await expectAll(again.say, [0]);
      expect(await again.say('put 1')).toBe('ok ');
      await again.end();
    },
    120_000,
  );
});

/** What sh counts the size of files in: 512 or 1,024 bytes. */
function unit(): number {
  const file = join(directories.fresh(), 'f');
  const size = spawnSync('sh', ['-c', `ulimit -Sf 1; head -c 4000 /dev/zero > '${file}'; wc -c < '${file}'`]);
  const bytes = Number(String(size.stdout).trim()) || Number(execFileSync('stat', ['-c', '%s', file]));
  return bytes;
}
