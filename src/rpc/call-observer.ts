import { ServerInterceptingCall, status, type ServerInterceptor } from '@grpc/grpc-js';

/** A call that a server has answered. Only methods that it serves: their number is bounded. */
export interface ObservedCall {
  /** `Service/method`. */
  readonly method: string;
  /** gRPC's name of the status code, such as `OK`. */
  readonly code: string;
  readonly seconds: number;
  /** A stream lasts as long as its reader likes. */
  readonly streaming: boolean;
}

/** Tells of every call when its status is sent, or its caller has gone. */
export function observeCalls(observe: (call: ObservedCall) => void): ServerInterceptor {
  return ({ path, responseStream, requestStream }, call) => {
    const started = performance.now();
    const method = path.replace(/^\/(?:[\w.]*\.)?/, '');
    let ended = false;
    const end = (code: status) => {
      if (ended) return;
      ended = true;
      const seconds = (performance.now() - started) / 1000;
      observe({
        method,
        code: status[code] ?? 'UNKNOWN',
        seconds,
        streaming: responseStream || requestStream,
      });
    };
    return new ServerInterceptingCall(call, {
      start: (next) => next({ onCancel: () => end(status.CANCELLED) }),
      sendStatus: (sent, next) => {
        end(sent.code ?? status.OK);
        next(sent);
      },
    });
  };
}
