import type { FieldElement } from '../crypto/index.js';
import type { MemberRegistry, Replica, UnixMs } from '../ledger/index.js';

/** A role in which a member may write what a mask allows; undefined where it has none. */
export function roleIn(replica: Replica, memberId: FieldElement, roleMask: number): number | undefined {
  const { members } = replica;
  return Array.from({ length: 16 }, (_, role) => role).find(
    (role) => (roleMask >> role) & 1 && members.has(memberId, role),
  );
}

/**
 * The members against whose root to prove. That of the last full hour is everybody's, whenever their copy is from;
 * whoever was admitted since is not in it: their proof shows that (`hourly` is false), unless it can wait for the next.
 */
export function membersToProve(
  replica: Replica,
  memberId: FieldElement,
  role: number,
  now: UnixMs,
): { readonly members: MemberRegistry; readonly hourly: boolean } {
  const hourly = replica.membersAtLastHour(now);
  return hourly?.has(memberId, role)
    ? { members: hourly, hourly: true }
    : { members: replica.members, hourly: false };
}
