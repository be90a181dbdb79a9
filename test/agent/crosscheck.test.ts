import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyCard } from '../../src/agent/card.js';
import { proveCrosscheck } from '../../src/agent/crosscheck-prove.js';
import { crosscheckBinding, makeCrosscheckRequest } from '../../src/agent/crosscheck-request.js';
import { openResult, sealResult, type CrosscheckContents } from '../../src/agent/crosscheck-result.js';
import { openSide } from '../../src/agent/crosscheck-sides.js';
import { verifyCrosscheck } from '../../src/agent/crosscheck-verify.js';
import { openConvergent } from '../../src/agent/open-convergent.js';
import { Answered, Compared, Verified } from '../../src/gateway/crosscheck-schemas.js';
import { compared } from '../../src/gateway/crosscheck-routes.js';
import {
  canonicalDocument,
  readDocument,
  type CanonicalDocument,
  type SlotStrings,
} from '../../src/documents/index.js';
import {
  crosscheckInstance,
  crosscheckSide,
  parseCrosscheckSignals,
  ruleSet,
  rulesOf,
  SnarkjsProver,
} from '../../src/proofs/index.js';
import { code } from '../helpers/vectors.js';
import { closeWorlds, World, type Name } from './crosscheck-world.js';

const example = (name: string): CanonicalDocument =>
  readDocument(readFileSync(new URL(`../../examples/documents/${name}`, import.meta.url))).document;
const changed = ({ kind, strings }: CanonicalDocument, change: SlotStrings) =>
  canonicalDocument(kind, { ...strings, ...change });

const DECLARATION = example('export-declaration.wco.xml');
const BILL = example('bill-of-lading.dcsa.json');
const BILL_IN_UBL = example('bill-of-lading.ubl.xml');
const INVOICE = example('invoice-a.ubl.xml');
const POLICY = example('policy.open-insurance.json');
const NEXT_POLICY = changed(POLICY, {
  issuer: 'SUSEP|11111',
  number: 'B-9',
  startDate: '2027-03-16',
  endDate: '2028-03-15',
});

const prover = new SnarkjsProver();
let world: World;
let declared: number;
let carried: number;
beforeAll(async () => {
  world = await World.of('crosscheck-net');
  declared = await world.register('importer', DECLARATION, 'declare');
  carried = await world.register('carrier', BILL, 'carry');
});
afterAll(async () => {
  await prover.close();
  await closeWorlds();
});

const ask = async (rules: string, subjects: readonly number[], more: object = {}, by: Name = 'customs') =>
  (await makeCrosscheckRequest(world.members[by], { rules, subjects, ...more })).text;
const verify = (result: string, request: string, by: Name = 'customs') =>
  verifyCrosscheck(world.members[by], result, request);

/** As a gateway answers it: held to its schemas. */
const asJson = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)));

/** What the verifier would read, changed, and sealed again: what a prover with other software could send. */
async function resealed(
  result: string,
  change: (contents: CrosscheckContents) => Partial<CrosscheckContents>,
  to: Name = 'customs',
): Promise<string> {
  const { network, keys } = world.members[to];
  const contents = await openResult(network.id, keys, result);
  return sealResult(network.id, verifyCard(world.card(to), network.genesis), {
    ...contents,
    ...change(contents),
  });
}
const transactionOf = async (by: Name, entry: number, set = 'customs/transport@1'): Promise<string> => {
  const { transaction } = await openSide(world.members[by], { from: 'own', entry }, ruleSet(set).a, []);
  return Buffer.from(transaction).toString('base64');
};

describe('opening a convergent entry', () => {
  const importer = () => world.members.importer;

  it('opens with the own copy in another syntax, and shows where the copies differ', async () => {
    const before = world.asked.length;
    const found = await openConvergent(importer(), BILL_IN_UBL);
    const { entries } = found;
    expect(Compared.safeParse(asJson(compared(found))).error).toBeUndefined();
    expect(world.asked.slice(before)).toEqual(['3 evaluations', 'transaction', 'payload']);
    expect(entries).toMatchObject([{ entry: carried, purpose: 'carry', own: false, status: 'opened' }]);
    expect(entries[0]!.document!.strings).toEqual(BILL.strings);
    // What the other syntax does not say contradicts nothing.
    expect(entries[0]).toMatchObject({ agrees: true, differences: [{ slot: 'references', own: null }] });
    const same = await openConvergent(importer(), BILL);
    expect(same.entries[0]!.differences).toEqual([]);
    const other = changed(BILL, { packages: '35', startDate: '2026-03-18' });
    const unequal = (await openConvergent(importer(), other)).entries[0]!;
    expect(unequal.agrees).toBe(false);
    expect(unequal.differences).toEqual([
      { slot: 'packages', field: 'packages', own: '35', registered: '36' },
      { slot: 'startDate', field: 'shipped on board', own: '2026-03-18', registered: '2026-03-19' },
    ]);
    // What leaves is a list without salts.
    expect(JSON.stringify(same.entries)).not.toMatch(/salt|transaction/);
  });

  it('does not open with a copy that differs in what only a holder knows, and says in which fields to look', async () => {
    const forged = changed(BILL, { quantity: '8250501' });
    const { entries, possession } = await openConvergent(importer(), forged);
    expect(entries).toMatchObject([{ entry: carried, status: 'closed', document: null, differences: [] }]);
    expect(possession).toEqual(['carrier and number', 'containers and other objects', 'gross weight (g)']);
  });

  it('opens no entry whose salt is its owner`s, and asks nobody for it', async () => {
    const financed = await world.register('bank', INVOICE, 'finance');
    const before = world.asked.length;
    await expect(openConvergent(importer(), INVOICE, { entry: financed })).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'entry',
    });
    expect(world.asked).toHaveLength(before);
    await expect(openConvergent(importer(), INVOICE)).rejects.toMatchObject(code('not_found'));
    // The holder's own guess at the salt opens nothing either: the payload was sealed under the owner's.
    const attested = await world.register('seller', INVOICE, 'attest');
    const { entries } = await openConvergent(importer(), INVOICE);
    expect(entries.map(({ entry, status }) => [entry, status])).toEqual([[attested, 'opened']]);
  });

  it('names an author who sealed another document than it committed to', async () => {
    const lie = await world.register(
      'carrier',
      example('bill-of-lading.ubl.xml'),
      'carry',
      changed(BILL, { packages: '1' }),
    );
    const { entries } = await openConvergent(importer(), BILL, { entry: lie });
    expect(entries).toMatchObject([{ entry: lie, status: 'false', document: null }]);
    await world.act('carrier', lie, { kind: 'cancel', reason: 'entered-in-error' });
    expect((await openConvergent(importer(), BILL)).entries.map(({ entry }) => entry)).toEqual([carried]);
  });

  it('says that a payload is gone, and that an entry is of another document', async () => {
    const gone = await world.register('carrier', changed(BILL, { transport: 'MAEU|77' }), 'carry');
    await world.act('carrier', gone, { kind: 'erase' });
    const copy = changed(BILL, { transport: 'MAEU|77' });
    expect((await openConvergent(importer(), copy)).entries).toMatchObject([
      { entry: gone, status: 'erased' },
    ]);
    await expect(openConvergent(importer(), copy, { entry: carried })).rejects.toMatchObject({
      ...code('invalid_argument'),
      field: 'entry',
    });
    await expect(openConvergent(importer(), copy, { entry: 999 })).rejects.toMatchObject(code('not_found'));
  });
});

describe('a cross-check of a declaration with the carrier`s bill', () => {
  let request: string;
  let result: string;
  beforeAll(async () => {
    request = await ask('customs/transport@1', [declared]);
    const made = await proveCrosscheck(
      world.members.importer,
      request,
      { a: { from: 'own', entry: declared }, b: { from: 'document', document: BILL_IN_UBL } },
      prover,
    );
    expect(made).toMatchObject({
      entries: [declared, carried],
      holds: true,
      verifier: { roles: ['customs-office'] },
    });
    const { text, ...rest } = made;
    expect(Answered.safeParse(asJson({ result: text, ...rest })).error).toBeUndefined();
    result = made.text;
  });

  it('shows the prover nothing that leaves in the clear: the file names network and verifier alone', () => {
    expect(Object.keys(JSON.parse(result) as object).sort()).toEqual(
      ['ciphertext', 'enc', 'format', 'networkId', 'to', 'version'].sort(),
    );
  });

  it('is refused for entries that the proof is not about', async () => {
    const otherBill = await world.register('carrier', changed(BILL, { transport: 'MAEU|8' }), 'carry');
    const bytes = await transactionOf('carrier', otherBill);
    for (const change of [
      ({ transactions }: CrosscheckContents) => ({
        entries: [declared, otherBill] as [number, number],
        transactions: [transactions[0], bytes] as [string, string],
      }),
      ({ pass }: CrosscheckContents) => ({ pass: pass & ~1 }),
      ({ comparable }: CrosscheckContents) => ({ comparable: comparable & ~8 }),
      ({ pass }: CrosscheckContents) => ({ pass: pass | (1 << 9) }),
    ])
      await expect(verify(await resealed(result, change), request)).rejects.toMatchObject({
        ...code('invalid_proof'),
        field: 'proof',
      });
    // The number of one entry with the transaction of another.
    const mixed = await resealed(result, () => ({ entries: [declared, otherBill] as [number, number] }));
    await expect(verify(mixed, request)).rejects.toMatchObject({ ...code('invalid_proof'), field: 'entry' });
    await expect(
      verify(
        await resealed(result, () => ({ entries: [declared, null], transactions: [bytes, null] })),
        request,
      ),
    ).rejects.toMatchObject({ ...code('invalid_proof'), field: 'entries' });
  });

  it('is refused with its sides swapped, and for an entry that the verifier did not ask about', async () => {
    const swapped = await resealed(result, ({ entries: [a, b], transactions: [ta, tb] }) => ({
      entries: [b!, a],
      transactions: [tb!, ta],
    }));
    await expect(verify(swapped, request)).rejects.toMatchObject(code('permission_denied'));
    const other = await ask('customs/transport@1', [
      await world.register('importer', changed(DECLARATION, { number: 'X-2' }), 'declare'),
    ]);
    await expect(verify(result, other)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'subjects',
    });
  });

  it('is refused against a paper of the prover`s own making in another`s role', async () => {
    // A bank may finance a bill, and register whatever bill it likes: that is not the carrier's word.
    const own = await world.register('bank', BILL, 'finance');
    const bytes = await transactionOf('bank', own);
    const forged = await resealed(result, ({ transactions }) => ({
      entries: [declared, own] as [number, number],
      transactions: [transactions[0], bytes] as [string, string],
    }));
    await expect(verify(forged, request)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'entry',
    });
    const asked = await ask('customs/transport@1', [carried]);
    await expect(
      proveCrosscheck(
        world.members.bank,
        asked,
        { a: { from: 'own', entry: own }, b: { from: 'document', document: BILL } },
        prover,
      ),
    ).rejects.toMatchObject({ ...code('permission_denied'), field: 'entry' });
  });

  it('is refused under another challenge, by another verifier, and on another network', async () => {
    const again = await ask('customs/transport@1', [declared]);
    await expect(verify(result, again)).rejects.toMatchObject({ ...code('invalid_proof'), field: 'proof' });
    await expect(verify(result, request, 'bank')).rejects.toMatchObject(code('not_found'));
    const ofBank = await ask('customs/transport@1', [declared], {}, 'bank');
    await expect(verify(result, ofBank, 'bank')).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'to',
    });
    const stolen = JSON.stringify({
      ...(JSON.parse(result) as object),
      to: world.members.bank.keys.memberId.toString(),
    });
    await expect(verify(stolen, ofBank, 'bank')).rejects.toMatchObject(code('decryption_failed'));
    const elsewhere = JSON.stringify({ ...(JSON.parse(result) as object), networkId: 'elsewhere' });
    await expect(verify(elsewhere, request)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'networkId',
    });
    const asked = JSON.stringify({ ...(JSON.parse(request) as object), networkId: 'elsewhere' });
    await expect(verify(result, asked)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'networkId',
    });
  });

  it('is refused with other rules than those that were asked for', async () => {
    const weaker = rulesOf(ruleSet('customs/transport@1')).scalar.map((rule) =>
      rule.op === 'within' ? { ...rule, partsPerMillion: 900_000 } : rule,
    );
    const open = (source: Parameters<typeof openSide>[1]) =>
      openSide(world.members.importer, source, ruleSet('customs/transport@1').a, []);
    const [a, b] = [
      await open({ from: 'own', entry: declared }),
      await open({ from: 'document', document: BILL }),
    ];
    const instance = await crosscheckInstance(
      {
        sides: await Promise.all([crosscheckSide(a.document, a.salt), crosscheckSide(b.document, b.salt)]),
        rules: { ...rulesOf(ruleSet('customs/transport@1')), scalar: weaker },
      },
      crosscheckBinding(world.networkId, request, [declared, carried]),
    );
    const { proof, publicSignals } = await prover.prove({ id: 'crosscheck', version: 1 }, instance.inputs);
    const { pass, comparable } = parseCrosscheckSignals(publicSignals);
    const forged = await resealed(result, () => ({
      ...{ pass, comparable },
      proof: Buffer.from(proof).toString('base64'),
    }));
    await expect(verify(forged, request)).rejects.toMatchObject({ ...code('invalid_proof'), field: 'proof' });
    // A request that was changed on the way is none of the verifier's.
    const edited = JSON.stringify({ ...(JSON.parse(request) as object), rules: 'customs/packing-list@1' });
    await expect(verify(result, edited)).rejects.toMatchObject(code('not_found'));
  });

  it('that is something else, or was changed, is refused', async () => {
    const { ciphertext } = JSON.parse(result) as { ciphertext: string };
    const bytes = Buffer.from(ciphertext, 'base64');
    bytes[200]! ^= 1;
    const changedText = JSON.stringify({
      ...(JSON.parse(result) as object),
      ciphertext: bytes.toString('base64'),
    });
    await expect(verify(changedText, request)).rejects.toMatchObject(code('decryption_failed'));
    for (const none of [
      '',
      '{}',
      request,
      ' '.repeat(100_000),
      await resealed(result, () => ({ pass: 1024 })),
    ])
      await expect(verify(none, request)).rejects.toMatchObject(code('invalid_argument'));
    for (const none of ['', '{}', result])
      await expect(verify(result, none)).rejects.toMatchObject(code('invalid_argument'));
  });

  it('is refused once the request, or an entry, is over', async () => {
    const short = await ask('customs/transport@1', [declared], { validForMs: 1 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await expect(verify(result, short)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'expires',
    });
    const prove = (a: number, text: string) =>
      proveCrosscheck(
        world.members.importer,
        text,
        { a: { from: 'own', entry: a }, b: { from: 'document', document: BILL } },
        prover,
      );
    await expect(prove(declared, short)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'expires',
    });

    const withdrawn = await world.register('importer', changed(DECLARATION, { number: 'X-3' }), 'declare');
    const asked = await ask('customs/transport@1', [withdrawn]);
    await world.act('importer', withdrawn, { kind: 'cancel', reason: 'withdrawn' });
    await expect(prove(withdrawn, asked)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'entry',
    });
    const bytes = await transactionOf('importer', withdrawn);
    const late = await resealed(result, ({ transactions }) => ({
      entries: [withdrawn, carried] as [number, number],
      transactions: [bytes, transactions[1]] as [string, string],
    }));
    await expect(verify(late, asked)).rejects.toMatchObject({
      ...code('failed_precondition'),
      field: 'entry',
    });
  });

  it('shows the verifier rule by rule what holds, once, and asks no node for the entries', async () => {
    const before = world.asked.length;
    const verified = await verify(result, request);
    expect(Verified.safeParse(asJson(verified)).error).toBeUndefined();
    expect(world.asked).toHaveLength(before);
    expect(verified).toMatchObject({
      set: 'customs/transport@1',
      holds: true,
      a: { label: 'customs declaration', entry: declared, purpose: 'declare', state: 'registered' },
      b: {
        label: 'transport document',
        entry: carried,
        purpose: 'carry',
        writtenBy: ['carrier', 'forwarder'],
      },
      eitherBy: ['carrier', 'forwarder'],
    });
    expect(verified.rules.map(({ status }) => status)).toEqual(['holds', 'holds', 'holds', 'holds', 'holds']);
    await expect(verify(result, request)).rejects.toMatchObject(code('already_exists'));
  });
});

describe('a cross-check of policies', () => {
  let first: number;
  let second: number;
  beforeAll(async () => {
    first = await world.register('insurer', POLICY, 'cover');
    second = await world.register('other', NEXT_POLICY, 'cover');
  });

  it('clears an overlap with what one insurer shared, and not with the sides the wrong way round', async () => {
    const request = await ask('policy/no-overlap@1', [first, second], {}, 'bank');
    const shared = await world.share('insurer', first, 'other');
    const sides = { a: { from: 'share', text: shared }, b: { from: 'own', entry: second } } as const;
    const made = await proveCrosscheck(world.members.other, request, sides, prover);
    const swapped = await resealed(
      made.text,
      ({ entries: [a, b], transactions: [ta, tb] }) => ({ entries: [b!, a], transactions: [tb!, ta] }),
      'bank',
    );
    await expect(verify(swapped, request, 'bank')).rejects.toMatchObject({
      ...code('invalid_proof'),
      field: 'proof',
    });
    const verified = await verify(made.text, request, 'bank');
    expect(verified).toMatchObject({ holds: true, a: { entry: first }, b: { entry: second } });
    // One policy is not two, and a share opens for nobody else.
    const alone = await ask('policy/no-overlap@1', [first], {}, 'bank');
    const own = { from: 'own', entry: first } as const;
    await expect(
      proveCrosscheck(world.members.insurer, alone, { a: own, b: own }, prover),
    ).rejects.toMatchObject(code('invalid_argument'));
    await expect(proveCrosscheck(world.members.insurer, alone, sides, prover)).rejects.toMatchObject({
      ...code('permission_denied'),
      field: 'to',
    });
  });

  it('clears it by a public day, and neither policy is opened to anybody', async () => {
    const endDate = '2027-03-15';
    // Expiry on the day itself: covered on it, so it does not end before.
    const request = await ask('policy/ends-before@1', [first], { values: { endDate } }, 'other');
    const made = await proveCrosscheck(
      world.members.insurer,
      request,
      { a: { from: 'own', entry: first } },
      prover,
    );
    const verified = await verify(made.text, request, 'other');
    expect(verified).toMatchObject({ holds: false, values: { endDate }, b: null, eitherBy: [] });
    expect(verified.rules).toMatchObject([{ status: 'fails', refuses: true }]);
    // The day is part of what is proved.
    const later = await ask('policy/ends-before@1', [first], { values: { endDate: '2027-03-16' } }, 'other');
    await expect(verify(made.text, later, 'other')).rejects.toMatchObject({
      ...code('invalid_proof'),
      field: 'proof',
    });
  });
});

describe('a request', () => {
  it('is refused for rules, entries, values and terms that cannot be', async () => {
    const wrong: readonly (readonly [string, string, readonly number[], object?])[] = [
      ['not_found', 'customs/invoice@2', [declared]],
      ['not_found', 'customs/transport@1', [999]],
      ['invalid_argument', 'customs/transport@1', []],
      ['invalid_argument', 'customs/transport@1', [declared, declared]],
      ['invalid_argument', 'customs/transport@1', [declared, carried, 1]],
      ['invalid_argument', 'policy/no-overlap@1', [declared]],
      ['invalid_argument', 'customs/transport@1', [declared], { values: { endDate: '2027-01-01' } }],
      ['invalid_argument', 'policy/ends-before@1', [declared]],
      ['invalid_argument', 'policy/ends-before@1', [declared], { values: { endDate: '01/02/2027' } }],
      ['invalid_argument', 'policy/ends-before@1', [declared], { values: { startDate: '2027-01-01' } }],
      ['invalid_argument', 'customs/transport@1', [declared], { validForMs: 0 }],
    ];
    for (const [expected, rules, subjects, more] of wrong)
      await expect(ask(rules, subjects, more)).rejects.toMatchObject(code(expected));
  });
});
