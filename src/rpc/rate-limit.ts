import { ensure } from '../errors.js';

/** The most callers that are told apart at a time; the oldest is forgotten first. */
const MAX_CALLERS = 10_000;

/**
 * A token bucket per caller: `rate` tokens a second, bursts of `burst`. A caller is an address at a node (see
 * `callerAddress`), a member at an evaluator. It protects from one caller, not from many.
 */
export class RateLimit {
  private readonly buckets = new Map<string, { tokens: number; at: number }>();

  constructor(
    private readonly rate: number,
    private readonly burst: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Takes tokens; throws `quota_exceeded`, and takes none, where fewer are left. */
  take(caller: string, cost = 1): void {
    const now = this.now();
    const before = this.buckets.get(caller) ?? { tokens: this.burst, at: now };
    const tokens = Math.min(this.burst, before.tokens + ((now - before.at) / 1000) * this.rate);
    this.buckets.delete(caller);
    this.buckets.set(caller, { tokens: tokens >= cost ? tokens - cost : tokens, at: now });
    if (this.buckets.size > MAX_CALLERS) this.buckets.delete(this.buckets.keys().next().value!);
    ensure(tokens >= cost, 'quota_exceeded', 'too many calls: slow down and try again');
  }
}
