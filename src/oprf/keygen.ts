import { createFROST } from '@noble/curves/abstract/frost.js';
import { babyjubjub } from '@noble/curves/misc.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import {
  BASE,
  IDENTITY,
  multiply,
  reduceScalar,
  scalarFromBytes,
  scalarToBytes,
  SUBGROUP_ORDER,
  type Point,
  type Scalar,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { assertNetworkId, assertShareEpoch, assertThreshold } from './committee.js';
import { assertKeyShare, type KeyShare } from './key-share.js';

/** What all parties of one key generation must agree on beforehand. */
export interface KeygenParameters {
  /** Which key: shares of one never serve as the other. */
  readonly purpose: 'oprf' | 'auditors';
  readonly networkId: string;
  readonly shareEpoch: number;
  /** t, at least 2. */
  readonly threshold: number;
  /** n. */
  readonly total: number;
  /** Names this run: 1 to 64 visible ASCII characters, new after every run that failed. */
  readonly session: string;
}

/** Round one, to every other party: a commitment to the sender's polynomial, and a proof that it knows its secret. */
export interface KeygenRoundOne {
  readonly from: number;
  /** t compressed points of 32 bytes (y little-endian, the top bit says whether x is odd). */
  readonly commitment: readonly Uint8Array[];
  /** 64 bytes. */
  readonly proofOfKnowledge: Uint8Array;
}

/**
 * Round two, to one party and secret: the transport must authenticate both ends and encrypt (mutual TLS between the
 * evaluators' processes). Whoever reads t parties' shares to one recipient has a share of the key.
 */
export interface KeygenRoundTwo {
  readonly from: number;
  readonly to: number;
  /** 32 bytes: the hash of all round one messages as the sender has them. */
  readonly echo: Uint8Array;
  /** 32 bytes, a big-endian scalar: the sender's polynomial at `to`. */
  readonly share: Uint8Array;
}

/** The outcome, and what the parties compare before any of them uses it. */
export interface KeygenResult extends KeyShare {
  /** 32 bytes: equal at all parties that share one key. A key is in use when all n have reported the same. */
  readonly transcript: Uint8Array;
}

type Suite = ReturnType<typeof createFROST>;
type Secret = ReturnType<Suite['DKG']['round1']>['secret'];
type State =
  | { readonly step: 'start' }
  | { readonly step: 'one'; readonly secret: Secret; readonly own: KeygenRoundOne }
  | {
      readonly step: 'two';
      readonly secret: Secret;
      readonly others: readonly KeygenRoundOne[];
      readonly echo: Uint8Array;
    }
  | { readonly step: 'over' };

/**
 * One party of a distributed key generation (FROST's, Komlo and Goldberg 2020, figure 1: Pedersen's with proofs of
 * knowledge). Nobody ever holds the key. All n parties must take part to the end; one that crashes, or an error,
 * means that all start again from round one with a new session: nothing of a run is kept on disk before its result.
 */
export class KeygenParty {
  readonly #suite: Suite;
  readonly #name: string;
  #state: State = { step: 'start' };

  /** Throws `invalid_argument` for parameters out of range. */
  constructor(
    readonly parameters: KeygenParameters,
    readonly id: number,
  ) {
    const { purpose, networkId, shareEpoch, threshold, total, session } = parameters;
    assertNetworkId(networkId);
    assertShareEpoch(shareEpoch);
    assertThreshold(threshold, total);
    ensure(
      /^[\x21-\x7e]{1,64}$/.test(session),
      'invalid_argument',
      'a session is 1 to 64 visible ASCII characters',
    );
    ensure(
      Number.isInteger(id) && id >= 1 && id <= total,
      'invalid_argument',
      `a party's id is 1 to ${total}`,
    );
    this.#name = `counterseal/keygen/1${JSON.stringify([purpose, networkId, shareEpoch, threshold, total, session])}`;
    this.#suite = createFROST({ name: this.#name, Point: babyjubjub.Point, hash: sha512 });
  }

  /** Draws the polynomial. The message goes to every other party. Throws `failed_precondition` the second time. */
  roundOne(): KeygenRoundOne {
    ensure(
      this.#state.step === 'start',
      'failed_precondition',
      'this run of key generation has begun already',
    );
    const { threshold: min, total: max } = this.parameters;
    const { secret, public: pkg } = this.#suite.DKG.round1(this.#suite.Identifier.fromNumber(this.id), {
      min,
      max,
    });
    const own = { from: this.id, commitment: pkg.commitment, proofOfKnowledge: pkg.proofOfKnowledge };
    this.#state = { step: 'one', secret, own };
    return own;
  }

  /**
   * Takes the other parties' round one messages, returns one secret message for each of them. Throws
   * `evaluator_misbehaved`, with the party, for a commitment or proof that is not valid; `invalid_argument` unless
   * there is one message of each other party.
   */
  roundTwo(messages: readonly KeygenRoundOne[]): KeygenRoundTwo[] {
    const state = this.#state;
    ensure(state.step === 'one', 'failed_precondition', 'round two of key generation comes after round one');
    return this.#orAbort(state.secret, () => {
      const others = this.#fromOthers(messages);
      for (const message of others) this.#checkRoundOne(message);
      const packages = others.map((message) => this.#toPackage(message));
      const shares = this.#suite.DKG.round2(state.secret, packages);
      const echo = this.#hash([...others, state.own]);
      this.#state = { step: 'two', secret: state.secret, others, echo };
      return others.map(({ from }) => {
        const { signingShare } = shares[this.#suite.Identifier.fromNumber(from)]!;
        const share = scalarToBytes(bytesToNumberLE(signingShare) as Scalar);
        return { from: this.id, to: from, echo, share };
      });
    });
  }

  /**
   * Takes the round two messages that came to this party; returns its share of the key. Throws
   * `evaluator_misbehaved`, with the party, for a share that does not fit its sender's commitment;
   * `failed_precondition` for a sender that saw other round one messages (somebody sent different ones to different
   * parties); `invalid_argument` unless there is one message from each other party to this one.
   */
  roundThree(messages: readonly KeygenRoundTwo[]): KeygenResult {
    const state = this.#state;
    ensure(
      state.step === 'two',
      'failed_precondition',
      'round three of key generation comes after round two',
    );
    return this.#orAbort(state.secret, () => {
      const sent = this.#fromOthers(messages);
      for (const { from, to, echo } of sent) {
        ensure(to === this.id, 'invalid_argument', `a message of party ${from} is for party ${to}`);
        ensure(
          Buffer.from(state.echo).equals(echo),
          'failed_precondition',
          `party ${from} saw other round one messages than party ${this.id}: start again, and find out who sent two`,
        );
      }
      for (const [i, message] of sent.entries()) this.#checkShare(message, state.others[i]!);

      const { secret, public: publicKey } = this.#suite.DKG.round3(
        state.secret,
        state.others.map((message) => this.#toPackage(message)),
        sent.map(({ from, share }) => ({
          identifier: this.#suite.Identifier.fromNumber(from),
          signingShare: this.#suite.utils.Fn.toBytes(scalarFromBytes(share)),
        })),
      );
      const { networkId, shareEpoch, threshold, total } = this.parameters;
      const result: KeygenResult = {
        networkId,
        shareEpoch,
        threshold,
        id: this.id,
        share: bytesToNumberLE(secret.signingShare) as Scalar,
        publicShares: Array.from({ length: total }, (_, i) =>
          babyjubjub.Point.fromBytes(publicKey.verifyingShares[this.#suite.Identifier.fromNumber(i + 1)]!),
        ),
        groupKey: babyjubjub.Point.fromBytes(publicKey.commitments[0]!),
        transcript: state.echo,
      };
      assertKeyShare(result);
      this.#state = { step: 'over' };
      return result;
    });
  }

  /** Ends the run and forgets its secrets as far as JavaScript can. */
  abort(): void {
    const state = this.#state;
    if ('secret' in state) this.#suite.DKG.clean(state.secret);
    this.#state = { step: 'over' };
  }

  #orAbort<T>(secret: Secret, step: () => T): T {
    try {
      return step();
    } catch (error) {
      this.abort();
      if (error instanceof CountersealError) throw error;
      throw new CountersealError('internal', 'key generation failed', { cause: error });
    }
  }

  /** One message of each other party, by id. */
  #fromOthers<M extends { readonly from: number }>(messages: readonly M[]): M[] {
    const expected = Array.from({ length: this.parameters.total }, (_, i) => i + 1).filter(
      (id) => id !== this.id,
    );
    const sorted = [...messages].sort((x, y) => x.from - y.from);
    ensure(
      sorted.length === expected.length && sorted.every(({ from }, i) => from === expected[i]),
      'invalid_argument',
      `there must be one message of each of the parties ${expected.join(', ')}`,
    );
    return sorted;
  }

  /** noble's own errors do not name the sender, so each message is checked before noble sees it. */
  #checkRoundOne({ from, commitment, proofOfKnowledge }: KeygenRoundOne): void {
    ensure(
      commitment.length === this.parameters.threshold && proofOfKnowledge.length === 64,
      'evaluator_misbehaved',
      `party ${from} committed to another threshold, or sent a malformed proof`,
    );
    let valid = false;
    try {
      const points = commitment.map(subgroupPoint);
      const R = subgroupPoint(proofOfKnowledge.subarray(0, 32));
      const z = bytesToNumberLE(proofOfKnowledge.subarray(32));
      // The challenge of noble's round one, which it does not export: H(name ‖ "dkg" ‖ id ‖ phi_0 ‖ R), all 512 bits.
      const digest = sha512(
        concatBytes(
          utf8ToBytes(`${this.#name}dkg`),
          this.#suite.utils.Fn.toBytes(BigInt(from)),
          commitment[0]!,
          proofOfKnowledge.subarray(0, 32),
        ),
      );
      const c = reduceScalar(bytesToNumberLE(digest));
      valid = z < SUBGROUP_ORDER && BASE.multiplyUnsafe(z).equals(R.add(points[0]!.multiplyUnsafe(c)));
    } catch {
      // A point that is malformed, of small order or outside the subgroup.
    }
    ensure(
      valid,
      'evaluator_misbehaved',
      `party ${from} sent a commitment without a valid proof of knowledge`,
    );
  }

  #checkShare({ from, share }: KeygenRoundTwo, { commitment }: KeygenRoundOne): void {
    let valid = false;
    try {
      const value = scalarFromBytes(share);
      const expected = commitment.map(subgroupPoint).reduceRight(
        // Horner: the commitment's polynomial at this party's id.
        (sum, point) => sum.multiplyUnsafe(BigInt(this.id)).add(point),
        IDENTITY,
      );
      // A share of 0 would tell everybody what this party got.
      valid = value !== 0n && multiply(BASE, value).equals(expected);
    } catch {
      // Not a scalar below l.
    }
    ensure(valid, 'evaluator_misbehaved', `party ${from} sent a share that does not fit its commitment`);
  }

  #toPackage({ from, commitment, proofOfKnowledge }: KeygenRoundOne) {
    return {
      identifier: this.#suite.Identifier.fromNumber(from),
      commitment: [...commitment],
      proofOfKnowledge,
    };
  }

  /** Lengths are fixed by then, so the parts need no separators. */
  #hash(messages: readonly KeygenRoundOne[]): Uint8Array {
    const parts = [...messages]
      .sort((x, y) => x.from - y.from)
      .flatMap(({ from, commitment, proofOfKnowledge }) => [
        Uint8Array.of(from),
        ...commitment,
        proofOfKnowledge,
      ]);
    return sha256(concatBytes(sha256(utf8ToBytes(`${this.#name}echo`)), ...parts));
  }
}

function subgroupPoint(bytes: Uint8Array): Point {
  const point = babyjubjub.Point.fromBytes(bytes);
  ensure(!point.is0() && point.isTorsionFree(), 'invalid_point', 'not a point of the subgroup');
  return point;
}
