import { z } from 'zod';
import { QUOTA_MAX } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { fingerprintRow, FURTHER_NAMES, type Fingerprint, type FurtherName } from '../documents/index.js';
import { GOODS_SCOPE_NAME, PURPOSE_PATTERN } from './codec.js';
import { MESSAGE_RETAIN_DAYS, MESSAGE_SLOTS, MESSAGES_PER_DAY, TTL_MAX_DAYS } from './limits.js';

/** The members' roles; the position is the index in the 16-bit role mask (R4). Closed; new ones are appended. */
export const ROLES = [
  'bank',
  'customs-office',
  'insurer',
  'reinsurer',
  'carrier',
  'forwarder',
  'seller',
  'lender',
  'tax-office',
] as const;
export type Role = (typeof ROLES)[number];

export const roleIndex = (role: Role): number => ROLES.indexOf(role);
export const roleMask = (roles: readonly Role[]): number =>
  roles.reduce((mask, role) => mask | (1 << roleIndex(role)), 0);

/** Who decides who reads an entry (protocol section 7, "Salt policy"). */
const SALT_POLICIES = ['owner', 'convergent'] as const;
export type SaltPolicy = (typeof SALT_POLICIES)[number];

const unique = <T>(items: readonly T[]): boolean => new Set(items).size === items.length;
const purposeNameSchema = z
  .string()
  .regex(PURPOSE_PATTERN)
  // Tags of goods have a name of their own in the state, whatever the purpose.
  .refine((name) => name !== GOODS_SCOPE_NAME, `${GOODS_SCOPE_NAME} is no name for a purpose`);

const purposeSchema = z
  .strictObject({
    name: purposeNameSchema,
    /** The kinds of document (UN/CEFACT 1001) that it takes, each with the roles that may register it. */
    kinds: z
      .array(
        z.strictObject({
          kind: z.int().min(1).max(0xffffffff),
          roles: z.array(z.enum(ROLES)).min(1).refine(unique, 'a role is listed twice'),
        }),
      )
      .min(1)
      .refine((kinds) => unique(kinds.map(({ kind }) => kind)), 'a kind is listed twice'),
    /** Entries per member and day. */
    quota: z.int().min(1).max(QUOTA_MAX),
    saltPolicy: z.enum(SALT_POLICIES),
    /** Full days after which an entry that nobody engaged lapses. */
    ttlDays: z.int().min(1).max(TTL_MAX_DAYS),
    /** Days for which the nodes keep the ciphertext. */
    retainDays: z.int().min(1).max(36_525),
    /** The purposes whose entries a check looks up. */
    consults: z.array(purposeNameSchema).refine(unique, 'a purpose is listed twice'),
    /** The further fingerprints that its entries may carry (protocol section 9). */
    fingerprints: z
      .array(
        z.strictObject({
          name: z.enum(FURTHER_NAMES),
          /** More live entries than this, this one included, are a `multiple-cover`. */
          threshold: z.int().min(1).max(0xffffffff).optional(),
        }),
      )
      .refine((list) => unique(list.map(({ name }) => name)), 'a fingerprint is listed twice'),
  })
  .readonly();

/** What a network registers: a closed table. Masks and names of fingerprints belong to `canon`. */
export const schemaSchema = z
  .strictObject({
    /** Version of the canonical form of documents and of their fingerprints. */
    canon: z.literal(1),
    purposes: z.array(purposeSchema).min(1).max(32),
    /** Left out: as {@link messageRetainDays} and {@link messagesPerDay} say. */
    messages: z
      .strictObject({
        /** Days for which the nodes keep the ciphertexts of messages. */
        retainDays: z.int().min(1).max(3653),
        /** How many of one day the ledger takes under one purpose. */
        perDay: z.int().min(MESSAGE_SLOTS).max(1_000_000).optional(),
      })
      .optional(),
  })
  .superRefine(({ purposes }, context) => {
    const names = purposes.map(({ name }) => name);
    if (!unique(names)) context.addIssue({ code: 'custom', message: 'a purpose is listed twice' });
    for (const purpose of purposes)
      for (const consulted of purpose.consults)
        if (!names.includes(consulted))
          context.addIssue({
            code: 'custom',
            message: `${purpose.name} consults the unknown purpose ${consulted}`,
          });
  });

export type Purpose = z.infer<typeof purposeSchema>;
export type Schema = z.infer<typeof schemaSchema>;

/** What a purpose says of a fingerprint that its entries carry beside exact and near. */
export interface CarriedFingerprint extends Fingerprint {
  readonly ofElement: boolean;
  /** The proof shows that the salt is the convergent one of this fingerprint. */
  readonly convergent: boolean;
  /** The purpose in whose name its tags are made and listed. */
  readonly scope: string;
  readonly threshold: number | undefined;
}

/**
 * The fingerprint of a full name that entries of a kind may carry under a purpose beside exact and near: possession,
 * and those that the purpose has switched on. Undefined for any other.
 */
export function carriedFingerprint(
  purpose: Purpose,
  kind: number,
  fullName: string,
): CarriedFingerprint | undefined {
  const { possession, further } = fingerprintRow(kind);
  if (fullName === possession.name)
    return {
      ...possession,
      ofElement: false,
      convergent: purpose.saltPolicy === 'convergent',
      scope: purpose.name,
      threshold: undefined,
    };
  const found = further.find(({ name }) => name === fullName);
  const switchedOn = found && purpose.fingerprints.find(({ name }) => name === found.further);
  return (
    switchedOn && {
      name: found.name,
      mask: found.mask,
      ofElement: found.ofElement,
      convergent: false,
      scope: found.further === 'goods' ? GOODS_SCOPE_NAME : purpose.name,
      threshold: switchedOn.threshold,
    }
  );
}

/** The purpose of a name; throws `not_found`. */
export function purposeOf(schema: Schema, name: string): Purpose {
  const purpose = schema.purposes.find((candidate) => candidate.name === name);
  ensure(purpose, 'not_found', `the network has no purpose ${JSON.stringify(name)}`, 'purpose');
  return purpose;
}

/** Days for which a network's nodes keep messages. */
export const messageRetainDays = ({ messages }: Schema): number =>
  messages?.retainDays ?? MESSAGE_RETAIN_DAYS;

/** How many messages of one day a network takes under one purpose. */
export const messagesPerDay = ({ messages }: Schema): number => messages?.perDay ?? MESSAGES_PER_DAY;

/** The role mask of a kind under a purpose, or undefined where the purpose does not take the kind. */
export function roleMaskOf(purpose: Purpose, kind: number): number | undefined {
  const row = purpose.kinds.find((candidate) => candidate.kind === kind);
  return row && roleMask(row.roles);
}

const BILLS = [704, 705, 710, 714, 740];
const on = (...names: FurtherName[]) => names.map((name) => ({ name }));
const rows = (kinds: readonly number[], ...roles: Role[]) => kinds.map((kind) => ({ kind, roles }));

/** The seven purposes of protocol section 7 with quotas and terms for a network that has no reason for others. */
export function defaultSchema(): Schema {
  const financiers: Role[] = ['bank', 'lender'];
  const insurers: Role[] = ['insurer', 'reinsurer'];
  const parsed = schemaSchema.safeParse({
    canon: 1,
    purposes: [
      {
        name: 'finance',
        kinds: rows([105, 380, 383, 465, 635, ...BILLS], ...financiers),
        quota: 1000,
        saltPolicy: 'owner',
        ttlDays: 30,
        retainDays: 3653,
        consults: ['finance', 'carry', 'attest'],
        fingerprints: on('loose', 'alias', 'lines', 'goods'),
      },
      {
        name: 'carry',
        kinds: rows(BILLS, 'carrier', 'forwarder'),
        quota: 5000,
        saltPolicy: 'convergent',
        ttlDays: 365,
        retainDays: 1096,
        consults: ['carry'],
        fingerprints: on('goods', 'object'),
      },
      {
        name: 'declare',
        kinds: rows([830, 929], 'customs-office', 'carrier', 'forwarder', 'seller'),
        quota: 5000,
        saltPolicy: 'convergent',
        ttlDays: 365,
        retainDays: 1827,
        consults: ['declare', 'carry', 'attest'],
        fingerprints: on('goods', 'object'),
      },
      {
        name: 'attest',
        kinds: [
          ...rows([105, 271, 380, 381, 383], 'seller', 'carrier', 'forwarder', 'tax-office'),
          ...rows([465], 'bank'),
          ...rows([635], 'forwarder', 'carrier'),
        ],
        quota: 5000,
        saltPolicy: 'convergent',
        ttlDays: 365,
        retainDays: 3653,
        consults: ['attest', 'finance'],
        fingerprints: on('loose', 'alias', 'lines', 'goods'),
      },
      {
        name: 'cover',
        kinds: rows([520, 530], ...insurers),
        quota: 1000,
        saltPolicy: 'owner',
        ttlDays: 60,
        retainDays: 3653,
        consults: ['cover'],
        fingerprints: [...on('object'), { name: 'object-class', threshold: 10 }],
      },
      {
        name: 'claim',
        kinds: rows([60001], ...insurers),
        quota: 1000,
        saltPolicy: 'owner',
        ttlDays: 730,
        retainDays: 3653,
        consults: ['claim', 'cover'],
        fingerprints: on('object', 'object-class'),
      },
      {
        name: 'cede',
        kinds: rows([60002], ...insurers),
        quota: 1000,
        saltPolicy: 'owner',
        ttlDays: 60,
        retainDays: 3653,
        consults: ['cede', 'cover'],
        fingerprints: on(),
      },
    ],
  });
  if (!parsed.success)
    throw new CountersealError('internal', 'the default schema is not a schema', { cause: parsed.error });
  return parsed.data;
}
