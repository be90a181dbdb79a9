import { createHash, randomBytes } from 'node:crypto';
import {
  BASE,
  clearCofactor,
  ed25519PublicKey,
  ed25519Sign,
  multiply,
  pointFromBytes,
  pointToBytes,
  randomScalar,
  reduceScalar,
  scalarFromBytes,
  scalarToBytes,
  type Point,
  type Scalar,
  workQueue,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { quorumWeights } from './committee.js';
import { answerMessage, type SignedAnswer } from './evidence.js';
import { assertKeyShare, type KeyShare } from './key-share.js';
import {
  HANDLE_BYTES,
  MAX_BATCH,
  type RoundOneAnswer,
  type RoundOneRequest,
  type RoundOneResponse,
  type RoundTwoRequest,
  type RoundTwoResponse,
} from './messages.js';
import { NonceStore, SYSTEM_CLOCK, type Clock, type NonceLimits } from './nonce-store.js';
import { utcDay, type QuotaStore } from './quota.js';
import { readVmGeneration } from './vm-generation.js';

const NONCE_CONTEXT = 'counterseal/oprf/nonce/1';

export interface EvaluatorOptions {
  readonly key: KeyShare;
  /** The 32-byte Ed25519 seed under which answers are signed. Secret; not the TLS key. */
  readonly signingSeed: Uint8Array;
  readonly quotas: QuotaStore;
  /** How many evaluations a member may ask for in a UTC day; undefined for somebody who is no member. */
  readonly dailyQuota: (member: string) => number | undefined;
  /** Default 1,024 for a member and 65,536 in all. */
  readonly nonceLimits?: NonceLimits;
  readonly clock?: Clock;
  /** Changes when the machine was cloned or set back; default {@link readVmGeneration}. */
  readonly vmGeneration?: () => string;
}

/**
 * One evaluator of the committee (protocol section 5). Its caller authenticates the member and limits the rate of
 * calls; quotas are counted here. Its process must not be snapshotted, cloned or migrated live with its memory.
 */
export class Evaluator {
  /** The Ed25519 key of its answers, for the committee's description. */
  readonly signingKey: Uint8Array;
  readonly #key: KeyShare;
  readonly #options: EvaluatorOptions;
  readonly #nonces: NonceStore;
  readonly #clock: Clock;
  readonly #vmGeneration: () => string;
  #lastVmGeneration: string;
  /** Grows when nonces are dropped, so that calls under way notice. */
  #drops = 0;
  #nonceCounter = 0n;

  /** Throws `invalid_argument` or `invalid_point` if the key share does not belong to its public shares. */
  constructor(options: EvaluatorOptions) {
    const { key, signingSeed, clock = SYSTEM_CLOCK } = options;
    assertKeyShare(key);
    this.#key = key;
    this.#options = options;
    this.#clock = clock;
    this.#nonces = new NonceStore(clock, options.nonceLimits ?? { perMember: 1_024, total: 65_536 });
    this.#vmGeneration = options.vmGeneration ?? readVmGeneration;
    this.#lastVmGeneration = this.#vmGeneration();
    this.signingKey = ed25519PublicKey(signingSeed);
  }

  get id(): number {
    return this.#key.id;
  }

  /** How many requests wait for their second round. */
  get pendingNonces(): number {
    return this.#nonces.size;
  }

  /** Forgets every pending nonce: called on resharing, and wherever memory may have been copied. */
  dropNonces(): void {
    this.#drops++;
    this.#nonces.clear();
  }

  /**
   * Charges the member's quota, then answers N_i, D_i, D'_i for each B'. Refuses the whole batch, charging nothing:
   * `invalid_point` (with the field) for a B' that is malformed, off the curve or of small order;
   * `invalid_argument` for a batch of a wrong size, `failed_precondition` for another share epoch,
   * `permission_denied` for somebody without a quota, `quota_exceeded`, `unavailable` if too many requests wait.
   */
  async roundOne(
    member: string,
    { shareEpoch, blinded }: RoundOneRequest,
    signal?: AbortSignal,
  ): Promise<RoundOneResponse> {
    this.#checkMachine();
    const limit = this.#limitOf(member);
    this.#checkEpoch(shareEpoch);
    ensureBatch(blinded.length);

    this.#nonces.reserve(member, blinded.length);
    const answers: RoundOneAnswer[] = [];
    const drops = this.#drops;
    try {
      const points: Point[] = [];
      for (const [i, bytes] of blinded.entries())
        points.push(await workQueue.run(() => parseBlinded(bytes, `blinded[${i}]`)));
      const requests = points.map((B) => createHash('sha256').update(pointToBytes(B)).digest());
      const day = utcDay(this.#clock.wall());
      await this.#options.quotas.charge({ member, day, requests, limit });
      for (const [i, B] of points.entries()) {
        signal?.throwIfAborted();
        answers.push(await workQueue.run(() => this.#answer(member, blinded[i]!, B, drops)));
      }
      return { answers };
    } catch (error) {
      for (const { handle } of answers) this.#nonces.discard(handle);
      this.#nonces.release(member, blinded.length - answers.length);
      throw error;
    }
  }

  /**
   * Answers s_i to each blinded challenge, once, under its signature. Throws `invalid_argument` for a challenge of l
   * or more, or a quorum that is not t distinct evaluators with this one among them; `failed_precondition` for
   * another share epoch; `not_found` for a handle that is unknown, used, expired or another member's. The nonces of
   * a batch are gone even if it fails.
   */
  async roundTwo(
    member: string,
    { shareEpoch, quorum, challenges }: RoundTwoRequest,
  ): Promise<RoundTwoResponse> {
    this.#checkMachine();
    // Somebody who was removed between the rounds gets no second one.
    this.#limitOf(member);
    this.#checkEpoch(shareEpoch);
    ensureBatch(challenges.length);
    const { networkId, threshold, publicShares, id, share } = this.#key;
    // SAFETY: lambda_i is computed here, never taken from the member.
    const weight = quorumWeights(quorum, threshold, publicShares.length).get(id);
    ensure(
      weight !== undefined,
      'invalid_argument',
      `evaluator ${id} is not in the quorum that it is asked in`,
    );
    const parsed = challenges.map(({ handle, challenge }, i) => {
      const field = `challenges[${i}]`;
      ensure(handle.length === HANDLE_BYTES, 'invalid_argument', `a handle is ${HANDLE_BYTES} bytes`, field);
      return { handle, challenge: parseChallenge(challenge, field) };
    });

    // SAFETY: from here to the answers nothing waits, so no two calls can hold one nonce.
    const taken = parsed.map(({ handle, challenge }) => ({
      pending: this.#nonces.take(member, shareEpoch, handle),
      challenge,
    }));
    const responses = taken.map(({ pending, challenge }): SignedAnswer => {
      const response = respond(pending.nonce, reduceScalar(challenge * weight), share);
      const { blinded, evaluated, nonceBase, nonceBlinded } = pending;
      return {
        networkId,
        shareEpoch,
        evaluatorId: id,
        blinded,
        evaluated,
        nonceBase,
        nonceBlinded,
        quorum,
        challenge: scalarToBytes(challenge),
        response: scalarToBytes(response),
      };
    });

    const answers = [];
    for (const answer of responses)
      answers.push(
        await workQueue.run(() => ({
          response: answer.response,
          signature: ed25519Sign(this.#options.signingSeed, answerMessage(answer)),
        })),
      );
    return { answers };
  }

  #answer(member: string, blinded: Uint8Array, B: Point, drops: number): RoundOneAnswer {
    // Nonces made before and after a drop must not meet in one answer.
    ensure(drops === this.#drops, 'unavailable', 'the evaluator has just dropped its nonces: start again');
    const { shareEpoch, share } = this.#key;
    const nonce = this.#drawNonce(blinded);
    const answer = {
      blinded,
      evaluated: pointToBytes(multiplySecret(B, share)),
      nonceBase: pointToBytes(multiply(BASE, nonce)),
      nonceBlinded: pointToBytes(multiplySecret(B, nonce)),
    };
    const handle = this.#nonces.add({ ...answer, member, shareEpoch, nonce });
    const { evaluated, nonceBase, nonceBlinded } = answer;
    return { handle, evaluated, nonceBase, nonceBlinded };
  }

  /**
   * d_i = SHA-512(random, k_i, share epoch, request, wall clock, counter) mod l. All 512 bits, so that the bias is
   * below 2^-260; the key is in it, so that a broken generator alone does not repeat a nonce, and the counter, so
   * that one request twice in a millisecond does not either.
   */
  #drawNonce(blinded: Uint8Array): Scalar {
    const numbers = Buffer.alloc(24);
    numbers.writeBigUInt64BE(BigInt(this.#key.shareEpoch), 0);
    numbers.writeDoubleBE(this.#clock.wall(), 8);
    numbers.writeBigUInt64BE(this.#nonceCounter++, 16);
    const digest = createHash('sha512')
      .update(NONCE_CONTEXT)
      .update(randomBytes(32))
      .update(scalarToBytes(this.#key.share))
      .update(blinded)
      .update(numbers)
      .digest('hex');
    return reduceScalar(BigInt(`0x${digest}`));
  }

  #limitOf(member: string): number {
    const limit = this.#options.dailyQuota(member);
    ensure(limit !== undefined, 'permission_denied', 'this evaluator answers members of the network only');
    return limit;
  }

  #checkEpoch(shareEpoch: number): void {
    ensure(
      shareEpoch === this.#key.shareEpoch,
      'failed_precondition',
      `this evaluator's shares are of epoch ${this.#key.shareEpoch}: fetch the committee's description anew`,
    );
  }

  #checkMachine(): void {
    const generation = this.#vmGeneration();
    if (generation === this.#lastVmGeneration) return;
    this.#lastVmGeneration = generation;
    this.dropNonces();
  }
}

/**
 * s·B for a secret s and a point that somebody else chose, as two multiplications by random scalars that sum up to
 * s: JavaScript's integers take a time that depends on their values, and here that says nothing of s.
 */
function multiplySecret(point: Point, s: Scalar): Point {
  const mask = randomScalar();
  return multiply(point, mask).add(multiply(point, reduceScalar(s - mask)));
}

/** d - e·k, with k in two random parts for the reason that {@link multiplySecret} gives. */
function respond(nonce: Scalar, e: Scalar, share: Scalar): Scalar {
  const mask = randomScalar();
  return reduceScalar(nonce - (e * mask + e * reduceScalar(share - mask)));
}

function parseBlinded(bytes: Uint8Array, field: string): Point {
  try {
    // Times 8 lands in the subgroup, whatever the sender added: no answer depends on k_i modulo 2, 4 or 8.
    const B = clearCofactor(pointFromBytes(bytes));
    ensure(!B.is0(), 'invalid_point', 'a blinded point is of small order');
    return B;
  } catch (cause) {
    throw new CountersealError('invalid_point', (cause as Error).message, { field, cause });
  }
}

function parseChallenge(bytes: Uint8Array, field: string): Scalar {
  try {
    return scalarFromBytes(bytes);
  } catch (cause) {
    throw new CountersealError('invalid_argument', 'a challenge must be 32 bytes, below l', { field, cause });
  }
}

function ensureBatch(length: number): void {
  ensure(length >= 1 && length <= MAX_BATCH, 'invalid_argument', `a batch holds 1 to ${MAX_BATCH} requests`);
}
