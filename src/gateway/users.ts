import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { open, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import type { SealedJson } from './sealed-json.js';

/**
 * What a user may do. `read`: see entries, matches, messages, receipts and events; `crosscheck`: ask for cross-checks and
 * verify their answers; `prove`: answer those of others; `approve`: decide on orders of other users.
 */
export const Scope = z.enum([
  'check',
  'compare',
  'register',
  'read',
  'fingerprint',
  'engage',
  'settle',
  'release',
  'cancel',
  'draw',
  'share',
  'resolve',
  'message',
  'reveal',
  'crosscheck',
  'prove',
  'approve',
]);
export type Scope = z.infer<typeof Scope>;

const User = z.strictObject({
  /** Drawn anew for each, so that who comes after a removed one of the same name is somebody else. */
  id: z.hex().length(32),
  name: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,31}$/),
  scopes: z.array(Scope),
  /** SHA-256 of the key. It has 256 random bits, so there is nothing to stretch. */
  keyHash: z.hex().length(64),
  /** ISO 8601. */
  addedAt: z.iso.datetime(),
});
export type User = z.infer<typeof User>;
const Users = z.array(User).max(1_000);

const NAME = 'gateway users';
const KEY = /^csg_[A-Za-z0-9_-]{43}$/;
const LOCK_WAIT_MS = 5_000;
const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Who may use a member's gateway: `gateway-users.json` of its folder, mode 0600. */
export class GatewayUsers {
  private readonly path: string;
  private known: { readonly version: string; readonly users: readonly User[] } | undefined;

  constructor(
    home: string,
    private readonly files: SealedJson,
  ) {
    this.path = join(home, 'gateway-users.json');
  }

  /** Those of the file as it is now: who was removed is nobody at once. Throws `data_corrupted`, `io`. */
  async list(): Promise<readonly User[]> {
    const version = await this.version();
    if (this.known?.version !== version)
      this.known = { version, users: (await this.files.read(this.path, NAME, Users)) ?? [] };
    return this.known.users;
  }

  /** Adds a user; the answer is its key, which is nowhere else. Throws `invalid_argument`, `already_exists`. */
  async add(name: string, scopes: readonly Scope[]): Promise<string> {
    const key = `csg_${randomBytes(32).toString('base64url')}`;
    const user = User.safeParse({
      id: randomBytes(16).toString('hex'),
      name,
      scopes: [...new Set(scopes)],
      keyHash: hashOf(key).toString('hex'),
      addedAt: new Date().toISOString(),
    });
    ensure(
      user.success,
      'invalid_argument',
      'a name has up to 32 small letters, digits, dots, hyphens and underscores',
      'name',
    );
    await this.change((users) => {
      ensure(!users.some((known) => known.name === name), 'already_exists', `there is a user ${name}`);
      return [...users, user.data];
    });
    return key;
  }

  /** Throws `not_found`. */
  remove(name: string): Promise<void> {
    return this.change((users) => {
      ensure(
        users.some((known) => known.name === name),
        'not_found',
        `there is no user ${name}`,
        'name',
      );
      return users.filter((known) => known.name !== name);
    });
  }

  /** Whose key a request's Authorization header has; undefined where it is nobody's. */
  async authenticate(authorization: string | undefined): Promise<User | undefined> {
    const key = /^Bearer +([^ ]+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const users = await this.list();
    if (!KEY.test(key)) return undefined;
    const hash = hashOf(key);
    let found: User | undefined;
    // All are compared, so that how long it takes says nothing of whose it is.
    for (const user of users) if (timingSafeEqual(hash, Buffer.from(user.keyHash, 'hex'))) found = user;
    return found;
  }

  private async version(): Promise<string> {
    try {
      const { ino, mtimeMs, size } = await stat(this.path);
      return `${ino} ${mtimeMs} ${size}`;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
      throw new CountersealError('io', `cannot read ${this.path}`, { cause });
    }
  }

  /** Two commands at a time must not write over one another: who was removed would be back. */
  private async change(work: (users: readonly User[]) => User[]): Promise<void> {
    const lock = `${this.path}.lock`;
    const deadline = Date.now() + LOCK_WAIT_MS;
    for (;;) {
      try {
        await (await open(lock, 'wx', 0o600)).close();
        break;
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || Date.now() > deadline)
          throw new CountersealError(
            'unavailable',
            `another command changes the users; if none runs, delete ${lock}`,
            { cause },
          );
        await sleep(50);
      }
    }
    try {
      const users = (await this.files.read(this.path, NAME, Users)) ?? [];
      await this.files.write(this.path, NAME, work(users));
    } finally {
      await unlink(lock);
    }
  }
}
