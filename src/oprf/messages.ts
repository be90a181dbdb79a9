/**
 * What member and evaluator say to each other, as plain bytes (protocol section 5). Points are 64 bytes, x then y,
 * scalars 32, all big-endian. Nothing here has been checked: the receiver parses every field.
 */

/** The most requests in one message: bounds the work, and the nonces, that one call can ask for. */
export const MAX_BATCH = 64;
/** The bytes of the random name under which an evaluator keeps a nonce between the rounds. */
export const HANDLE_BYTES = 16;

export interface RoundOneRequest {
  /** The epoch of the shares that the member believes current. */
  readonly shareEpoch: number;
  /** B' of each request, 1 to {@link MAX_BATCH} of them. */
  readonly blinded: readonly Uint8Array[];
}

export interface RoundOneAnswer {
  /** Names the pending nonce in round two. */
  readonly handle: Uint8Array;
  /** N_i = k_i·B, where B = 8·B'. */
  readonly evaluated: Uint8Array;
  /** D_i = d_i·G. */
  readonly nonceBase: Uint8Array;
  /** D'_i = d_i·B. */
  readonly nonceBlinded: Uint8Array;
}

export interface RoundOneResponse {
  /** One for each B', in the same order. */
  readonly answers: readonly RoundOneAnswer[];
}

export interface RoundTwoRequest {
  readonly shareEpoch: number;
  /** The t distinct evaluators, ascending, whose round one answers the member combined. */
  readonly quorum: readonly number[];
  readonly challenges: readonly BlindedChallenge[];
}

export interface BlindedChallenge {
  readonly handle: Uint8Array;
  /** c - b mod l. */
  readonly challenge: Uint8Array;
}

export interface RoundTwoAnswer {
  /** s_i = d_i - (c - b)·lambda_i·k_i mod l. */
  readonly response: Uint8Array;
  /** The evaluator's Ed25519 signature over the whole answer: see evidence.ts. */
  readonly signature: Uint8Array;
}

export interface RoundTwoResponse {
  /** One for each challenge, in the same order. */
  readonly answers: readonly RoundTwoAnswer[];
}

/** One evaluator as a member reaches it. Both calls reject with a CountersealError, and when `signal` aborts. */
export interface EvaluatorClient {
  /** Its id in the committee, from 1. */
  readonly id: number;
  roundOne(request: RoundOneRequest, signal: AbortSignal): Promise<RoundOneResponse>;
  roundTwo(request: RoundTwoRequest, signal: AbortSignal): Promise<RoundTwoResponse>;
}
