import { fingerprintDocument } from '../agent/fingerprinting.js';
import { fieldElement, text, type FieldElement } from '../crypto/index.js';
import { canonicalDocument, slotIndex, type Kind } from '../documents/index.js';
import { groupPoint, MemberRegistry, purposeOf, roleIndex, roleMaskOf } from '../ledger/index.js';
import {
  checkCrosscheck,
  checkDrawdown,
  checkFingerprint,
  CROSSCHECK,
  crosscheckInstance,
  crosscheckSide,
  DRAWDOWN,
  drawdownInstance,
  FINGERPRINT,
  fingerprintInstance,
  type CircuitInputs,
  type CrosscheckInstance,
  type Statement,
} from '../proofs/index.js';
import { DAY_MS } from '../time.js';
import { benchDocument, evaluateWith } from './registrations.js';
import { BENCH_TIME, type SyntheticNetwork } from './synthetic-network.js';

const PURPOSE = 'finance';
const DECLARATION = 929 as Kind;
const BILL_OF_LADING = 705 as Kind;
const BINDING = fieldElement(1n);

/** A statement that holds, ready to be proved, and the check of it by whoever has its secrets. */
export interface StatementSample {
  readonly statement: Statement;
  readonly inputs: CircuitInputs;
  readonly signals: readonly FieldElement[];
  /** The native relation. */
  readonly check: () => void;
}

/** A declaration against the bill of lading of shipment `i`: its transport document, masses, packages and containers. */
export async function shipment(i: number): Promise<CrosscheckInstance> {
  const transport = `MSKU|MEDU${1_000_000 + i}`;
  const containers = ['CONTAINER|MSKU1234565', 'CONTAINER|TGHU7654321'];
  const declaration = canonicalDocument(DECLARATION, {
    issuer: 'EORI|DE123456789',
    number: `26DE33${String(i).padStart(10, '0')}U1`,
    ...{ transport, objects: containers, quantity: '18450000', packages: '42' },
  });
  const bill = canonicalDocument(BILL_OF_LADING, {
    ...{ transport, objects: [...containers, 'CONTAINER|OOLU1112223'], quantity: '18500000', packages: '42' },
  });
  return crosscheckInstance(
    {
      sides: await Promise.all([
        crosscheckSide(declaration, fieldElement(77n)),
        crosscheckSide(bill, fieldElement(78n)),
      ]),
      rules: {
        scalar: [
          { op: 'equal', slotA: 'transport', slotB: 'transport' },
          { op: 'within', slotA: 'quantity', slotB: 'quantity', partsPerMillion: 50_000 },
          { op: 'at-most', slotA: 'packages', slotB: 'packages' },
        ],
        intersect: { slotA: 'objects', slotB: 'objects' },
      },
    },
    BINDING,
  );
}

/** One of `fingerprint`, `crosscheck` and `drawdown` each. */
export async function statementSamples({
  network,
  member,
  oprfSecret,
}: SyntheticNetwork): Promise<StatementSample[]> {
  const { genesis } = network;
  const { document, slots, fingerprints, identities } = await fingerprintDocument(benchDocument(0));
  const { kind, present } = document;
  const salt = fieldElement(77n);
  const members = MemberRegistry.fromGenesis(genesis);
  const role = roleIndex('bank');
  const fingerprint = await fingerprintInstance(
    {
      ...{ kind, slots, present, salt, purpose: text(PURPOSE) },
      fingerprintId: text(fingerprints[0].name),
      mask: fingerprints[0].mask,
      evaluation: evaluateWith(oprfSecret, identities[0]!),
      oprfKey: groupPoint(genesis.oprf.publicKey, 'oprf.publicKey'),
      member: { secret: member.secret, role, path: members.path(member.memberId, role) },
      membersRoot: members.root,
      roleMask: roleMaskOf(purposeOf(genesis.schema, PURPOSE), kind)!,
      convergent: false,
      nullifier: member.nullifier(Math.floor(BENCH_TIME / DAY_MS), 0),
    },
    BINDING,
  );
  const crosscheck = await shipment(0);
  const drawdown = await drawdownInstance(
    {
      ...{ key: fieldElement(5n), capacity: text(PURPOSE), kind, slots, present, salt },
      slot: slotIndex('amount'),
    },
    BINDING,
  );
  return [
    {
      statement: FINGERPRINT,
      ...fingerprint,
      check: () => checkFingerprint(fingerprint.public, fingerprint.witness),
    },
    {
      statement: CROSSCHECK,
      ...crosscheck,
      check: () => checkCrosscheck(crosscheck.public, crosscheck.witness),
    },
    { statement: DRAWDOWN, ...drawdown, check: () => checkDrawdown(drawdown.public, drawdown.witness) },
  ];
}
