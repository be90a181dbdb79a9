import { z } from 'zod';
import { CountersealError, ERROR_CODES, type ErrorCode } from '../errors.js';

/** The statuses that errors are answered with. Whoever retries looks at the code, not at the status. */
const STATUS: Record<ErrorCode, number> = {
  invalid_argument: 400,
  invalid_document: 422,
  unsupported_format: 415,
  missing_field: 422,
  invalid_point: 502,
  decryption_failed: 422,
  permission_denied: 403,
  quota_exceeded: 429,
  evaluator_misbehaved: 502,
  unavailable: 503,
  invalid_proof: 422,
  rejected: 409,
  already_exists: 409,
  not_found: 404,
  failed_precondition: 409,
  data_corrupted: 500,
  io: 500,
  internal: 500,
};

/** An error as RFC 9457 has it, in `application/problem+json`; `code` is of the closed list. */
export const Problem = z
  .strictObject({
    type: z.string().describe('urn:counterseal:error: and the code'),
    title: z.string().describe('the code in words'),
    status: z.int().describe('the HTTP status'),
    detail: z.string().describe('what is wrong, for people; may change'),
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]).describe('does not change'),
    field: z.string().optional().describe('the field at fault'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** A refusal that HTTP has a status of its own for. */
export class HttpError extends CountersealError {
  constructor(
    readonly status: number,
    code: ErrorCode,
    message: string,
    /** Ends the connection: what follows on it was not read. */
    readonly close = false,
  ) {
    super(code, message);
  }
}

/** What is answered for an error. What is no error of ours says nothing of itself: its message may quote a value. */
export function problemOf(error: unknown): Problem {
  const known = error instanceof CountersealError ? error : undefined;
  const code = known?.code ?? 'internal';
  return {
    type: `urn:counterseal:error:${code}`,
    title: code.replaceAll('_', ' '),
    status: error instanceof HttpError ? error.status : STATUS[code],
    detail: known?.message ?? 'the gateway has a defect: see its log',
    code,
    ...(known?.field === undefined ? {} : { field: known.field }),
  };
}
