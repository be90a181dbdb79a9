import { CountersealError, type ErrorCode } from '../errors.js';

const PASSING: readonly ErrorCode[] = ['unavailable', 'io', 'quota_exceeded'];

/** Trouble that may pass: what waits goes on waiting. */
export const isPassing = (error: unknown): boolean =>
  error instanceof CountersealError && PASSING.includes(error.code);
