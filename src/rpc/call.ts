import type {
  CallOptions,
  ClientUnaryCall,
  handleUnaryCall,
  Metadata,
  ServerUnaryCall,
  ServiceError,
} from '@grpc/grpc-js';
import { Metadata as GrpcMetadata } from '@grpc/grpc-js';
import { CountersealError } from '../errors.js';
import { fromServiceError, toServiceError } from './errors.js';
import { describeError, type Logger } from './logger.js';

/** A unary handler as an async function; what it throws becomes a coded error, its cause goes to the log. */
export function unary<Request, Response>(
  log: Logger,
  handler: (request: Request, call: ServerUnaryCall<Request, Response>) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handler(call.request, call).then(
      (response) => callback(null, response),
      (error: unknown) => {
        logFailure(log, call.getPath(), error);
        callback(toServiceError(error));
      },
    );
  };
}

/** Logs a failed call: a refusal by its code, a defect with where it was thrown. */
export function logFailure(log: Logger, path: string, error: unknown): void {
  if (error instanceof CountersealError && error.code !== 'internal')
    log.warn({ path, code: error.code }, 'call refused');
  else log.error({ path, ...describeError(error) }, 'call failed');
}

type UnaryMethod<Request, Response> = (
  request: Request,
  metadata: Metadata,
  options: Partial<CallOptions>,
  callback: (error: ServiceError | null, response: Response) => void,
) => ClientUnaryCall;

/** Calls a unary method; throws a CountersealError that names `peer`. The deadline is in milliseconds from now. */
export function invoke<Request, Response>(
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: {
    peer: string;
    timeout: number;
    signal?: AbortSignal | undefined;
    /** Called with what the server sends before its answer. */
    onMetadata?: (metadata: Metadata) => void;
  },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (options.signal?.aborted) {
      reject(new CountersealError('unavailable', `the call to ${options.peer} was abandoned`));
      return;
    }
    const call = method(
      request,
      new GrpcMetadata(),
      { deadline: Date.now() + options.timeout },
      (error, response) => {
        options.signal?.removeEventListener('abort', abort);
        if (error) reject(fromServiceError(error, options.peer));
        else resolve(response);
      },
    );
    if (options.onMetadata) call.on('metadata', options.onMetadata);
    const abort = () => call.cancel();
    options.signal?.addEventListener('abort', abort, { once: true });
  });
}
