import { ensure } from '../errors.js';
import type { Evaluator } from '../oprf/index.js';
import { unary } from './call.js';
import {
  EvaluatorService,
  type RoundOneRequest,
  type RoundOneResponse,
  type RoundTwoRequest,
  type RoundTwoResponse,
} from './generated/counterseal/v1/evaluator.js';
import type { Logger } from './logger.js';
import { RateLimit } from './rate-limit.js';
import { callerOf, type RpcServer } from './transport.js';

/** Points of one member. Its quota bounds what it can learn; this, what work it can make: repeats are free. */
const RATE = { perSecond: 200, burst: 2_000 };
/** Calls of one member at a time: the evaluator's queue serves calls in turn, so no member takes it for itself. */
const CALLS_AT_ONCE = 8;

/** Serves an evaluator to members of the network: each is who its certificate says. */
export function serveEvaluator(
  server: RpcServer,
  evaluator: Evaluator,
  networkId: string,
  log: Logger,
  rate = RATE,
): void {
  const limit = new RateLimit(rate.perSecond, rate.burst);
  const calls = new Map<string, number>();
  async function forMember<T>(
    call: Parameters<typeof callerOf>[0],
    points: number,
    work: (member: string) => Promise<T>,
  ): Promise<T> {
    const { kind, id } = callerOf(call, networkId);
    ensure(kind === 'member', 'permission_denied', 'an evaluator answers members only');
    limit.take(id, Math.max(points, 1));
    const before = calls.get(id) ?? 0;
    ensure(before < CALLS_AT_ONCE, 'quota_exceeded', 'too many calls at once: wait for their answers');
    calls.set(id, before + 1);
    try {
      return await work(id);
    } finally {
      const left = calls.get(id)! - 1;
      if (left > 0) calls.set(id, left);
      else calls.delete(id);
    }
  }
  server.add(EvaluatorService, {
    roundOne: unary<RoundOneRequest, RoundOneResponse>(log, async (request, call) => {
      const { answers } = await forMember(call, request.blinded.length, (member) =>
        evaluator.roundOne(member, request, abortOn(call)),
      );
      return { answers: [...answers] };
    }),
    roundTwo: unary<RoundTwoRequest, RoundTwoResponse>(log, async (request, call) => {
      const { answers } = await forMember(call, request.challenges.length, (member) =>
        evaluator.roundTwo(member, request),
      );
      return { answers: [...answers] };
    }),
  });
}

/** Aborts when the caller has gone. */
function abortOn(call: { on(event: 'cancelled', listener: () => void): unknown }): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  return controller.signal;
}
