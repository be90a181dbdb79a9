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

/** Calls of one member. Its quota bounds what it can learn; this, what work it can make: repeats are free. */
const RATE = { perSecond: 100, burst: 500 };

/** Serves an evaluator to members of the network: each is who its certificate says. */
export function serveEvaluator(
  server: RpcServer,
  evaluator: Evaluator,
  networkId: string,
  log: Logger,
  rate = RATE,
): void {
  const limit = new RateLimit(rate.perSecond, rate.burst);
  const memberOf = (call: Parameters<typeof callerOf>[0]): string => {
    const party = callerOf(call, networkId);
    ensure(party.kind === 'member', 'permission_denied', 'an evaluator answers members only');
    limit.take(party.id);
    return party.id;
  };
  server.add(EvaluatorService, {
    roundOne: unary<RoundOneRequest, RoundOneResponse>(log, async (request, call) => {
      const { answers } = await evaluator.roundOne(memberOf(call), request, abortOn(call));
      return { answers: [...answers] };
    }),
    roundTwo: unary<RoundTwoRequest, RoundTwoResponse>(log, async (request, call) => {
      const { answers } = await evaluator.roundTwo(memberOf(call), request);
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
