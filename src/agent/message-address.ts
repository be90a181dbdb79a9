import { hkdfSync } from 'node:crypto';
import { fieldToBytes, type FieldElement } from '../crypto/index.js';
import { MESSAGE_SLOTS, messageLabel, type EpochDay } from '../ledger/index.js';
import { tagOf, type DocumentKey } from '../oprf/index.js';
import { framed } from './framed.js';

/** What the holders of one document have in common under a purpose, on one day. */
export interface MessageDay {
  readonly networkId: string;
  /** Of the possession fingerprint. */
  readonly documentKey: DocumentKey;
  readonly purpose: string;
  readonly period: EpochDay;
}

export interface MessagePlace {
  readonly slot: number;
  readonly address: FieldElement;
}

const DRAW_BYTES = 4;

/**
 * The slots of a day in the order in which the document's holders use them: a permutation that only they know, so that
 * the slot that everybody sees says nothing of how many messages came before. Fisher and Yates, with draws of 32 bits.
 */
export function slotOrder({ networkId, documentKey, purpose, period }: MessageDay): readonly number[] {
  const info = framed('counterseal/message-slots/v1', networkId, purpose, String(period));
  const draws = Buffer.from(
    hkdfSync('sha256', fieldToBytes(documentKey), new Uint8Array(), info, DRAW_BYTES * MESSAGE_SLOTS),
  );
  const order = Array.from({ length: MESSAGE_SLOTS }, (_, slot) => slot);
  for (let i = order.length - 1; i > 0; i--) {
    const j = draws.readUInt32BE(DRAW_BYTES * i) % (i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The places of a day's messages about a document, in their order. Each costs two hashes: take as few as are needed. */
export function* messagePlaces(day: MessageDay): Generator<MessagePlace> {
  for (const slot of slotOrder(day))
    yield { slot, address: tagOf(day.documentKey, messageLabel({ ...day, slot })) };
}
