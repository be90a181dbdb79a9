import { hkdfSync } from 'node:crypto';
import { fieldToBytes, type FieldElement } from '../crypto/index.js';
import { MESSAGE_SLOTS, messageLabel, type EpochDay } from '../ledger/index.js';
import { tagOf, type DocumentKey } from '../oprf/index.js';
import { framed } from './framed.js';
import { keptDocumentKey, type KeptEvaluation } from './kept-evaluation.js';

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

/** Days of documents that are remembered: some 3 KiB each. */
const DAYS_MAX = 8_192;

/**
 * The places of {@link messagePlaces}, each computed once in a process, and the keys of own entries, each unsealed once:
 * whoever follows the log looks for the messages of the same documents again and again.
 */
export class KnownPlaces {
  private readonly keys = new Map<number, DocumentKey>();
  private readonly days = new Map<
    string,
    { readonly found: MessagePlace[]; readonly rest: Iterator<MessagePlace> }
  >();

  /** As {@link messagePlaces}. */
  *of(day: MessageDay): Generator<MessagePlace> {
    const { found, rest } = this.known(day);
    for (let i = 0; ; i++) {
      if (i === found.length) {
        const { value, done } = rest.next();
        if (done) return;
        found.push(value);
      }
      yield found[i]!;
    }
  }

  /** The possession document key of an own entry; undefined, and asked for again, where it has none yet. */
  keyOf(sequence: number, kept: () => KeptEvaluation | undefined): DocumentKey | undefined {
    const known = this.keys.get(sequence);
    if (known !== undefined) return known;
    const evaluation = kept();
    if (!evaluation) return undefined;
    const key = keptDocumentKey(evaluation);
    this.keys.set(sequence, key);
    return key;
  }

  private known(day: MessageDay) {
    const key = [day.networkId, day.documentKey, day.purpose, day.period].join('|');
    let known = this.days.get(key);
    if (!known) this.days.set(key, (known = { found: [], rest: messagePlaces(day) }));
    if (this.days.size > DAYS_MAX) this.days.delete(this.days.keys().next().value!);
    return known;
  }
}
