import * as P from 'micro-packed';
import type { FieldElement } from '../crypto/index.js';
import { type Codec, encode, field, u64 } from './codec.js';
import { bindingOf, signedMessage } from './signed-message.js';
import type { Sequence, UnixMs } from './units.js';

/**
 * Several members share one document up to what it states (protocol section 10). `open-capacity` begins the chain of
 * an exact tag, and each `draw` extends it by one. Both are signed by the control key of a live entry of that tag.
 */

/** As of an action: {@link ActionOrder}. Opening and drawing count among an entry's actions. */
interface CapacityOrder {
  readonly entry: Sequence;
  readonly counter: number;
  readonly validUntil: UnixMs;
  /** H(12, chain, remaining, blind), after the order. */
  readonly headroom: FieldElement;
  /** remaining + H(17, possession document key, w): for the holders of the document. */
  readonly pad: FieldElement;
}

export interface OpenCapacityOrder extends CapacityOrder {
  /** Against which the `fingerprint` proof shows the membership. */
  readonly membersRoot: FieldElement;
  /** H(5, possession document key, text("capacity|" + purpose)): also the first head. */
  readonly chain: FieldElement;
}

export interface DrawOrder extends CapacityOrder {
  /** The head that is extended: of two draws that name one, only the first takes effect. */
  readonly wPrevious: FieldElement;
  /** H(13, x, blind). */
  readonly w: FieldElement;
  /** Whether to draw although another entry with the near tag counts: the same deal under another number. */
  readonly acceptNear: boolean;
}

export interface OpenCapacityTransaction {
  readonly type: 'open-capacity';
  readonly order: OpenCapacityOrder;
  /** Of the statement `fingerprint`: the chain is that of the entry's document. */
  readonly possession: Uint8Array;
  /** Of the statement `drawdown`: what is left is what that document states. */
  readonly proof: Uint8Array;
  /** By the entry's control key, over order and proofs. */
  readonly signature: Uint8Array;
}

export interface DrawTransaction {
  readonly type: 'draw';
  readonly order: DrawOrder;
  /** Of the statement `drawdown`. */
  readonly proof: Uint8Array;
  /** By the entry's control key, over order and proof. */
  readonly signature: Uint8Array;
}

const head = { entry: u64<Sequence>(), counter: P.U16BE, validUntil: u64<UnixMs>() };

export const openCapacityOrderCodec = P.struct({
  ...head,
  membersRoot: field,
  chain: field,
  headroom: field,
  pad: field,
}) as Codec<OpenCapacityOrder>;

export const drawOrderCodec = P.struct({
  ...head,
  wPrevious: field,
  w: field,
  headroom: field,
  pad: field,
  acceptNear: P.bool,
}) as Codec<DrawOrder>;

type Ordered = Pick<OpenCapacityTransaction, 'type' | 'order'> | Pick<DrawTransaction, 'type' | 'order'>;

const encoded = (tx: Ordered): Uint8Array =>
  tx.type === 'draw'
    ? encode(drawOrderCodec, tx.order, 'the order')
    : encode(openCapacityOrderCodec, tx.order, 'the order');

/** What the control key signs. */
export function capacityMessage(
  networkId: string,
  tx: Omit<OpenCapacityTransaction, 'signature'> | Omit<DrawTransaction, 'signature'>,
): Uint8Array {
  const proofs = tx.type === 'draw' ? [tx.proof] : [tx.possession, tx.proof];
  return signedMessage(tx.type, networkId, encoded(tx), ...proofs);
}

/** The public signal that ties the proofs to the order. */
export const capacityBinding = (networkId: string, tx: Ordered): FieldElement =>
  bindingOf(`${tx.type}-binding`, networkId, encoded(tx));
