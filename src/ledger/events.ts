import type { LogRecord, RecordBody } from './log-record.js';
import type { ActionKind } from './states.js';

/** What an event may be found by. */
export type EventKey =
  'index' | 'entry' | 'purpose' | 'kind' | 'label' | 'state' | 'successor' | 'name' | 'members-root';

/**
 * What a transaction did, for who subscribes to an engine's events: nothing that the log does not say. Tags, addresses
 * and nullifiers are left out although the log has them: who could subscribe to one would be telling the node which
 * document, or whose entry, is of interest.
 */
export interface LedgerEvent {
  /** `refused` is an engagement whose verdict its author did not accept. */
  readonly type:
    | `entry.${'register' | 'fingerprint' | ActionKind | 'refused' | 'open-capacity' | 'draw'}`
    | 'members.change'
    | 'message';
  readonly attributes: readonly { readonly key: EventKey; readonly value: string }[];
}

/** The events of an included transaction. */
export function eventsOf({ index, body }: LogRecord): readonly LedgerEvent[] {
  const { type, ...attributes } = describe(body);
  return [
    {
      type,
      attributes: Object.entries({ index, ...attributes }).map(([key, value]) => ({
        key: key as EventKey,
        value: String(value),
      })),
    },
  ];
}

type Description = { readonly type: LedgerEvent['type'] } & { readonly [K in EventKey]?: string | number };

function describe(body: RecordBody): Description {
  switch (body.type) {
    case 'register':
      return {
        type: 'entry.register',
        entry: body.entry,
        purpose: body.purpose,
        kind: body.documentKind,
        label: body.verdict.label,
      };
    case 'action':
      return {
        type: `entry.${body.outcome === 'refused' ? 'refused' : body.action}`,
        entry: body.entry,
        state: body.state,
        ...(body.verdict && { label: body.verdict.label }),
        ...(body.successor !== undefined && { successor: body.successor }),
      };
    case 'fingerprint':
      return {
        type: 'entry.fingerprint',
        entry: body.entry,
        name: body.name,
        label: body.verdict.label,
      };
    case 'membership':
      return { type: 'members.change', 'members-root': body.membersRoot.toString() };
    case 'open-capacity':
      return { type: 'entry.open-capacity', entry: body.entry };
    case 'draw':
      return { type: 'entry.draw', entry: body.entry, state: body.state };
    case 'message':
      return { type: 'message', purpose: body.purpose, kind: body.documentKind };
  }
}
