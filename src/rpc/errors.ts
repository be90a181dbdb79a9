import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { CountersealError, ERROR_CODES, type ErrorCode } from '../errors.js';

const STATUS: Record<ErrorCode, status> = {
  invalid_argument: status.INVALID_ARGUMENT,
  invalid_document: status.INVALID_ARGUMENT,
  unsupported_format: status.INVALID_ARGUMENT,
  missing_field: status.INVALID_ARGUMENT,
  invalid_point: status.INVALID_ARGUMENT,
  invalid_proof: status.INVALID_ARGUMENT,
  decryption_failed: status.INVALID_ARGUMENT,
  permission_denied: status.PERMISSION_DENIED,
  quota_exceeded: status.RESOURCE_EXHAUSTED,
  evaluator_misbehaved: status.INTERNAL,
  unavailable: status.UNAVAILABLE,
  rejected: status.FAILED_PRECONDITION,
  already_exists: status.ALREADY_EXISTS,
  not_found: status.NOT_FOUND,
  failed_precondition: status.FAILED_PRECONDITION,
  data_corrupted: status.DATA_LOSS,
  io: status.UNAVAILABLE,
  internal: status.INTERNAL,
};
/** The longest message that is taken from a peer. */
const MESSAGE_MAX_LENGTH = 2_000;
const CODE_KEY = 'counterseal-code';

/** What a server answers: code and message, never the cause; a defect's message stays here too. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  const metadata = new Metadata();
  if (!(error instanceof CountersealError)) {
    metadata.set(CODE_KEY, 'internal');
    return { code: status.INTERNAL, details: 'internal error', metadata };
  }
  metadata.set(CODE_KEY, error.code);
  return { code: STATUS[error.code], details: error.message, metadata };
}

/** What a peer says goes to a terminal: no control or direction characters, and not without end. */
const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd').slice(0, MESSAGE_MAX_LENGTH);

/** TLS's own words for a certificate whose time has passed, or has not come: as likely the clock's fault. */
const OUT_OF_TIME = /certificate (is not yet valid|has expired)/i;

function unanswered(details: string, peer: string): string {
  const [, when] = OUT_OF_TIME.exec(details) ?? [];
  return when === undefined
    ? `${peer} does not answer, or not as itself: is it running, and is the address right?`
    : `the certificate of ${peer} ${when} by this computer's clock, which says ${new Date().toISOString()}: is that right?`;
}

/** What a client makes of a failed call to `peer`. */
export function fromServiceError(error: ServiceError, peer: string): CountersealError {
  const [sent] = error.metadata?.get(CODE_KEY) ?? [];
  if (typeof sent === 'string' && Object.hasOwn(ERROR_CODES, sent))
    return new CountersealError(sent as ErrorCode, printable(error.details), { cause: error });
  // A server says which error of its own it is; without that, its end of the connection went away during the call.
  if (error.code === status.INTERNAL && error.details.startsWith('Received RST_STREAM'))
    return new CountersealError('unavailable', `${peer} ended the connection`, { cause: error });
  switch (error.code) {
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new CountersealError('permission_denied', `${peer} refuses this caller`, { cause: error });
    case status.RESOURCE_EXHAUSTED:
      return new CountersealError('quota_exceeded', `${peer}: ${printable(error.details)}`, { cause: error });
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return new CountersealError('unavailable', unanswered(error.details, peer), { cause: error });
    default:
      return new CountersealError('internal', `${peer} answered with an unexpected error`, { cause: error });
  }
}
