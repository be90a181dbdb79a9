import { mkdtempSync, rmSync } from 'node:fs';
import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CountersealError } from '../../src/errors.js';
import { adminSocketPath, askAdmin, fitsSocket, readJson, serveAdmin } from '../../src/rpc/admin-socket.js';
import { code } from '../helpers/vectors.js';

const root = mkdtempSync(join(tmpdir(), 'counterseal-admin-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
async function folder(mode = 0o700): Promise<string> {
  const path = join(root, String(count++));
  await mkdir(path);
  await chmod(path, mode);
  return path;
}

async function* parts(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}
const handlers = (backup: (options: { keys: boolean }) => AsyncIterable<Uint8Array>) => ({
  status: () => ({ height: 3 }),
  backup,
});

async function bodyOf(response: AsyncIterable<unknown> | undefined): Promise<string> {
  let text = '';
  for await (const chunk of response ?? []) text += String(chunk);
  return text;
}
/** The status of a request as somebody else's program may make it. */
const statusOf = (home: string, method: string, path: string, headers = {}, body?: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const options = { socketPath: adminSocketPath(home), method, path, headers };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end(body);
  });

describe("a service's socket", () => {
  it('is for its account alone, whatever the mask and the mode of the folder', async () => {
    for (const mask of [0o000, 0o022]) {
      const home = await folder(0o777);
      const before = process.umask(mask);
      const server = await serveAdmin(
        home,
        handlers(() => parts()),
      );
      expect(process.umask(before)).toBe(mask);
      const found = await stat(adminSocketPath(home));
      expect([found.isSocket(), (found.mode & 0o777).toString(8)]).toEqual([true, '600']);
      await server.close();
      await expect(stat(adminSocketPath(home))).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });

  it('answers its status and a backup, with keys when they are asked for', async () => {
    const home = await folder();
    const server = await serveAdmin(
      home,
      handlers(({ keys }) => parts('a', keys ? 'keys' : 'b')),
    );
    expect(await readJson((await askAdmin(home, 'GET', '/status'))!)).toEqual({ height: 3 });
    expect(await bodyOf(await askAdmin(home, 'POST', '/backup'))).toBe('ab');
    expect(await bodyOf(await askAdmin(home, 'POST', '/backup?keys'))).toBe('akeys');
    for (const [method, path] of [
      ...[['GET', '/backup'] as const, ['POST', '/status'] as const, ['GET', '/'] as const],
      ...[['POST', '/backup/../status'] as const, ['GET', '/../secrets.json'] as const],
      ['POST', '/backup?keys=1'] as const,
    ])
      expect(await statusOf(home, method, path)).toBe(404);
    expect(await statusOf(home, 'GET', '/status', {}, 'x'.repeat(100_000))).toBe(200);
    await server.close();
  });

  it('says why there is no backup, and ends one that fails in the middle', async () => {
    const home = await folder();
    const refusal = new CountersealError('failed_precondition', 'another one is made', {
      cause: new Error('secret'),
    });
    const fail = [refusal, new TypeError('the tag 4711')];
    // eslint-disable-next-line require-yield -- fails before there is anything
    const none = async function* (): AsyncGenerator<Uint8Array> {
      throw fail.shift()!;
    };
    const first = await serveAdmin(home, handlers(none));
    await expect(askAdmin(home, 'POST', '/backup')).rejects.toThrow(
      expect.objectContaining({ ...code('failed_precondition'), message: 'another one is made' }),
    );
    await expect(askAdmin(home, 'POST', '/backup')).rejects.toThrow(
      expect.objectContaining({ ...code('internal'), message: 'internal error' }),
    );
    await first.close();
    let answered = () => undefined as void;
    const begun = new Promise<void>((resolve) => (answered = resolve));
    const half = async function* (): AsyncGenerator<Uint8Array> {
      yield* parts('half');
      await begun;
      throw refusal;
    };
    const second = await serveAdmin(home, handlers(half));
    const response = await askAdmin(home, 'POST', '/backup');
    answered();
    await expect(bodyOf(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
    await second.close();
  });

  it('of a process that was killed is replaced; anything else in its place is not touched', async () => {
    const home = await folder();
    // A server that is closed without removing its socket, as kill -9 leaves it.
    const stale = createServer();
    await new Promise<void>((resolve) => stale.listen(join(home, 'other.sock'), resolve));
    const { renameSync } = await import('node:fs');
    renameSync(join(home, 'other.sock'), adminSocketPath(home));
    await new Promise((resolve) => stale.close(resolve));
    expect(await askAdmin(home, 'GET', '/status')).toBeUndefined();
    const server = await serveAdmin(
      home,
      handlers(() => parts()),
    );
    expect(await askAdmin(home, 'GET', '/status')).toBeDefined();
    await server.close();
    for (const make of [
      (path: string) => writeFile(path, 'precious'),
      (path: string) => symlink('/etc/passwd', path),
      (path: string) => mkdir(path),
    ]) {
      const taken = await folder();
      await make(adminSocketPath(taken));
      await expect(
        serveAdmin(
          taken,
          handlers(() => parts()),
        ),
      ).rejects.toThrow(expect.objectContaining(code('failed_precondition')));
    }
  });

  it('is asked on a connection of its own, so that a service that was restarted in between answers', async () => {
    const home = await folder();
    for (let start = 0; start < 20; start++) {
      const server = await serveAdmin(
        home,
        handlers(() => parts()),
      );
      const answer = await askAdmin(home, 'GET', '/status');
      expect(answer?.headers.connection).toBe('close');
      expect(await readJson(answer!)).toEqual({ height: 3 });
      await server.close();
    }
  });

  it('is not there where nothing runs, or the path is too long for one', async () => {
    expect(await askAdmin(await folder(), 'GET', '/status')).toBeUndefined();
    const long = join(root, 'x'.repeat(120));
    expect([fitsSocket(long), fitsSocket(root)]).toEqual([false, true]);
    expect(await askAdmin(long, 'GET', '/status')).toBeUndefined();
  });
});
