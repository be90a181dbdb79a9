import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { z } from 'zod';
import {
  type FieldElement,
  fieldFromDecimal,
  IDENTITY,
  isStrongEd25519Key,
  lagrangeAtZero,
  multiply,
  type Point,
  subgroupPointFromAffine,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { sha256 } from './hash.js';
import { ADMINISTRATORS_MAX, MEMBERS_MAX } from './limits.js';
import { ROLES, schemaSchema } from './schema.js';
import { unixMs } from './units.js';

/** `shares` keys are hexadecimal, points [x, y] in decimal: everything in a genesis is text that people can compare. */
const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 32 bytes in lower-case hexadecimal');
const decimal = z.string().regex(/^(0|[1-9][0-9]{0,76})$/, 'expected a decimal number below p');
const point = z.tuple([decimal, decimal]);
const label = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[^\p{C}]*$/u, 'control characters are not allowed');

const sharedKey = {
  threshold: z.int().min(2).max(255),
  total: z.int().min(2).max(255),
  publicKey: point,
  /** publicShares[i] belongs to holder i + 1. */
  publicShares: z.array(point),
};

const statement = z.strictObject({ version: z.int().min(1), verificationKey: hex32 });

const genesisSchema = z.strictObject({
  version: z.literal(1),
  /** The network's name, in every signature and proof: never to be used for a second network. */
  networkId: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,49}$/, 'expected letters a-z, digits and hyphens, at most 50'),
  /** Milliseconds since 1970-01-01T00:00:00Z; no block is older. */
  time: z.int().min(0).transform(unixMs),
  /** Whether proving keys of a development setup are accepted. */
  setup: z.enum(['development', 'production']),
  schema: schemaSchema,
  /** Of the OPRF key. */
  epoch: z.int().min(0).max(0xffffffff),
  oprf: z.strictObject({
    ...sharedKey,
    evaluators: z.array(
      z.strictObject({ id: z.int().min(1).max(255), name: label, address: label, signingKey: hex32 }),
    ),
  }),
  auditors: z.strictObject(sharedKey),
  administrators: z.strictObject({
    threshold: z.int().min(1).max(ADMINISTRATORS_MAX),
    keys: z.array(hex32).min(1).max(ADMINISTRATORS_MAX),
  }),
  members: z
    .array(z.strictObject({ memberId: decimal, roles: z.array(z.enum(ROLES)).min(1) }))
    .max(MEMBERS_MAX),
  /** The versions and keys that members prove with: those of the ledger, and those between members. */
  statements: z.strictObject({
    register: statement,
    fingerprint: statement,
    crosscheck: statement,
    drawdown: statement,
  }),
  operators: z.array(z.strictObject({ name: label, address: label, checkpointKey: hex32 })).min(1),
  /** The certificate authority of evaluators, auditors and members, PEM. */
  ca: z.string().max(65_536),
});

/** What a network is. Read with {@link parseGenesis}, which checks it; nothing else makes one. */
export type Genesis = z.infer<typeof genesisSchema>;

/** Statements that a network declares. */
export type StatementName = keyof Genesis['statements'];

/** The text form of a genesis, before {@link parseGenesis}. */
export type GenesisInput = z.input<typeof genesisSchema>;

/**
 * Reads a genesis from JSON text or from the value it stands for, and checks everything that can be checked alone:
 * points in the subgroup, shares on one polynomial, keys strong and distinct. Throws `invalid_argument` or
 * `invalid_point`, with the path of what is wrong as `field`.
 */
export function parseGenesis(input: unknown): Genesis {
  let value: unknown;
  try {
    value = typeof input === 'string' ? JSON.parse(input) : input;
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'the genesis is not JSON', { cause });
  }
  const parsed = genesisSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const path = issue.path.join('.');
    throw new CountersealError(
      'invalid_argument',
      `the genesis is wrong at ${path || 'its root'}: ${issue.message}`,
      {
        field: path,
        cause: parsed.error,
      },
    );
  }
  const genesis = parsed.data;
  checkSharedKey(genesis.oprf, 'oprf');
  checkSharedKey(genesis.auditors, 'auditors');
  checkEvaluators(genesis.oprf);
  const { threshold, keys } = genesis.administrators;
  ensure(
    threshold <= keys.length,
    'invalid_argument',
    'more administrators must sign than there are',
    'administrators',
  );
  checkSigningKeys(keys, 'administrators.keys');
  checkSigningKeys(
    genesis.operators.map(({ checkpointKey }) => checkpointKey),
    'operators',
  );
  checkMembers(genesis.members);
  return genesis;
}

/**
 * SHA-256 of the genesis' canonical JSON (keys sorted, no white space): the network's identity on disk. Two files
 * that differ in layout alone are one network.
 */
export const genesisHash = (genesis: Genesis): Uint8Array => sha256(utf8ToBytes(canonicalJson(genesis)));

export const groupPoint = ([x, y]: readonly [string, string], what: string): Point =>
  subgroupPointFromAffine(fieldFromDecimal(x), fieldFromDecimal(y), what);

export const genesisMemberId = (member: Genesis['members'][number]): FieldElement =>
  fieldFromDecimal(member.memberId);

export const keyBytes = (hex: string): Uint8Array => hexToBytes(hex);

function checkSharedKey(key: Genesis['auditors'], what: string): void {
  const { threshold, total, publicShares } = key;
  ensure(
    threshold <= total,
    'invalid_argument',
    `${what}: the threshold is above the number of holders`,
    what,
  );
  ensure(
    publicShares.length === total,
    'invalid_argument',
    `${what}: there must be one public share each`,
    what,
  );
  const publicKey = groupPoint(key.publicKey, `${what}.publicKey`);
  const shares = publicShares.map((share, i) => groupPoint(share, `${what}.publicShares.${i}`));
  // Shares 1..t-1 and the key fix the polynomial; every other share must lie on it too.
  for (let last = threshold; last <= total; last++) {
    const ids = [...Array(threshold - 1).keys()].map((i) => i + 1).concat(last);
    const interpolated = ids.reduce(
      (sum, id) => sum.add(multiply(shares[id - 1]!, lagrangeAtZero(ids, id))),
      IDENTITY,
    );
    ensure(
      interpolated.equals(publicKey),
      'invalid_argument',
      `${what}: public share ${last} does not belong to the public key`,
      `${what}.publicShares`,
    );
  }
}

function checkEvaluators({ evaluators, total }: Genesis['oprf']): void {
  ensure(
    evaluators.length === total && evaluators.every(({ id }, i) => id === i + 1),
    'invalid_argument',
    'the evaluators must be listed by id, 1 to the total',
    'oprf.evaluators',
  );
  checkSigningKeys(
    evaluators.map(({ signingKey }) => signingKey),
    'oprf.evaluators',
  );
}

function checkSigningKeys(keys: readonly string[], field: string): void {
  ensure(new Set(keys).size === keys.length, 'invalid_argument', `${field}: a key is listed twice`, field);
  for (const key of keys)
    ensure(
      isStrongEd25519Key(keyBytes(key)),
      'invalid_argument',
      `${field}: ${key} is not a usable Ed25519 key`,
      field,
    );
}

function checkMembers(members: Genesis['members']): void {
  const ids = members.map((member) => genesisMemberId(member));
  ensure(new Set(ids).size === ids.length, 'invalid_argument', 'a member is listed twice', 'members');
  ensure(
    ids.every((id) => id !== 0n),
    'invalid_argument',
    '0 is not a member id',
    'members',
  );
  ensure(
    members.every(({ roles }) => new Set(roles).size === roles.length),
    'invalid_argument',
    'a member has a role twice',
    'members',
  );
}

/** JSON with sorted keys (RFC 8785 for the values that occur here: text, whole numbers, lists, objects). */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
