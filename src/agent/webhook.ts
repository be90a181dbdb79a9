import { createHmac, randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CountersealError, ensure } from '../errors.js';
import { sha256 } from '../ledger/index.js';
import { HOUR_MS, MINUTE_MS } from '../time.js';
import { framed } from './framed.js';
import type { WatchEvent } from './watch.js';

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];
const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/;
const SECRET_MIN_BYTES = 24;
const SECRET_MAX_BYTES = 64;

const TIMEOUT_MS = 10_000;
const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 5 * MINUTE_MS;
/** The longest that a receiver's `Retry-After` is obeyed for. */
const RETRY_AFTER_MAX_MS = HOUR_MS;

/**
 * Where a webhook goes: over TLS, or to this computer. Throws `invalid_argument` for anything else, and for a user name
 * or password in it: other users of a machine can read arguments, and what receives it needs only the signature.
 */
export function parseWebhookUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  ensure(url, 'invalid_argument', 'the webhook is not a URL', 'webhook');
  ensure(
    url.protocol === 'https:' || (url.protocol === 'http:' && LOCAL.includes(url.hostname)),
    'invalid_argument',
    'a webhook goes to an https URL, or by http to localhost',
    'webhook',
  );
  ensure(
    url.username === '' && url.password === '',
    'invalid_argument',
    'a webhook has no user name or password in its URL: its calls are signed',
    'webhook',
  );
  return url;
}

/** The key in the content of a secret's file: `whsec_` and 24 to 64 bytes in base64. Throws `invalid_argument`. */
export function parseWebhookSecret(content: string): Uint8Array {
  const [, encoded] = SECRET.exec(content.split(/\r?\n/, 1)[0]!.trim()) ?? [];
  const key = Buffer.from(encoded ?? '', 'base64');
  // Nothing of it in the message.
  ensure(
    encoded !== undefined && key.length >= SECRET_MIN_BYTES && key.length <= SECRET_MAX_BYTES,
    'invalid_argument',
    `the webhook's secret is "whsec_" and ${SECRET_MIN_BYTES} to ${SECRET_MAX_BYTES} random bytes in base64, in the first line of its file`,
    'webhook-secret-file',
  );
  return new Uint8Array(key);
}

export interface WebhookOptions {
  readonly url: URL;
  readonly secret: Uint8Array;
  readonly networkId: string;
  /** Gives up; what was not delivered then comes again. */
  readonly signal?: AbortSignal;
  /** How often one event is tried; left out: until it is delivered. */
  readonly tries?: number;
  /** Told why an event was not delivered, and in how long it is tried again. */
  readonly onTrouble?: (why: string, pauseMs: number) => void;
  readonly timeoutMs?: number;
  readonly pauseMinMs?: number;
}

/**
 * Posts events as JSON, signed as Standard Webhooks has it: `webhook-id`, `webhook-timestamp` and `webhook-signature`,
 * an HMAC-SHA256 over all three parts. One after the other, each until the receiver answers 2xx, so at least once: the
 * id is the event's for ever, by which a receiver knows one that came before.
 */
export class Webhook {
  constructor(private readonly options: WebhookOptions) {}

  /** Throws `unavailable` where it gave up. */
  async deliver(event: WatchEvent): Promise<void> {
    const { networkId, signal, tries = Infinity, onTrouble, pauseMinMs = PAUSE_MIN_MS } = this.options;
    const id = eventId(networkId, event);
    const body = JSON.stringify({
      type: event.event,
      timestamp: event.time,
      network: networkId,
      data: event,
    });
    for (let attempt = 1; !signal?.aborted; attempt++) {
      const trouble = await this.post(id, body);
      if (!trouble) return;
      if (attempt >= tries)
        throw new CountersealError('unavailable', `the webhook was not delivered: ${trouble.why}`);
      const longest = Math.min(pauseMinMs * 2 ** Math.min(attempt - 1, 30), PAUSE_MAX_MS);
      // Many that lost one receiver do not come back to it all at once.
      const pause = Math.max(longest / 2 + randomInt(Math.ceil(longest / 2) + 1), trouble.retryAfterMs);
      onTrouble?.(trouble.why, pause);
      await sleep(pause, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
    throw new CountersealError('unavailable', 'the webhook was not delivered before this ended');
  }

  private async post(id: string, body: string): Promise<{ why: string; retryAfterMs: number } | undefined> {
    const { url, secret, signal, timeoutMs = TIMEOUT_MS } = this.options;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect could lead out of TLS, or to somebody else: it is an answer like any that is not 2xx.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'counterseal',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': signWebhook(secret, id, timestamp, body),
        },
        body,
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      // What it says does not matter, and may be without end.
      await response.body?.cancel();
      if (response.ok) return undefined;
      const seconds = Number(response.headers.get('retry-after') ?? 0);
      return {
        why: `the receiver answered ${response.status}`,
        retryAfterMs: seconds > 0 ? Math.min(seconds * 1000, RETRY_AFTER_MAX_MS) : 0,
      };
    } catch {
      const why = timeout.aborted ? 'the receiver did not answer in time' : 'the receiver cannot be reached';
      return { why, retryAfterMs: 0 };
    }
  }
}

/** The value of `webhook-signature`. */
export const signWebhook = (secret: Uint8Array, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`;

/** Of what happened, not of what is known about it: whether a match was resolved meanwhile makes no other event. */
function eventId(networkId: string, event: WatchEvent): string {
  const { index, entry, event: what } = event;
  const other = 'other' in event ? String(event.other) : '';
  const message = 'id' in event ? String(event.id) : '';
  const digest = sha256(
    framed('counterseal/event/v1', networkId, String(index), String(entry), what, other, message),
  );
  return `evt_${Buffer.from(digest.subarray(0, 16)).toString('hex')}`;
}
