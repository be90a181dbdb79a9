import { once } from 'node:events';
import {
  connect,
  constants,
  createSecureServer,
  type ClientHttp2Session,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Identity } from '../../src/rpc/certificates.js';

/** What went through a relay, in the clear, in the order in which it came. */
export class Capture {
  private readonly parts: Buffer[] = [];
  calls = 0;

  add(bytes: Uint8Array | string): void {
    this.parts.push(Buffer.from(bytes as Uint8Array), Buffer.from('\n'));
  }

  /** Headers both as they travel and without percent-encoding. */
  headers(headers: IncomingHttpHeaders): void {
    const text = JSON.stringify(headers);
    this.add(text);
    this.add(decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25')));
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

/** Ends TLS on both sides of a gRPC connection and writes down what it sees: what a server's operator can see. */
export class Relay {
  private constructor(
    private readonly server: Http2SecureServer,
    private readonly upstream: ClientHttp2Session,
    readonly address: string,
  ) {}

  static async start(options: {
    capture: Capture;
    authority: string;
    /** What callers see. */
    server: Identity;
    /** What the server behind it sees. */
    client?: Identity;
    port: number;
  }): Promise<Relay> {
    const { capture, authority, server: own, client, port } = options;
    const upstream = connect(`https://localhost:${port}`, {
      ca: authority,
      ...(client ? { key: client.privateKey, cert: client.certificate } : {}),
    });
    await once(upstream, 'connect');
    const server = createSecureServer({
      key: own.privateKey,
      cert: own.certificate,
      ca: authority,
      requestCert: client !== undefined,
      rejectUnauthorized: client !== undefined,
    });
    server.on('stream', (stream, headers) => forward(stream, headers, upstream, capture));
    server.on('sessionError', () => undefined);
    server.listen(0, 'localhost');
    await once(server, 'listening');
    return new Relay(server, upstream, `localhost:${(server.address() as AddressInfo).port}`);
  }

  close(): void {
    this.upstream.destroy();
    this.server.close();
  }
}

function forward(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  upstream: ClientHttp2Session,
  capture: Capture,
): void {
  capture.calls++;
  capture.headers(headers);
  const call = upstream.request({ ...headers });
  // Each message as a whole, wherever the frames end.
  const up: Buffer[] = [];
  const down: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => {
    up.push(bytes);
    call.write(bytes);
  });
  stream.on('end', () => {
    capture.add(Buffer.concat(up));
    call.end();
  });
  stream.on('error', () => undefined);
  stream.on('close', () => call.close(constants.NGHTTP2_CANCEL));
  call.on('response', (response, flags) => {
    capture.headers(response);
    if (stream.destroyed) return;
    const ends = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    stream.respond(response, ends ? { endStream: true } : { waitForTrailers: true });
  });
  let trailers: IncomingHttpHeaders = {};
  call.on('trailers', (received) => {
    trailers = received;
    capture.headers(received);
  });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  call.on('data', (bytes: Buffer) => {
    down.push(bytes);
    if (!stream.destroyed) stream.write(bytes);
  });
  call.on('end', () => {
    capture.add(Buffer.concat(down));
    if (!stream.destroyed && stream.writable) stream.end();
  });
  call.on('error', () => stream.destroyed || stream.close(constants.NGHTTP2_CANCEL));
}
