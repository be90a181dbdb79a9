import type { Agent, AuditNote, ParsedDocument, Proving } from '../agent/index.js';
import type { Prover } from '../proofs/index.js';
import type { EventHub } from './events.js';
import type { FourEyes } from './four-eyes.js';
import type { GatewayUsers, User } from './users.js';

/** What a gateway uses of an agent. */
export type GatewayAgent = Pick<
  Agent,
  | 'outbox'
  | 'check'
  | 'register'
  | 'defer'
  | 'entries'
  | 'entry'
  | 'showFingerprint'
  | 'showings'
  | 'engage'
  | 'settle'
  | 'release'
  | 'cancel'
  | 'share'
  | 'drawable'
  | 'draw'
  | 'capacity'
  | 'openConvergent'
  | 'crosschecks'
  | 'card'
  | 'matches'
  | 'resolve'
  | 'conversation'
  | 'message'
  | 'reveal'
  | 'receipt'
  | 'verify'
  | 'eventsAfter'
  | 'mail'
  | 'follow'
  | 'audit'
>;

/** What the handlers of requests work with. */
export interface Parts {
  readonly agent: GatewayAgent;
  readonly users: GatewayUsers;
  readonly orders: FourEyes;
  readonly events: EventHub;
  readonly prover: () => Prover;
  /** Reads a document's bytes, away from the other requests. Throws as `parseDocument` does. */
  readonly read: (bytes: Uint8Array) => Promise<ParsedDocument>;
  /**
   * What registers, draws or sends, one after the other: two requests with the same document must not both find it new,
   * nor two draws take each other for one whose answer was lost.
   */
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A request that was let in, and whose values are what they must be. */
export interface Call<Params, Query, Body> {
  readonly user: User;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Under which it is the same request when it comes again. */
  readonly idempotencyKey: string | undefined;
  /** What its body holds, where that is a document. */
  readonly document: ParsedDocument | undefined;
}

/** As the audit log names a gateway's user, who is none of the operating system. */
export const auditName = (name: string): string => `gateway/${name}`;

/** A note for the audit log in a user's name. */
export const noteOf = (user: User, note: Omit<AuditNote, 'user'>): AuditNote => ({
  user: auditName(user.name),
  ...note,
});

/** With the one prover of the process; nobody watches how far it is. */
export const proving = ({ prover }: Pick<Parts, 'prover'>): Proving => ({
  prover: prover(),
  onProgress: () => undefined,
});
