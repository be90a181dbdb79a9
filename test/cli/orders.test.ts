import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  addSignature,
  ensureSameMatter,
  newOrder,
  orderTransaction,
  readOrder,
  type Decision,
  type OrderFile,
} from '../../src/cli/enrolment/order-file.js';
import { initPoseidon } from '../../src/crypto/index.js';
import type { LogIndex } from '../../src/ledger/index.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { code } from '../helpers/vectors.js';
import { ADMINISTRATORS, fieldOf, HOUR, seedOf, START, testGenesis } from '../ledger/helpers.js';

beforeAll(initPoseidon);
const genesis = testGenesis();
const decision: Decision = {
  networkId: genesis.networkId,
  action: 'admit',
  memberId: fieldOf('newcomer').toString(),
  roles: ['bank'],
  name: 'Bank D',
  request: 'ab'.repeat(32),
  counter: 0,
  validUntil: START + HOUR,
};
const seed = (i: number): Uint8Array => seedOf(ADMINISTRATORS[i]!);
const signed = (...by: number[]): OrderFile =>
  by.reduce((file, i) => addSignature(file, genesis, seed(i)), newOrder(decision));

async function reading(file: OrderFile): Promise<OrderFile | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'counterseal-order-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'order.json'), JSON.stringify(file));
  return readOrder(join(folder, 'order.json'), genesis);
}
const refused = (file: OrderFile, expected: Parameters<typeof code>[0]) =>
  expect(reading(file)).rejects.toThrow(expect.objectContaining(code(expected)));

describe('an order', () => {
  it('collects signatures, and is a transaction that the ledger takes, once', async () => {
    const file = (await reading(signed(2, 0)))!;
    const directories = new Directories();
    const engine = await openEngine(directories.fresh());
    onTestFinished(async () => {
      await engine.close();
      directories.remove();
    });
    expect(() => orderTransaction(signed(1), genesis)).toThrow(
      expect.objectContaining(code('failed_precondition')),
    );
    const submit = (order: OrderFile) => engine.submit(orderTransaction(order, genesis), new Uint8Array());
    expect(await submit(file)).toMatchObject({ included: true, index: 0 });
    // Once more, and signed by others: the same decision is another transaction, and is not taken.
    expect(await submit(file)).toMatchObject({ included: true, index: 0 });
    expect(await submit(signed(0, 1))).toMatchObject({
      rejection: { name: 'wrong_membership_counter' },
    });
    expect(() => engine.reader.record(1 as LogIndex)).toThrow(expect.objectContaining(code('not_found')));
  });

  it('takes no administrator twice, and nobody else', () => {
    expect(() => signed(1, 1)).toThrow(expect.objectContaining(code('already_exists')));
    expect(() => addSignature(newOrder(decision), genesis, seedOf('somebody'))).toThrow(
      expect.objectContaining(code('permission_denied')),
    );
  });

  it('is refused where it was changed after it was signed, in what the ledger sees or in what it does not', async () => {
    const file = signed(1);
    for (const change of [
      { roles: ['bank', 'insurer'] },
      { memberId: fieldOf('another').toString() },
      { action: 'remove' },
      { counter: 1 },
      { validUntil: START + 2 * HOUR },
      { name: 'Bank E' },
      { request: 'cd'.repeat(32) },
      // The ledger would take these for the same.
      { action: 'readmit' },
    ] as Partial<Decision>[])
      await refused({ ...file, decision: { ...decision, ...change } }, 'permission_denied');
    await refused({ ...file, decision: { ...decision, networkId: 'another-net' } }, 'invalid_argument');
  });

  it('is refused with signatures that are copied, of another administrator, or of nobody', async () => {
    const { signatures } = signed(1);
    const [one] = signatures;
    await refused({ ...signed(1), signatures: [one!, one!] }, 'invalid_argument');
    await refused({ ...signed(1), signatures: [one!, { ...one!, administrator: 2 }] }, 'permission_denied');
    await refused({ ...signed(1), signatures: [{ ...one!, administrator: 7 }] }, 'invalid_argument');
    // Half of it: what the ledger takes, without what the authority goes by.
    await refused({ ...signed(1), signatures: [{ ...one!, decision: one!.order }] }, 'permission_denied');
  });

  it('is signed by the next administrator only for the matter that he wants', () => {
    const later = { ...decision, counter: 5, validUntil: START + 3 * HOUR };
    expect(() => ensureSameMatter(signed(1), later, 'order.json')).not.toThrow();
    for (const other of [{ name: 'Bank E' }, { request: 'cd'.repeat(32) }, { roles: ['insurer' as const] }])
      expect(() => ensureSameMatter(signed(1), { ...decision, ...other }, 'order.json')).toThrow(
        expect.objectContaining(code('invalid_argument')),
      );
  });
});
