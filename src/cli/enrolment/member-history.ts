import { initPoseidon } from '../../crypto/index.js';
import { CountersealError, ensure } from '../../errors.js';
import {
  MemoryStore,
  networkOf,
  ROLES,
  type Genesis,
  type MembershipChange,
  type Role,
} from '../../ledger/index.js';
import { LedgerClient } from '../../rpc/ledger-client.js';
import { LedgerCopy, SerialStore } from '../../rpc/ledger-copy.js';

/** Somebody who is, or was, a member. */
export interface KnownMember {
  /** In decimal. */
  readonly memberId: string;
  /** Now, or when the member was removed. */
  readonly roles: readonly Role[];
  /** `removed`: suspended or removed for good; the ledger knows one kind. */
  readonly state: 'member' | 'removed';
  /** Milliseconds: when the state began. */
  readonly since: number;
}

export interface MemberHistory {
  /** Membership transactions in the log: the counter of the next one. */
  readonly changes: number;
  readonly members: readonly KnownMember[];
}

interface Standing {
  roles: Set<Role>;
  /** Those of the last removal. */
  removed: Set<Role>;
  since: number;
}

/** Reads and verifies the whole log. Throws `unavailable`, and `data_corrupted` for a node that lies. */
export async function readMemberHistory(genesis: Genesis, nodes: readonly string[]): Promise<MemberHistory> {
  await initPoseidon();
  const standings = new Map<string, Standing>();
  const change = (changes: readonly MembershipChange[], time: number) => {
    for (const { change: kind, memberId, role: index } of changes) {
      const role = ROLES[index];
      if (!role) continue;
      const id = memberId.toString();
      const before = standings.get(id) ?? { roles: new Set<Role>(), removed: new Set<Role>(), since: time };
      if (kind === 'admit') {
        if (before.roles.size === 0) standings.set(id, { ...before, roles: new Set([role]), since: time });
        else before.roles.add(role);
        continue;
      }
      before.roles.delete(role);
      // Roles that go in one block were held together.
      const together = before.since === time && before.roles.size === 0 ? before.removed : new Set<Role>();
      before.removed = new Set([...together, role]);
      before.since = time;
    }
  };
  change(
    genesis.members.flatMap(({ memberId, roles }) =>
      roles.map((role) => ({
        change: 'admit' as const,
        memberId: BigInt(memberId) as MembershipChange['memberId'],
        role: ROLES.indexOf(role),
      })),
    ),
    genesis.time,
  );
  let changes = 0;
  const client = new LedgerClient(nodes, genesis);
  try {
    const store = new SerialStore(new MemoryStore());
    const copy = new LedgerCopy(await networkOf(genesis), store, client, (_session, { body, time }) => {
      if (body.type !== 'membership') return;
      changes++;
      change(body.changes, time);
    });
    await copy.sync();
  } finally {
    client.close();
  }
  return {
    changes,
    members: [...standings].map(([memberId, { roles, removed, since }]) => ({
      memberId,
      roles: ROLES.filter((role) => (roles.size > 0 ? roles : removed).has(role)),
      state: roles.size > 0 ? 'member' : 'removed',
      since,
    })),
  };
}

/** At least so many digits of an id name a member. */
const PREFIX_DIGITS = 8;

/** The member that an id, or the beginning of one, names. Throws `not_found`, `invalid_argument`. */
export function findMember({ members }: MemberHistory, id: string): KnownMember {
  ensure(
    /^\d{1,78}$/.test(id),
    'invalid_argument',
    `${id} is no member id: give its digits, as \`network members\` shows them, or at least the first ${PREFIX_DIGITS}`,
  );
  const exact = members.filter(({ memberId }) => memberId === id);
  const found =
    exact.length > 0
      ? exact
      : members.filter(({ memberId }) => id.length >= PREFIX_DIGITS && memberId.startsWith(id));
  ensure(
    found.length <= 1,
    'invalid_argument',
    `several members have ids that begin with ${id}: give more digits`,
  );
  if (!found[0])
    throw new CountersealError(
      'not_found',
      `the ledger knows no member ${id}: see \`network members\`; at least ${PREFIX_DIGITS} digits are needed`,
    );
  return found[0];
}
