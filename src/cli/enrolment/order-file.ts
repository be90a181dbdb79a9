import { existsSync } from 'node:fs';
import { z } from 'zod';
import { ed25519PublicKey, ed25519Sign, ed25519Verify, parseFile, readText } from '../../crypto/index.js';
import { CountersealError, ensure } from '../../errors.js';
import {
  encodeTransaction,
  equalBytes,
  membershipMessage,
  ROLES,
  roleIndex,
  unixMs,
  type Genesis,
  type MembershipChange,
  type MembershipOrder,
} from '../../ledger/index.js';
import { PartyName } from './request-file.js';

const ORDER_ACTIONS = ['admit', 'suspend', 'remove', 'readmit'] as const;
export type OrderAction = (typeof ORDER_ACTIONS)[number];

/** What administrators decide about one member: all that they see, and sign. */
const Decision = z.strictObject({
  networkId: z.string().min(1),
  action: z.enum(ORDER_ACTIONS),
  memberId: z.string().regex(/^[1-9]\d{0,77}$/),
  roles: z.array(z.enum(ROLES)).min(1),
  /** Of an admission: the name in the request, and its fingerprint. */
  name: PartyName.optional(),
  request: z.hex().length(64).optional(),
  /** Membership changes before this one: no order counts twice. */
  counter: z.int().min(0),
  /** Milliseconds since 1970: until when the ledger takes it. */
  validUntil: z.int().min(0),
});
export type Decision = z.infer<typeof Decision>;

const OrderFile = z.strictObject({
  format: z.literal('counterseal-order'),
  version: z.literal(1),
  decision: Decision,
  signatures: z.array(
    z.strictObject({
      /** Index of the key in the genesis. */
      administrator: z.int().min(0),
      /** Of the order, for the ledger; and of all of the decision, which the ledger does not hold. */
      order: z.hex().length(128),
      decision: z.hex().length(128),
    }),
  ),
});
export type OrderFile = z.infer<typeof OrderFile>;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));

/** What the ledger is told of a decision. */
function orderOf({ action, memberId, roles, counter, validUntil }: Decision): MembershipOrder {
  const change = action === 'admit' || action === 'readmit' ? 'admit' : 'remove';
  return {
    counter,
    validUntil: unixMs(validUntil),
    changes: roles.map((role) => ({
      change,
      memberId: BigInt(memberId) as MembershipChange['memberId'],
      role: roleIndex(role),
    })),
  };
}

/** The parts in one order, whatever order a file has them in. */
const decisionMessage = (d: Decision): Uint8Array =>
  Buffer.from(
    `counterseal/decision/v1\n${JSON.stringify([
      ...[d.networkId, d.action, d.memberId, d.roles, d.name ?? null, d.request ?? null],
      ...[d.counter, d.validUntil],
    ])}`,
  );

/** Two decisions about the same thing, whenever each was begun. */
const sameMatter = (a: Decision, b: Decision): boolean => {
  const matter = (decision: Decision) => decisionMessage({ ...decision, counter: 0, validUntil: 0 });
  return equalBytes(matter(a), matter(b));
};

/** A decision that nobody has signed yet. */
export const newOrder = (decision: Decision): OrderFile => ({
  format: 'counterseal-order',
  version: 1,
  decision: Decision.parse(decision),
  signatures: [],
});

/**
 * Reads an order and verifies every signature in it; undefined where there is no such file. Throws `data_corrupted`,
 * `permission_denied` for a signature that is not of the administrator it is said to be of, and `invalid_argument`
 * where an administrator signed twice or is unknown.
 */
export async function readOrder(path: string, genesis: Genesis): Promise<OrderFile | undefined> {
  if (!existsSync(path)) return undefined;
  const file = parseFile(OrderFile, await readText(path, 'the order cannot be read'), path);
  const { decision, signatures } = file;
  ensure(
    decision.networkId === genesis.networkId,
    'invalid_argument',
    `${path} is an order of the network ${decision.networkId}, not of ${genesis.networkId}`,
  );
  const { keys } = genesis.administrators;
  ensure(
    new Set(signatures.map(({ administrator }) => administrator)).size === signatures.length,
    'invalid_argument',
    `${path} has two signatures of one administrator: each counts once`,
  );
  const messages = {
    order: membershipMessage(genesis.networkId, orderOf(decision)),
    decision: decisionMessage(decision),
  };
  for (const signature of signatures) {
    const key = keys[signature.administrator];
    ensure(
      key,
      'invalid_argument',
      `${path} is signed by an administrator ${signature.administrator + 1} that the genesis does not name`,
    );
    ensure(
      ed25519Verify(unhex(key), messages.order, unhex(signature.order)) &&
        ed25519Verify(unhex(key), messages.decision, unhex(signature.decision)),
      'permission_denied',
      `${path}: the signature of administrator ${signature.administrator + 1} is not over what the order says: somebody changed it`,
    );
  }
  return file;
}

/** That an order is about what this administrator wants. Throws `invalid_argument`. */
export function ensureSameMatter(file: OrderFile, wanted: Decision, path: string): void {
  ensure(
    sameMatter(file.decision, wanted),
    'invalid_argument',
    `${path} is an order to ${file.decision.action} ${describeSubject(file.decision)}, not to ${wanted.action} ${describeSubject(wanted)}: give another --order file`,
  );
}

const describeSubject = ({ memberId, roles, name, request }: Decision): string =>
  [
    name,
    `member ${memberId.slice(0, 12)}...`,
    `as ${roles.join(', ')}`,
    request && `by request ${request.slice(0, 16)}...`,
  ]
    .filter((part) => part !== undefined)
    .join(' ');

/** The administrator of the genesis that a seed is of; throws `permission_denied`. */
export function administratorOf(genesis: Genesis, seed: Uint8Array): number {
  const index = genesis.administrators.keys.indexOf(hex(ed25519PublicKey(seed)));
  ensure(
    index >= 0,
    'permission_denied',
    `this is not the key of an administrator of ${genesis.networkId}: its genesis names others`,
  );
  return index;
}

/** An order with one signature more. Throws `already_exists` where this administrator has signed it. */
export function addSignature(file: OrderFile, genesis: Genesis, seed: Uint8Array): OrderFile {
  const administrator = administratorOf(genesis, seed);
  ensure(
    file.signatures.every((signature) => signature.administrator !== administrator),
    'already_exists',
    `administrator ${administrator + 1} has signed this order: it takes others too`,
  );
  const { decision } = file;
  const signature = {
    administrator,
    order: hex(ed25519Sign(seed, membershipMessage(genesis.networkId, orderOf(decision)))),
    decision: hex(ed25519Sign(seed, decisionMessage(decision))),
  };
  return { ...file, signatures: [...file.signatures, signature] };
}

export const isComplete = (file: OrderFile, { administrators }: Genesis): boolean =>
  file.signatures.length >= administrators.threshold;

/** The transaction of an order that enough have signed. */
export function orderTransaction(file: OrderFile, { administrators }: Genesis): Uint8Array {
  if (file.signatures.length < administrators.threshold)
    throw new CountersealError('failed_precondition', 'too few administrators have signed the order');
  const signatures = [...file.signatures]
    .sort((a, b) => a.administrator - b.administrator)
    .slice(0, administrators.threshold)
    .map(({ administrator, order }) => ({ administrator, signature: unhex(order) }));
  return encodeTransaction({ type: 'membership', order: orderOf(file.decision), signatures });
}
