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

/** What a client makes of a failed call to `peer`. */
export function fromServiceError(error: ServiceError, peer: string): CountersealError {
  const [sent] = error.metadata?.get(CODE_KEY) ?? [];
  if (typeof sent === 'string' && sent in ERROR_CODES)
    return new CountersealError(sent as ErrorCode, error.details, { cause: error });
  switch (error.code) {
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return new CountersealError('permission_denied', `${peer} refuses this caller`, { cause: error });
    case status.RESOURCE_EXHAUSTED:
      return new CountersealError('quota_exceeded', `${peer}: ${error.details}`, { cause: error });
    case status.UNAVAILABLE:
    case status.DEADLINE_EXCEEDED:
    case status.CANCELLED:
      return new CountersealError(
        'unavailable',
        `${peer} does not answer: is it running, and is the address right?`,
        {
          cause: error,
        },
      );
    default:
      return new CountersealError('internal', `${peer} answered with an unexpected error`, { cause: error });
  }
}
