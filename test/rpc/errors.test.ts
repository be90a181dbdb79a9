import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { CountersealError, ERROR_CODES, type ErrorCode } from '../../src/errors.js';
import { fromServiceError, toServiceError } from '../../src/rpc/errors.js';
import { callerAddress } from '../../src/rpc/caller-address.js';
import { RateLimit } from '../../src/rpc/rate-limit.js';

const received = (sent: Partial<ServiceError>) =>
  fromServiceError({ ...sent, name: 'Error', message: '' } as ServiceError, 'node 1');
const withCode = (code: string, details = 'why') => {
  const metadata = new Metadata();
  metadata.set('counterseal-code', code);
  return { code: status.UNKNOWN, details, metadata };
};

describe('errors on the wire', () => {
  it.each(Object.keys(ERROR_CODES) as ErrorCode[])('%s arrives as what it is, without its cause', (code) => {
    const cause = new Error('the passphrase is hunter2');
    const sent = toServiceError(new CountersealError(code, 'what went wrong', { cause, field: 'amount' }));
    const visible = JSON.stringify([sent.code, sent.details, sent.metadata!.getMap()]);
    expect(visible).not.toMatch(/hunter2|amount|stack/);
    expect(received(sent)).toMatchObject({ code, message: 'what went wrong' });
  });

  it('a defect tells nothing', () => {
    const sent = toServiceError(new TypeError("cannot read 'DE999999903' of undefined"));
    expect(JSON.stringify([sent.details, sent.metadata!.getMap()])).not.toContain('DE999999903');
    expect(received(sent)).toMatchObject({ code: 'internal', message: 'internal error' });
  });

  it.each([
    [status.UNAVAILABLE, 'unavailable'],
    [status.DEADLINE_EXCEEDED, 'unavailable'],
    [status.CANCELLED, 'unavailable'],
    [status.UNAUTHENTICATED, 'permission_denied'],
    [status.PERMISSION_DENIED, 'permission_denied'],
    [status.RESOURCE_EXHAUSTED, 'quota_exceeded'],
    [status.INTERNAL, 'internal'],
    [status.UNIMPLEMENTED, 'internal'],
  ])('status %i without a code of ours is %s', (code, expected) => {
    expect(received({ code, details: 'x', metadata: new Metadata() })).toMatchObject({ code: expected });
  });

  it.each(['is not yet valid', 'has expired'])(
    'a certificate that %s may be the fault of a clock',
    (when) => {
      const details = `No connection established. Last error: certificate ${when}`;
      const { code, message } = received({ code: status.UNAVAILABLE, details, metadata: new Metadata() });
      expect(code).toBe('unavailable');
      expect(message).toContain(`the certificate of node 1 ${when} by this computer's clock, which says 20`);
    },
  );

  it('a connection that ended during a call is trouble that may pass', () => {
    const details = 'Received RST_STREAM with code 0 (Call ended without gRPC status)';
    const ended = { code: status.INTERNAL, details, metadata: new Metadata() };
    expect(received(ended)).toMatchObject({ code: 'unavailable', message: 'node 1 ended the connection' });
  });

  it.each(['toString', 'constructor', '__proto__', 'hasOwnProperty', 'no_such_code', ''])(
    'a peer cannot make up the code "%s"',
    (code) => {
      expect(received(withCode(code))).toMatchObject({ code: 'internal' });
    },
  );

  it('what a peer says cannot move the cursor, turn the text around or fill the screen', () => {
    const { message } = received(
      withCode('rejected', `\u001b[2J\u0007ok\r\n\u202Egnorw\u2028${'x'.repeat(10_000)}`),
    );
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(message.length).toBeLessThanOrEqual(2_000);
    expect(message).toContain('ok');
  });
});

describe('the rate limit', () => {
  const limited = expect.objectContaining({ code: 'quota_exceeded' }) as Error;

  it('lets a burst through, then so many a second, each caller by itself', () => {
    let now = 0;
    const limit = new RateLimit(2, 5, () => now);
    for (let i = 0; i < 5; i++) limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
    limit.take('b');
    now += 500;
    limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
    now += 3_600_000;
    for (let i = 0; i < 5; i++) limit.take('a');
    expect(() => limit.take('a')).toThrow(limited);
  });

  it('does not punish whoever tries too often for longer', () => {
    let now = 0;
    const limit = new RateLimit(1, 1, () => now);
    limit.take('a');
    for (let i = 0; i < 100; i++) expect(() => limit.take('a')).toThrow(limited);
    now += 1_000;
    limit.take('a');
  });

  it('takes what a call costs, or nothing', () => {
    const limit = new RateLimit(1, 10, () => 0);
    limit.take('a', 8);
    expect(() => limit.take('a', 3)).toThrow(limited);
    limit.take('a', 2);
    expect(() => limit.take('a')).toThrow(limited);
  });

  it('remembers a bounded number of callers, those that call most lately', () => {
    const limit = new RateLimit(0.001, 1, () => 0);
    limit.take('steady');
    for (let i = 0; i < 9_999; i++) limit.take(`visitor ${i}`);
    expect(() => limit.take('steady')).toThrow(limited);
    for (let i = 0; i < 20_000; i++) {
      limit.take(`crowd ${i}`);
      if (i % 5_000 === 0) expect(() => limit.take('steady')).toThrow(limited);
    }
    expect((limit as unknown as { buckets: Map<string, unknown> }).buckets.size).toBeLessThanOrEqual(10_000);
  });
});

describe('the address that a rate limit counts', () => {
  it.each([
    ['192.0.2.7:50123', '192.0.2.7'],
    ['::ffff:192.0.2.7:50123', '192.0.2.7'],
    ['::FFFF:192.0.2.7:1', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6:443', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::1:443', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:02::ffff:443', '2001:db8:1:2::/64'],
    ['2001:db8::5:443', '2001:db8:0:0::/64'],
    ['::1:443', '0:0:0:0::/64'],
    ['fe80::1%eth0:443', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.33:443', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.33:443', '1:2:3:4::/64'],
    ['unknown', 'unknown'],
    ['unix:/run/socket', 'unix:/run/socket'],
  ])('of %s is %s', (peer, caller) => {
    expect(callerAddress(peer)).toBe(caller);
  });

  it('is one for 10,000 addresses of one subscriber, and another for a neighbour', () => {
    const limit = new RateLimit(1, 5, () => 0);
    const address = (i: number) =>
      `2001:db8:1:2:${(i * 7919).toString(16).slice(-4)}:0:${i.toString(16)}:1:40000`;
    let served = 0;
    for (let i = 0; i < 10_000; i++)
      try {
        limit.take(callerAddress(address(i)));
        served++;
      } catch (error) {
        expect(error).toMatchObject({ code: 'quota_exceeded' });
      }
    expect(served).toBe(5);
    limit.take(callerAddress('2001:db8:1:3::1:40000'));
  });
});
