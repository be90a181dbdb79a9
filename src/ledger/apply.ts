import { type ActionSubject, membersState } from './admission.js';
import { type MemberRegistry, nextRoots } from './members.js';
import type { Overlay } from './overlay.js';
import type { ActionRecord, MembershipRecord, RegisterRecord } from './log-record.js';
import type { Purpose } from './schema.js';
import { transition } from './states.js';
import { stateKeys } from './state-keys.js';
import {
  countersCodec,
  encodeState,
  type Entry,
  entryCodec,
  memberSlotCodec,
  membersStateCodec,
  payloadOwnerCodec,
  readState,
} from './state-values.js';
import { addToIndex, findMatches, possessionTagOf, setIndexedState } from './tag-index.js';
import type { ActionTransaction, MembershipOrder, RegisterTransaction } from './transactions.js';
import { dayOf, type LogIndex, type Sequence, type UnixMs } from './units.js';

/** What admitted transactions do. Nothing here refuses: admission.ts has decided. */

/** Where in the log a transaction takes effect. */
export interface Position {
  readonly index: LogIndex;
  readonly time: UnixMs;
}

export function applyRegister(
  view: Overlay,
  purpose: Purpose,
  { claims }: RegisterTransaction,
  { index, time }: Position,
): RegisterRecord {
  const entries = readState(view, stateKeys.counters, countersCodec)?.entries ?? 0;
  const sequence = entries as Sequence;
  const verdict = findMatches(view, purpose, claims.tags, time);
  const indexed = addToIndex(
    view,
    purpose,
    {
      sequence,
      documentKind: claims.documentKind,
      purpose: purpose.name,
      tags: claims.tags,
      registered: dayOf(time),
      state: 'registered',
    },
    time,
  );
  putEntry(view, {
    indexed,
    controlKey: claims.controlKey,
    nullifier: claims.nullifier,
    commitment: claims.commitment,
    payloadHash: claims.payloadHash,
    logIndex: index,
    actions: 0,
    refusals: 0,
  });
  view.put(stateKeys.nullifier(claims.period, claims.nullifier), PRESENT);
  view.put(stateKeys.payload(claims.payloadHash), encodeState(payloadOwnerCodec, { entry: sequence }));
  view.put(stateKeys.counters, encodeState(countersCodec, { entries: entries + 1 }));
  return {
    type: 'register',
    entry: sequence,
    documentKind: claims.documentKind,
    purpose: purpose.name,
    tags: claims.tags,
    nullifier: claims.nullifier,
    verdict,
  };
}

const PRESENT = Uint8Array.of(1);

export function applyAction(
  view: Overlay,
  { entry, purpose }: ActionSubject,
  { order }: ActionTransaction,
  { time }: Position,
): ActionRecord {
  const { action } = order;
  const base = { type: 'action', entry: order.entry, action: action.kind } as const;
  const verdict =
    action.kind === 'engage'
      ? findMatches(view, purpose, entry.indexed.tags, time, {
          self: entry.indexed,
          possession: possessionTagOf(entry.indexed)!,
        })
      : undefined;
  const actions = entry.actions + 1;
  if (action.kind === 'engage' && !action.accept.includes(verdict!.label)) {
    putEntry(view, { ...entry, actions, refusals: entry.refusals + 1 });
    return { ...base, outcome: 'refused', state: entry.indexed.state, verdict, successor: undefined };
  }
  const state = transition(entry.indexed.state, action.kind)!;
  if (action.kind === 'erase') {
    putEntry(view, { ...entry, actions });
    view.put(stateKeys.erased(entry.payloadHash), PRESENT);
    return { ...base, outcome: 'done', state, verdict: undefined, successor: undefined };
  }
  putEntry(view, { ...entry, actions, indexed: setIndexedState(view, purpose, entry.indexed, state, time) });
  const successor = action.kind === 'supersede' ? action.successor : undefined;
  return { ...base, outcome: 'done', state, verdict, successor };
}

export function applyMembership(
  view: Overlay,
  { before, after }: { readonly before: MemberRegistry; readonly after: MemberRegistry },
  { order }: { readonly order: Pick<MembershipOrder, 'changes'> },
  { time }: Pick<Position, 'time'>,
): MembershipRecord {
  writeSlots(view, after, before);
  const { changes, roots } = membersState(view);
  const removal = order.changes.some(({ change }) => change === 'remove');
  const next = {
    changes: changes + 1,
    slots: after.size,
    roots: nextRoots(roots, after.root, time, removal),
  };
  view.put(stateKeys.members, encodeState(membersStateCodec, next));
  return { type: 'membership', changes: order.changes, membersRoot: after.root };
}

/** The state of a new network's members. */
export function applyGenesisMembers(view: Overlay, registry: MemberRegistry, time: UnixMs): void {
  writeSlots(view, registry, undefined);
  const state = { changes: 0, slots: registry.size, roots: [{ since: time, root: registry.root }] };
  view.put(stateKeys.members, encodeState(membersStateCodec, state));
}

function writeSlots(view: Overlay, after: MemberRegistry, before: MemberRegistry | undefined): void {
  for (let i = 0; i < after.size; i++) {
    const slot = after.slot(i);
    const old = before?.slot(i);
    if (slot?.memberId === old?.memberId && slot?.role === old?.role) continue;
    if (slot) view.put(stateKeys.memberSlot(i), encodeState(memberSlotCodec, slot));
    else view.delete(stateKeys.memberSlot(i));
  }
}

function putEntry(view: Overlay, entry: Entry): void {
  view.put(stateKeys.entry(entry.indexed.sequence), encodeState(entryCodec, entry));
}
