import { randomInt } from 'node:crypto';
import {
  ed25519Verify,
  initPoseidon,
  pointFromBytes,
  randomFieldElement,
  scalarFromBytes,
  scalarToBytes,
  type FieldElement,
  type Scalar,
  workQueue,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { blindRequest, type BlindedRequest } from './blinding.js';
import type { Committee } from './committee.js';
import {
  combine,
  drawShift,
  evaluationOf,
  finish,
  type Combined,
  type Evaluation,
  type PartialEvaluation,
  type Shift,
} from './evaluation.js';
import { answerMessage, faultOf, type Evidence } from './evidence.js';
import {
  HANDLE_BYTES,
  MAX_BATCH,
  type EvaluatorClient,
  type RoundOneAnswer,
  type RoundOneResponse,
} from './messages.js';
import { callQuorum, withDeadline } from './quorum-call.js';

/** What a request may add to the time that a batch takes: several times what an evaluator needs for it. */
const PER_REQUEST_MS = 20;

export interface EvaluateOptions {
  /** Dummy requests to send along; nobody can tell them from real ones, and they are charged alike. Default 0. */
  readonly dummies?: number;
  /** Fills every message up with dummies to a multiple of so many requests, or to the most that one takes. Default 1. */
  readonly padTo?: number;
  /** How long one call may take, beside {@link PER_REQUEST_MS} for each request in it. Default 2,000. */
  readonly deadlineMs?: number;
  /** How long to wait for a round one answer before a spare is asked too, likewise. Default 500. */
  readonly hedgeMs?: number;
  /** Whether the clients' order is a preference (`given`) or load is spread (`random`, the default). */
  readonly order?: 'random' | 'given';
  readonly signal?: AbortSignal;
}

/** An evaluator that did not do its part, and that the evaluation could do without. */
export interface EvaluatorWarning {
  readonly evaluatorId: number;
  /** `evaluator_misbehaved` if its answer was wrong, else why it gave none. */
  readonly code: CountersealError['code'];
  readonly message: string;
  /** Present if the evaluator signed the wrong answer: {@link verifyEvidence} convinces anybody of it. */
  readonly evidence?: Evidence;
}

export interface EvaluateResult {
  /** One for each identity, in the same order. */
  readonly evaluations: readonly Evaluation[];
  readonly warnings: readonly EvaluatorWarning[];
}

interface PartialAnswer extends RoundOneAnswer {
  readonly parsed: PartialEvaluation;
}

const misbehaved = (message: string) => new CountersealError('evaluator_misbehaved', message);

/**
 * Evaluates the group key's function at each identity with t evaluators of the committee (protocol section 5), in
 * batches of {@link MAX_BATCH}. An evaluator that is dead or slow is replaced by a spare; one that lies is named in
 * the warnings, with evidence if it signed the lie, and the batch starts again without it.
 *
 * Throws `evaluator_misbehaved` if too few honest evaluators are left, with their names; `quota_exceeded` or
 * `permission_denied` if so many refuse for that reason; else `unavailable`.
 */
export async function evaluate(
  identities: readonly FieldElement[],
  committee: Committee,
  clients: readonly EvaluatorClient[],
  options: EvaluateOptions = {},
): Promise<EvaluateResult> {
  const { dummies = 0, padTo = 1 } = options;
  ensure(Number.isInteger(dummies) && dummies >= 0, 'invalid_argument', 'dummies must be a whole number');
  ensure(
    Number.isInteger(padTo) && padTo >= 1 && padTo <= MAX_BATCH,
    'invalid_argument',
    `padTo must be a whole number from 1 to ${MAX_BATCH}`,
  );
  clients.forEach((client) => committee.member(client.id));
  ensure(
    new Set(clients.map((client) => client.id)).size === clients.length,
    'invalid_argument',
    'two clients have the id of one evaluator',
  );
  await initPoseidon();
  const session = new Session(committee, clients, options);

  const distinct = [...new Set(identities)];
  // A dummy is the request of a random identity. On the wire it is what rho·G0 is, uniform in the group; and it takes
  // as long between the rounds as any other, which a request without a point would not.
  const count = paddedCount(distinct.length + dummies, padTo);
  const wanted = [...distinct, ...Array.from({ length: count - distinct.length }, randomFieldElement)];
  const found = new Map<FieldElement, Evaluation>();
  for (let i = 0; i < wanted.length; i += MAX_BATCH)
    for (const evaluation of await session.evaluateBatch(wanted.slice(i, i + MAX_BATCH)))
      found.set(evaluation.identity, evaluation);
  return { evaluations: identities.map((identity) => found.get(identity)!), warnings: session.warnings };
}

/** The last message of a batch is filled up, the ones before it are full. */
function paddedCount(count: number, padTo: number): number {
  const last = count % MAX_BATCH;
  return count - last + Math.min(Math.ceil(last / padTo) * padTo, MAX_BATCH);
}

class Session {
  readonly warnings: EvaluatorWarning[] = [];
  readonly #liars = new Set<number>();
  /** Failed or was slow once: asked last from then on. */
  readonly #unreliable = new Set<number>();
  readonly #clients: readonly EvaluatorClient[];
  readonly #deadlineMs: number;
  readonly #hedgeMs: number;
  readonly #signal: AbortSignal;

  constructor(
    private readonly committee: Committee,
    clients: readonly EvaluatorClient[],
    options: EvaluateOptions,
  ) {
    this.#clients = options.order === 'given' ? clients : shuffled(clients);
    this.#deadlineMs = options.deadlineMs ?? 2_000;
    this.#hedgeMs = options.hedgeMs ?? 500;
    this.#signal = options.signal ?? new AbortController().signal;
  }

  async evaluateBatch(identities: readonly FieldElement[]): Promise<Evaluation[]> {
    const requests: BlindedRequest[] = [];
    for (const identity of identities) requests.push(await workQueue.run(() => blindRequest(identity)));
    const failures = new Map<number, CountersealError>();
    // Each attempt that fails takes at least one evaluator out, so there are at most n.
    for (;;) {
      const candidates = this.#clients
        .filter(({ id }) => !this.#liars.has(id) && !failures.has(id))
        .sort((x, y) => Number(this.#unreliable.has(x.id)) - Number(this.#unreliable.has(y.id)));
      if (candidates.length < this.committee.threshold) throw this.#tooFew(failures);
      const evaluations = await this.#attempt(requests, candidates, failures);
      if (evaluations) return evaluations;
    }
  }

  /** One pass through both rounds with fresh a and b; undefined if somebody fell out, who then is in `failures`. */
  async #attempt(
    requests: readonly BlindedRequest[],
    candidates: readonly EvaluatorClient[],
    failures: Map<number, CountersealError>,
  ): Promise<Evaluation[] | undefined> {
    const { committee } = this;
    const { shareEpoch, threshold } = committee;
    const allowance = PER_REQUEST_MS * requests.length;
    const calling = callQuorum({
      candidates,
      need: threshold,
      call: async (client, signal) =>
        parseRoundOne(
          await client.roundOne({ shareEpoch, blinded: requests.map((request) => request.sent) }, signal),
          requests.length,
        ),
      deadlineMs: this.#deadlineMs + allowance,
      hedgeMs: this.#hedgeMs + allowance,
      signal: this.#signal,
    });
    // While the evaluators work.
    const [roundOne, shifts] = await Promise.all([calling, this.#drawShifts(requests)]);
    for (const [client, error] of roundOne.failures) this.#fail(client.id, error, failures);
    for (const { id } of roundOne.slow) this.#unreliable.add(id);
    if (roundOne.answers.size < threshold) return undefined;

    const answers = [...roundOne.answers].sort(([x], [y]) => x.id - y.id);
    const quorum = answers.map(([client]) => client.id);
    const combined: Combined[] = [];
    for (const [i, request] of requests.entries()) {
      const partials = new Map(answers.map(([client, list]) => [client.id, list[i]!.parsed]));
      combined.push(await workQueue.run(() => combine(request, partials, shifts[i]!, committee.groupKey)));
    }

    const signed = new Map<number, Evidence[]>();
    await Promise.all(
      answers.map(async ([client, list]) => {
        const challenges = list.map(({ handle }, i) => ({
          handle,
          challenge: scalarToBytes(combined[i]!.sent),
        }));
        try {
          const response = await withDeadline(
            (signal) => client.roundTwo({ shareEpoch, quorum, challenges }, signal),
            this.#deadlineMs + allowance,
            this.#signal,
          );
          if (response.answers.length !== requests.length)
            throw misbehaved('it answered another number of challenges than it was sent');
          const said: Evidence[] = [];
          for (const [i, answer] of response.answers.entries()) {
            const evidence: Evidence = {
              networkId: committee.networkId,
              shareEpoch,
              evaluatorId: client.id,
              blinded: requests[i]!.sent,
              evaluated: list[i]!.evaluated,
              nonceBase: list[i]!.nonceBase,
              nonceBlinded: list[i]!.nonceBlinded,
              quorum,
              challenge: challenges[i]!.challenge,
              response: answer.response,
              signature: answer.signature,
            };
            await workQueue.run(() => this.#checkSigned(evidence));
            said.push(evidence);
          }
          signed.set(client.id, said);
        } catch (error) {
          this.#signal.throwIfAborted();
          this.#fail(client.id, error, failures);
        }
      }),
    );
    if (signed.size < threshold) return undefined;
    return this.#finishAll(requests, combined, signed, failures);
  }

  async #drawShifts(requests: readonly BlindedRequest[]): Promise<Shift[]> {
    const shifts: Shift[] = [];
    for (const request of requests)
      shifts.push(await workQueue.run(() => drawShift(request, this.committee)));
    return shifts;
  }

  /** The final checks; a request that fails them leads to whoever cheated. */
  async #finishAll(
    requests: readonly BlindedRequest[],
    combined: readonly Combined[],
    signed: ReadonlyMap<number, readonly Evidence[]>,
    failures: Map<number, CountersealError>,
  ): Promise<Evaluation[] | undefined> {
    const evaluations: Evaluation[] = [];
    let failed = false;
    for (const [i, request] of requests.entries()) {
      const said = [...signed.values()].map((list) => list[i]!);
      const faulty = await workQueue.run(() => {
        const responses = said.map(({ response }) => responseScalar(response));
        const s = responses.includes(undefined)
          ? undefined
          : finish(request, combined[i]!, responses as Scalar[], this.committee.groupKey);
        if (s === undefined) return true;
        evaluations.push(evaluationOf(request, combined[i]!, s));
        return false;
      });
      if (!faulty) continue;
      failed = true;
      await this.#name(said, failures);
    }
    return failed ? undefined : evaluations;
  }

  async #name(said: readonly Evidence[], failures: Map<number, CountersealError>): Promise<void> {
    let named = 0;
    for (const evidence of said) {
      const fault = await workQueue.run(() => faultOf(evidence, this.committee));
      if (fault === undefined) continue;
      named++;
      this.#fail(evidence.evaluatorId, misbehaved(fault), failures, evidence);
    }
    ensure(named > 0, 'internal', 'an evaluation fails its proof although every answer in it is right');
  }

  #checkSigned(evidence: Evidence): void {
    const { signingKey } = this.committee.member(evidence.evaluatorId);
    let valid = false;
    try {
      valid = ed25519Verify(signingKey, answerMessage(evidence), evidence.signature);
    } catch {
      // A part of a wrong length: no signature covers it.
    }
    if (!valid) throw misbehaved('its answer does not bear its signature');
  }

  #fail(id: number, cause: unknown, failures: Map<number, CountersealError>, evidence?: Evidence): void {
    const error =
      cause instanceof CountersealError
        ? cause
        : new CountersealError('unavailable', 'the call failed', { cause });
    if (failures.get(id)?.code === 'evaluator_misbehaved') return;
    failures.set(id, error);
    this.#unreliable.add(id);
    if (error.code === 'evaluator_misbehaved') this.#liars.add(id);
    this.warnings.push({
      evaluatorId: id,
      code: error.code,
      message: `evaluator ${id}: ${error.message}`,
      ...(evidence && { evidence }),
    });
  }

  #tooFew(failures: ReadonlyMap<number, CountersealError>): CountersealError {
    const { threshold } = this.committee;
    const reasons = this.warnings.map(({ message }) => message).join('; ');
    const cause = new AggregateError([...failures.values()], 'evaluators that gave no right answer');
    if (this.#liars.size > 0)
      return new CountersealError(
        'evaluator_misbehaved',
        `fewer than ${threshold} honest evaluators are left (${reasons}); tell the network's operator`,
        { cause },
      );
    // A refusal that does not go away by trying again is more useful to the caller than "unavailable".
    const codes = [...failures.values()].map(({ code }) => code);
    const code = (['permission_denied', 'quota_exceeded'] as const).find((refusal) =>
      codes.includes(refusal),
    );
    return new CountersealError(
      code ?? 'unavailable',
      `${threshold} evaluators must answer and fewer did${reasons && ` (${reasons})`}`,
      { cause },
    );
  }
}

function parseRoundOne(response: RoundOneResponse, count: number): PartialAnswer[] {
  if (response.answers.length !== count)
    throw misbehaved('it answered another number of requests than it was sent');
  return response.answers.map((answer) => {
    if (answer.handle.length !== HANDLE_BYTES) throw misbehaved(`a handle is not ${HANDLE_BYTES} bytes`);
    try {
      const parsed = {
        evaluated: pointFromBytes(answer.evaluated),
        nonceBase: pointFromBytes(answer.nonceBase),
        nonceBlinded: pointFromBytes(answer.nonceBlinded),
      };
      return { ...answer, parsed };
    } catch (cause) {
      throw new CountersealError('evaluator_misbehaved', `it sent a bad point: ${(cause as Error).message}`, {
        cause,
      });
    }
  });
}

function responseScalar(bytes: Uint8Array): Scalar | undefined {
  try {
    return scalarFromBytes(bytes);
  } catch {
    return undefined;
  }
}

function shuffled<T>(list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}
