import {
  type FieldElement,
  memberLeafOf,
  MEMBERS_DEPTH,
  type MerklePath,
  MerkleTree,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { HOUR_MS } from '../time.js';
import { type Genesis, genesisMemberId } from './genesis.js';
import { MEMBERS_MAX, MEMBERS_ROOT_WINDOW_MS } from './limits.js';
import { roleIndex } from './schema.js';
import type { MemberSlot, MembersState } from './state-values.js';
import type { MembershipChange } from './transactions.js';
import type { UnixMs } from './units.js';

const EMPTY_LEAF = 0n as FieldElement;

/**
 * Who is a member in which role. Every pair has a slot, which is its place among the leaves of the members' tree: the
 * genesis' pairs in their order (a member's roles ascending), each later one the lowest slot that is free. So anybody
 * with the genesis and the log has the same tree, and a path stays where it is while others come and go.
 */
export class MemberRegistry {
  private cachedTree: MerkleTree | undefined;

  private constructor(private readonly slots: readonly (MemberSlot | undefined)[]) {}

  static fromGenesis(genesis: Genesis): MemberRegistry {
    const pairs = genesis.members.flatMap((member) =>
      member.roles
        .map(roleIndex)
        .sort((a, b) => a - b)
        .map((role) => ({ memberId: genesisMemberId(member), role })),
    );
    ensure(pairs.length <= MEMBERS_MAX, 'invalid_argument', 'the genesis has too many members', 'members');
    return new MemberRegistry(pairs);
  }

  static fromSlots(slots: readonly (MemberSlot | undefined)[]): MemberRegistry {
    return new MemberRegistry(slots);
  }

  get size(): number {
    return this.slots.length;
  }

  slot(index: number): MemberSlot | undefined {
    return this.slots[index];
  }

  has(memberId: FieldElement, role: number): boolean {
    return this.find(memberId, role) >= 0;
  }

  /** Needs `initPoseidon()`. */
  get root(): FieldElement {
    return this.tree.root;
  }

  /** The path of a member in a role; throws `not_found`. Needs `initPoseidon()`. */
  path(memberId: FieldElement, role: number): MerklePath {
    const index = this.find(memberId, role);
    ensure(index >= 0, 'not_found', 'not a member in this role');
    return this.tree.path(index);
  }

  /**
   * The registry after changes, in their order. Throws `already_exists` for a pair that is there, `not_found` for one
   * that is not, `failed_precondition` if every slot is taken.
   */
  with(changes: readonly MembershipChange[]): MemberRegistry {
    const slots = [...this.slots];
    for (const { change, memberId, role } of changes) {
      const index = slots.findIndex((slot) => slot?.memberId === memberId && slot.role === role);
      if (change === 'remove') {
        ensure(index >= 0, 'not_found', 'a change removes who is not a member in that role');
        slots[index] = undefined;
        continue;
      }
      ensure(memberId !== 0n, 'invalid_argument', '0 is not a member id');
      ensure(index < 0, 'already_exists', 'a change admits who is a member in that role');
      const free = slots.findIndex((slot) => slot === undefined);
      if (free >= 0) slots[free] = { memberId, role };
      else if (slots.length < MEMBERS_MAX) slots.push({ memberId, role });
      else throw new CountersealError('failed_precondition', `there are ${MEMBERS_MAX} members already`);
    }
    return new MemberRegistry(slots);
  }

  /** The registry before the members of these slots were admitted. */
  without(slots: ReadonlySet<number>): MemberRegistry {
    return new MemberRegistry(this.slots.map((slot, i) => (slots.has(i) ? undefined : slot)));
  }

  private find(memberId: FieldElement, role: number): number {
    return this.slots.findIndex((slot) => slot?.memberId === memberId && slot.role === role);
  }

  private get tree(): MerkleTree {
    this.cachedTree ??= MerkleTree.of(
      MEMBERS_DEPTH,
      this.slots.map((slot) => (slot ? memberLeafOf(slot.memberId, slot.role) : EMPTY_LEAF)),
    );
    return this.cachedTree;
  }
}

type RootHistory = MembersState['roots'];

const lastFullHour = (time: number): number => Math.floor(time / HOUR_MS) * HOUR_MS;

/**
 * Whether proofs against a root are accepted at a block's time: it is the current one, or was current at a full hour
 * of the last day with no removal since. Proving against a full hour's root keeps secret when the author fetched it.
 */
export function isAcceptedRoot(history: RootHistory, root: FieldElement, time: UnixMs): boolean {
  return history.some(
    (entry, i) =>
      entry.root === root &&
      (i === history.length - 1 || hourWithin(entry.since, history[i + 1]!.since, time)),
  );
}

/**
 * The root that was current at the last full hour before a time; undefined where it is not accepted any more, because
 * a member was removed since, or where there was no network yet.
 */
export function rootAtLastHour(history: RootHistory, time: UnixMs): FieldElement | undefined {
  const hour = lastFullHour(time);
  return history.findLast(({ since }) => since <= hour)?.root;
}

/** Whether a root that was current from `since` until before `until` was so at a full hour of the last day. */
function hourWithin(since: UnixMs, until: UnixMs, time: UnixMs): boolean {
  const hour = lastFullHour(until - 1);
  return hour >= since && hour >= time - MEMBERS_ROOT_WINDOW_MS;
}

/** The history after a change of the root: without roots that no later block can accept. */
export function nextRoots(
  history: RootHistory,
  root: FieldElement,
  time: UnixMs,
  removal: boolean,
): RootHistory {
  if (removal) return [{ since: time, root }];
  const next = [...history, { since: time, root }];
  return next.filter(
    (entry, i) => i === next.length - 1 || hourWithin(entry.since, next[i + 1]!.since, time),
  );
}
