import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fingerprintDocument } from '../agent/fingerprinting.js';
import { sealNotice, sealPayload } from '../agent/sealing.js';
import {
  BASE,
  dleqChallenge,
  ed25519Sign,
  encodeToCurve,
  multiply,
  randomScalar,
  reduceScalar,
  text,
  type FieldElement,
  type Scalar,
} from '../crypto/index.js';
import { canonicalDocument, encodeDocument, INVOICE, type CanonicalDocument } from '../documents/index.js';
import {
  dayOf,
  decodeTransaction,
  encodeTransaction,
  groupPoint,
  MemberRegistry,
  purposeOf,
  registerBinding,
  registerMessage,
  roleIndex,
  roleMaskOf,
  sha256,
  type RegisterClaims,
} from '../ledger/index.js';
import {
  batchProver,
  defaultParallel,
  packageKeys,
  REGISTER,
  registerInstance,
  registerOutputs,
  type CircuitInputs,
  type ProvableEvaluation,
  type RegisterRequest,
} from '../proofs/index.js';
import { BENCH_TIME, type SyntheticNetwork } from './synthetic-network.js';

/** Changes when what is made here changes: what is cached is then made again. */
const VERSION = 1;
const PURPOSE = 'finance';

/** A valid registration of a document of its own. */
export interface Registration {
  readonly transaction: Uint8Array;
  readonly payload: Uint8Array;
  readonly signals: readonly bigint[];
  readonly proof: Uint8Array;
}

export const benchDocument = (i: number): CanonicalDocument =>
  canonicalDocument(INVOICE, {
    issuer: 'VAT|DE999999903',
    number: `2025|BENCH-${i}`,
    counterparty: 'VAT|DE999999904',
    currency: 'EUR',
    amount: String(1_000_00 + i),
    issueDate: '2025-02-14',
  });

/** What the committee would say of an identity, by somebody who has the whole key. */
export function evaluateWith(k: Scalar, identity: FieldElement): ProvableEvaluation {
  const P = encodeToCurve(identity).point;
  const evaluated = multiply(P, k);
  const nonce = randomScalar();
  const challenge = dleqChallenge(multiply(BASE, k), P, evaluated, multiply(BASE, nonce), multiply(P, nonce));
  return { evaluated, challenge, response: reduceScalar(nonce - challenge * k) };
}

/** The statement of the registration of document `i`, ready to be proved, and what makes a transaction of its proof. */
export async function unproved(
  { network, member, oprfSecret }: SyntheticNetwork,
  i: number,
): Promise<{
  inputs: CircuitInputs;
  finish: (proof: Uint8Array) => Pick<Registration, 'transaction' | 'payload'>;
}> {
  const { genesis } = network;
  const purpose = purposeOf(genesis.schema, PURPOSE);
  const { document, slots, fingerprints, identities, skippedMask } = await fingerprintDocument(
    benchDocument(i),
  );
  const members = MemberRegistry.fromGenesis(genesis);
  const role = roleIndex('bank');
  const period = dayOf(BENCH_TIME);
  const nullifier = member.nullifier(period, i);
  const own = member.entry(nullifier);
  const evaluations = identities.map((identity) => evaluateWith(oprfSecret, identity));
  const fingerprint = (n: 0 | 1) => ({
    id: text(fingerprints[n].name),
    mask: fingerprints[n].mask,
    evaluation: evaluations[n]!,
  });
  const request: RegisterRequest = {
    kind: document.kind,
    slots,
    present: document.present,
    salt: own.salt,
    purpose: text(PURPOSE),
    fingerprints: [fingerprint(0), fingerprint(1)],
    skippedMask,
    oprfKey: groupPoint(genesis.oprf.publicKey, 'oprf.publicKey'),
    member: { secret: member.secret, role, path: members.path(member.memberId, role) },
    membersRoot: members.root,
    roleMask: roleMaskOf(purpose, document.kind)!,
    period,
    index: i,
    quota: purpose.quota,
    auditorKey: groupPoint(genesis.auditors.publicKey, 'auditors.publicKey'),
    ephemeral: randomScalar(),
  };
  const outputs = await registerOutputs(request);
  const binding = {
    networkId: network.id,
    nullifier,
    commitment: outputs.commitment,
    controlKey: own.controlKey,
  };
  const payload = sealPayload(encodeDocument(document), own.salt, binding);
  const { x, y } = outputs.escrowPoint.toAffine();
  const claims: RegisterClaims = {
    documentKind: document.kind,
    purpose: PURPOSE,
    epoch: network.epoch,
    membersRoot: members.root,
    commitment: outputs.commitment,
    tags: outputs.tag,
    period,
    nullifier,
    escrowPoint: { x: x as FieldElement, y: y as FieldElement },
    escrow: outputs.escrow,
    skippedMask,
    controlKey: own.controlKey,
    payloadHash: sha256(payload),
    // Its key does not matter here: nobody reads this notice.
    notice: sealNotice(own.mailboxKey, outputs.tag[0], binding),
  };
  const { inputs } = await registerInstance(request, registerBinding(network.id, claims));
  return {
    inputs,
    finish: (proof) => ({
      transaction: encodeTransaction({
        type: 'register',
        claims,
        proof,
        signature: ed25519Sign(own.controlSeed, registerMessage(network.id, claims, proof)),
      }),
      payload,
    }),
  };
}

/** Reads a registration of the cache; undefined where there is none that is whole. */
async function readCached({ network }: SyntheticNetwork, path: string): Promise<Registration | undefined> {
  try {
    const { transaction: hex, payload } = JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
    const transaction = new Uint8Array(Buffer.from(hex!, 'hex'));
    const tx = decodeTransaction(transaction);
    if (tx.type !== 'register') return undefined;
    const purpose = purposeOf(network.genesis.schema, PURPOSE);
    const rules = { roleMask: roleMaskOf(purpose, tx.claims.documentKind)!, quota: purpose.quota };
    return {
      transaction,
      payload: new Uint8Array(Buffer.from(payload!, 'hex')),
      signals: network.signals.of(tx.claims, rules),
      proof: tx.proof,
    };
  } catch {
    return undefined;
  }
}

/**
 * `count` valid registrations of different documents. Their proofs are made once, some seconds each on all cores, and
 * kept in the cache under the hash of what they are for; the figures that use them verify them again.
 */
export async function registrations(
  synthetic: SyntheticNetwork,
  count: number,
  cache: string,
  progress: (message: string) => void,
): Promise<Registration[]> {
  const { verificationKey } = await packageKeys.load(REGISTER);
  await mkdir(cache, { recursive: true });
  const pathOf = (i: number): string => {
    const about = JSON.stringify([VERSION, synthetic.network.id, BENCH_TIME, verificationKey.hash, i]);
    return join(cache, `${createHash('sha256').update(about).digest('hex')}.json`);
  };
  const wanted = Array.from({ length: count }, (_, i) => i);
  const cached = await Promise.all(wanted.map((i) => readCached(synthetic, pathOf(i))));
  const missing = wanted.filter((i) => !cached[i]);
  if (missing.length > 0) {
    const parallel = defaultParallel();
    const prover = batchProver(parallel);
    const started = Date.now();
    let made = 0;
    const say = () => {
      const left = ((Date.now() - started) / made / 60_000) * (missing.length - made);
      progress(
        `proving ${missing.length} registrations, once: ${made}${made > 0 ? `, about ${left.toFixed(1)} min left` : ''}`,
      );
    };
    const next = missing.values();
    const work = async () => {
      for (const i of next) {
        const { inputs, finish } = await unproved(synthetic, i);
        const { proof } = await prover.prove(REGISTER, inputs);
        const { transaction, payload } = finish(proof);
        const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
        const temporary = `${pathOf(i)}.${process.pid}`;
        await writeFile(temporary, JSON.stringify({ transaction: hex(transaction), payload: hex(payload) }));
        await rename(temporary, pathOf(i));
        made++;
        say();
      }
    };
    say();
    try {
      await Promise.all(Array.from({ length: parallel + 1 }, work));
    } finally {
      await prover.close();
    }
  }
  const all = await Promise.all(wanted.map((i) => cached[i] ?? readCached(synthetic, pathOf(i))));
  return all.map((registration) => registration!);
}
