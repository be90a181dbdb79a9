import { bytesToHex } from '@noble/hashes/utils.js';
import { type FieldElement, fieldToBytes } from '../crypto/index.js';
import { isRejection } from './admission.js';
import {
  type Capacity,
  type CapacityScene,
  refuseDraw,
  refuseOpening,
  writeDraw,
  writeOpening,
} from './capacity.js';
import { type Codec, u64 } from './codec.js';
import type { DrawRecord, OpenCapacityRecord } from './log-record.js';
import type { Overlay } from './overlay.js';
import { reject, type Rejection } from './results.js';
import { encodeState, type IndexedEntry, readState } from './state-values.js';
import type { Reader } from './store.js';
import type { LogIndex } from './units.js';

/** A chain of draws as a reader of the log knows it. */
export interface CapacityView extends Capacity {
  /** Where in the log it was opened, and where each draw is. */
  readonly records: readonly LogIndex[];
}

const indexCodec: Codec<LogIndex> = u64<LogIndex>();
const recordKeyOf = (chain: FieldElement, opener: number, draw: number): string =>
  `replica/draw/${bytesToHex(fieldToBytes(chain))}/${opener}/${draw}`;

/** What a record of an opening writes; or why it cannot be true. */
export function absorbOpening(
  scene: CapacityScene & { readonly view: Overlay },
  entry: IndexedEntry,
  body: OpenCapacityRecord,
  index: LogIndex,
): Rejection | undefined {
  const refused = refuseOpening(scene, entry);
  if (refused) return refused;
  writeOpening(scene.view, entry, body);
  scene.view.put(recordKeyOf(body.chain, entry.sequence, 0), encodeState(indexCodec, index));
  return undefined;
}

/** Likewise of a draw, but for the state of its entry. */
export function absorbDraw(
  scene: CapacityScene & { readonly view: Overlay },
  entry: IndexedEntry,
  body: DrawRecord,
  index: LogIndex,
): Rejection | undefined {
  const from = refuseDraw(scene, entry, body);
  if (isRejection(from)) return from;
  if (body.state !== 'engaged') return reject('illegal_transition', 'a draw engages its entry');
  writeDraw(scene.view, entry, from, body);
  const key = recordKeyOf(from.chain, from.opener, from.draws + 1);
  scene.view.put(key, encodeState(indexCodec, index));
  return undefined;
}

/** A chain with the places of its records. */
export function viewOfCapacity(view: Reader, capacity: Capacity): CapacityView {
  const records = Array.from({ length: capacity.draws + 1 }, (_, draw) =>
    readState(view, recordKeyOf(capacity.chain, capacity.opener, draw), indexCodec)!,
  );
  return { ...capacity, records };
}
