import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { DAY_MS } from '../time.js';
import type { SealedJson } from './sealed-json.js';
import type { User } from './users.js';

const Person = z.strictObject({ id: z.string(), name: z.string() });
const Fields = z.record(z.string(), z.json());

/** What somebody wants done, and a second person must approve. */
const Request = z.strictObject({
  id: z.hex().length(32),
  /** What is to be done: `engage`. */
  kind: z.string(),
  /** With what; as it was asked for. */
  parameters: Fields,
  requestedBy: Person,
  /** ISO 8601. */
  requestedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
const Decision = z.strictObject({
  decision: z.enum(['approved', 'rejected']),
  by: Person,
  at: z.iso.datetime(),
});
const Outcome = z.strictObject({
  outcome: z.enum(['done', 'failed']),
  /** What the action answered, or the problem that it met. */
  result: Fields,
  at: z.iso.datetime(),
});
type Request = z.infer<typeof Request>;
type Decision = z.infer<typeof Decision>;
type Outcome = z.infer<typeof Outcome>;

/**
 * `interrupted`: it was approved and begun, and the gateway died before it knew the outcome. It is not begun again: look
 * at the entry, and ask anew where nothing was done.
 */
export const ORDER_STATES = [
  'pending',
  'expired',
  'rejected',
  'running',
  'done',
  'failed',
  'interrupted',
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** An order, and what became of it. */
export interface Order extends Request {
  readonly state: OrderState;
  readonly decision?: Decision;
  readonly outcome?: Outcome;
}

export interface FourEyesOptions {
  /** How long an order waits for its approval, in milliseconds. */
  readonly validMs?: number;
  readonly now?: () => number;
}

const VALID_MS = DAY_MS;
const KEPT_MS = 30 * DAY_MS;
const PENDING_MAX = 1_000;
const ID = /^[0-9a-f]{32}$/;

/**
 * Orders that take two people, in `gateway-orders` of the member's folder: up to three files each, each written once and
 * never changed: what was asked for, what was decided, what came of it. Who makes the decision's file carries the order
 * out, and nobody else ever does, in whatever process: an order is carried out at most once.
 */
export class FourEyes {
  /** Orders that this process carries out now, or tries to; how many times each. */
  private readonly running = new Map<string, number>();
  private readonly validMs: number;
  private readonly now: () => number;

  private constructor(
    private readonly folder: string,
    private readonly files: SealedJson,
    { validMs = VALID_MS, now = Date.now }: FourEyesOptions,
  ) {
    this.validMs = validMs;
    this.now = now;
  }

  /** Opens the orders of a member's folder, and forgets those that ended a month ago. */
  static async open(home: string, files: SealedJson, options: FourEyesOptions = {}): Promise<FourEyes> {
    const folder = join(home, 'gateway-orders');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const orders = new FourEyes(folder, files, options);
    for (const { id, expiresAt } of await orders.list())
      if (Date.parse(expiresAt) + KEPT_MS < orders.now())
        // The request first: without it the order is none, and its decision can be made no second time.
        for (const part of PARTS) await unlink(orders.path(id, part)).catch(() => undefined);
    return orders;
  }

  /**
   * Notes what a user wants done; on disk when this returns. Asked again with the same key, by the same user, it answers
   * the order that there is. Throws `quota_exceeded` where too many wait, `already_exists` where the key was used for
   * something else.
   */
  async request(user: User, kind: string, parameters: Request['parameters'], key?: string): Promise<Order> {
    const id = key === undefined ? randomBytes(16).toString('hex') : idOf(user, key);
    if (key !== undefined && (await this.part(id, 'request', Request)))
      return this.same(id, kind, parameters);
    const waiting = (await this.list()).filter(({ state }) => state === 'pending').length;
    ensure(
      waiting < PENDING_MAX,
      'quota_exceeded',
      `${waiting} orders wait for their approval: decide on them`,
    );
    const now = this.now();
    const request: Request = {
      id,
      kind,
      parameters,
      requestedBy: { id: user.id, name: user.name },
      requestedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + this.validMs).toISOString(),
    };
    try {
      await this.files.create(this.path(id, 'request'), `order ${id} request`, request);
    } catch (error) {
      if (!(error instanceof CountersealError) || error.code !== 'already_exists') throw error;
      return this.same(id, kind, parameters);
    }
    return { ...request, state: 'pending' };
  }

  /** The order that was asked for with a key before. */
  private async same(id: string, kind: string, parameters: Request['parameters']): Promise<Order> {
    const order = await this.get(id);
    ensure(
      order.kind === kind && isDeepStrictEqual(order.parameters, parameters),
      'already_exists',
      'this key was used for another order',
      'Idempotency-Key',
    );
    return order;
  }

  /** Throws `not_found`, `data_corrupted`. */
  async get(id: string): Promise<Order> {
    const request = ID.test(id) ? await this.part(id, 'request', Request) : undefined;
    ensure(request?.id === id, 'not_found', 'there is no such order', 'order');
    const [decision, outcome] = await Promise.all([
      this.part(id, 'decision', Decision),
      this.part(id, 'outcome', Outcome),
    ]);
    return {
      ...request,
      state: this.stateOf(request, decision, outcome),
      ...(decision ? { decision } : {}),
      ...(outcome ? { outcome } : {}),
    };
  }

  /** All of them, the newest first. */
  async list(): Promise<Order[]> {
    const names = await readdir(this.folder);
    const ids = names.filter((name) => name.endsWith('.request.json')).map((name) => name.split('.')[0]!);
    const orders: Order[] = [];
    for (const id of ids) orders.push(await this.get(id));
    return orders.sort((a, b) => b.requestedAt.localeCompare(a.requestedAt) || a.id.localeCompare(b.id));
  }

  /**
   * Rejects an order. Throws `not_found`, `permission_denied` to whoever asked for it, `failed_precondition` for one
   * that was decided or has expired.
   */
  async reject(id: string, user: User): Promise<Order> {
    await this.decide(id, user, 'rejected');
    return this.get(id);
  }

  /**
   * Approves an order and carries it out: `execute` is called at most once for an order, ever. `known` says whether who
   * asked for it is still a user who may. Throws as {@link reject}; what `execute` throws is the order's outcome.
   */
  async approve(
    id: string,
    user: User,
    known: (requester: { readonly id: string; readonly name: string }, kind: string) => Promise<boolean>,
    execute: (order: Order) => Promise<Outcome['result']>,
    describe: (error: unknown) => Outcome['result'],
  ): Promise<Order> {
    const { requestedBy, kind } = await this.get(id);
    ensure(
      await known(requestedBy, kind),
      'failed_precondition',
      `${requestedBy.name}, who asked for it, may not any more: reject it`,
      'order',
    );
    this.running.set(id, (this.running.get(id) ?? 0) + 1);
    try {
      const order = await this.decide(id, user, 'approved');
      const outcome = await execute(order).then(
        (result) => ({ outcome: 'done' as const, result }),
        (error: unknown) => ({ outcome: 'failed' as const, result: describe(error) }),
      );
      const at = new Date(this.now()).toISOString();
      await this.files.create(this.path(id, 'outcome'), `order ${id} outcome`, { ...outcome, at });
    } finally {
      const left = this.running.get(id)! - 1;
      if (left > 0) this.running.set(id, left);
      else this.running.delete(id);
    }
    return this.get(id);
  }

  private async decide(
    id: string,
    { id: userId, name }: User,
    decision: Decision['decision'],
  ): Promise<Order> {
    const order = await this.get(id);
    const { requestedBy, state } = order;
    // By name as well: who was removed and added again is still the same person.
    ensure(
      requestedBy.id !== userId && requestedBy.name !== name,
      'permission_denied',
      'an order takes two people: whoever asked for it cannot decide on it',
      'order',
    );
    ensure(state === 'pending', 'failed_precondition', `the order is ${state}`, 'order');
    const made: Decision = {
      decision,
      by: { id: userId, name },
      at: new Date(this.now()).toISOString(),
    };
    try {
      await this.files.create(this.path(id, 'decision'), `order ${id} decision`, made);
    } catch (error) {
      if (!(error instanceof CountersealError) || error.code !== 'already_exists') throw error;
      throw new CountersealError('failed_precondition', 'somebody else has decided on the order', {
        field: 'order',
        cause: error,
      });
    }
    return { ...order, decision: made };
  }

  private stateOf(
    { id, expiresAt }: Request,
    decision: Decision | undefined,
    outcome: Outcome | undefined,
  ): OrderState {
    if (!decision) return this.now() >= Date.parse(expiresAt) ? 'expired' : 'pending';
    if (decision.decision === 'rejected') return 'rejected';
    if (outcome) return outcome.outcome;
    return this.running.has(id) ? 'running' : 'interrupted';
  }

  private part<T>(id: string, part: Part, schema: z.ZodType<T>): Promise<T | undefined> {
    return this.files.read(this.path(id, part), `order ${id} ${part}`, schema);
  }

  private path(id: string, part: Part): string {
    return join(this.folder, `${id}.${part}.json`);
  }
}

/** Of a key that a user chose: another user's is another order. */
const idOf = ({ id }: User, key: string): string =>
  createHash('sha256').update(`${id}\n${key}`).digest('hex').slice(0, 32);

const PARTS = ['request', 'decision', 'outcome'] as const;
type Part = (typeof PARTS)[number];
