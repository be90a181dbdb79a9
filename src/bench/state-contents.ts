import { coordinates, BASE, fieldFromBytes, type FieldElement } from '../crypto/index.js';
import { INVOICE } from '../documents/index.js';
import {
  Overlay,
  purposeOf,
  sha256,
  unixMs,
  dayOf,
  type LogIndex,
  type Purpose,
  type RegisterClaims,
  type StateKey,
  type Store,
  type UnixMs,
  type Write,
} from '../ledger/index.js';
import { applyRegister } from '../ledger/apply.js';
import { defaultSchema } from '../ledger/schema.js';
import { updateTree } from '../ledger/state-tree.js';
import { DAY_MS } from '../time.js';

const PURPOSE: Purpose = purposeOf(defaultSchema(), 'finance');
const START = Date.UTC(2025, 2, 3, 10, 30) as UnixMs;
/** So that not all entries stand in one period. */
const ENTRIES_A_DAY = 1000;
const STALE = 'o/';

const timeOf = (i: number): UnixMs => unixMs(START + Math.floor(i / ENTRIES_A_DAY) * DAY_MS);
const element = (what: string, i: number): FieldElement =>
  fieldFromBytes(Uint8Array.of(0, ...sha256(Buffer.from(`${what} ${i}`)).subarray(1)));
const bytes = (what: string, i: number): Uint8Array => sha256(Buffer.from(`${what} ${i}`));

/** The tags of the synthetic entry `i`. */
export const tagsOf = (i: number): readonly [FieldElement, FieldElement] => [
  element('exact', i),
  element('near', i),
];
export const scope = PURPOSE;
export { timeOf };

const claimsOf = (i: number): RegisterClaims => ({
  documentKind: INVOICE,
  purpose: PURPOSE.name,
  epoch: 1,
  membersRoot: element('root', 0),
  commitment: element('commitment', i),
  tags: tagsOf(i),
  period: dayOf(timeOf(i)),
  nullifier: element('nullifier', i),
  escrowPoint: coordinates(BASE),
  escrow: [element('salt', i), element('member', i)],
  skippedMask: 0,
  controlKey: bytes('control', i),
  payloadHash: bytes('payload', i),
  notice: new Uint8Array(72),
});

/** What a state of synthetic entries has got to: how many, and the version of its tree. */
export interface Grown {
  readonly entries: number;
  readonly version: number | undefined;
}

/**
 * Adds one block of entries to a state, as the ledger does it after admission: index, state tree, one durable batch.
 * Outdated nodes go at once, where a ledger keeps those of some versions.
 */
export async function grow(store: Store, { entries, version }: Grown, count: number): Promise<Grown> {
  const view = new Overlay(store);
  const ignored = { proof: new Uint8Array(), signature: new Uint8Array() };
  for (let i = entries; i < entries + count; i++)
    applyRegister(
      view,
      PURPOSE,
      { type: 'register', claims: claimsOf(i), ...ignored },
      { index: i as LogIndex, time: timeOf(i) },
    );
  const next = (version ?? 0) + 1;
  const changes = view.writes().map(({ key, value }) => ({ key: key as StateKey, value }));
  const { writes } = updateTree(store, version, next, changes);
  const tree = writes.map(({ key, value }): Write =>
    key.startsWith(STALE)
      ? { key: Buffer.from(value!).toString('latin1'), value: undefined }
      : { key, value },
  );
  await store.write([...view.writes(), ...tree]);
  return { entries: entries + count, version: next };
}
