import { describe, expect, it } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import { createLogger, describeError, type LogFields, type LogMessage } from '../../src/rpc/logger.js';

const SECRET = 'RE-2025-0815';

/** What a logger writes for fields and a message, whatever their types say. */
function written(
  fields: unknown,
  message: unknown = 'ready',
): { line: string; parsed: Record<string, unknown> } {
  let line = '';
  const log = createLogger('test', {
    level: 'info',
    witnesses: ['witness.example/w1'],
    destination: { write: (text: string) => void (line += text) },
  });
  log.warn(fields as LogFields, message as LogMessage);
  return { line, parsed: JSON.parse(line) as Record<string, unknown> };
}
/** The fields of a line beside those that every line has. */
function fieldsOf(fields: unknown, message?: unknown): Record<string, unknown> {
  const { pid, name, level, time, ...rest } = written(fields, message).parsed;
  expect([typeof pid, name, level, typeof time]).toEqual(['number', 'test', 40, 'number']);
  return rest;
}

const NOTE = `net-1\n3\n${'A'.repeat(43)}=\nstate ${'B'.repeat(43)}=\nblock 3 1740997800000\n\n\u2014 net-1 AAAA\n`;

describe('what is logged', () => {
  it('is what the list has, as it is', () => {
    const fields: LogFields = {
      ...{ port: 7400, metrics: 9464, height: 3, size: 4, bytes: 5, code: 'unavailable', note: NOTE },
      ...{
        path: '/counterseal.v1.Ledger/SubmitTransaction',
        witness: 'witness.example/w1',
        error: 'TypeError',
      },
      frames: ['at run (file:///opt/counterseal/dist/cli/node.js:1:2)'],
    };
    expect(fieldsOf(fields)).toEqual({ ...fields, msg: 'ready' });
  });

  it.each(Object.keys(ERROR_CODES))('code %s is one of them', (code) => {
    expect(fieldsOf({ code })).toEqual({ code, msg: 'ready' });
  });

  it.each([
    [
      'a field that is not in it',
      { document: SECRET, tag: SECRET, stack: SECRET, message: SECRET, err: SECRET },
    ],
    ['a field of another type', { port: SECRET, path: { secret: SECRET }, code: [SECRET], frames: SECRET }],
    ['a value that looks wrong', { path: `/x/${SECRET}`, code: SECRET, witness: SECRET, note: SECRET }],
    ['what hides in a note', { note: `${NOTE}${SECRET}\n` }],
    ['what hides in an extension line of a note', { note: NOTE.replace('state', `${SECRET}\nstate`) }],
    ['frames that are none', { frames: [SECRET, { toString: () => SECRET }, `at ${SECRET}`] }],
    ['an error', new TypeError(`cannot read ${SECRET}`)],
    ['a function', Object.assign(() => SECRET, { document: SECRET })],
    ['a text', SECRET],
    ['bytes', Buffer.from(SECRET)],
    ['what says how it is written', { port: { toJSON: () => SECRET }, toJSON: () => ({ port: SECRET }) }],
    ['a symbol', { [Symbol(SECRET)]: SECRET }],
    ['what it inherits', Object.create({ document: SECRET }) as object],
    ['numbers that are none', { port: Number.NaN, height: -1, size: 1.5, bytes: Infinity }],
    ['a number as large as a field element', { size: 2 ** 60 }],
  ])('is not %s', (_, fields) => {
    const { line } = written(fields);
    expect(line).not.toContain(SECRET);
    expect(Object.keys(fieldsOf(fields)).filter((name) => !['msg', 'frames'].includes(name))).toEqual([]);
    expect((fieldsOf(fields)['frames'] as unknown[] | undefined) ?? []).toEqual([]);
  });

  it('is not what reading it throws, or gives when it is read again', () => {
    let reads = 0;
    const hostile = {
      get port(): number {
        throw new Error(SECRET);
      },
      get code(): string {
        return reads++ === 0 ? 'io' : SECRET;
      },
    };
    expect(fieldsOf(hostile)).toEqual({ code: 'io', msg: 'ready' });
    const proxy = new Proxy({}, { get: () => SECRET, has: () => true, ownKeys: () => [SECRET] });
    expect(fieldsOf(proxy)).toEqual({ msg: 'ready' });
    const angry = new Proxy(
      {},
      {
        get: () => {
          throw new Error(SECRET);
        },
      },
    );
    expect(fieldsOf(angry)).toEqual({ msg: 'ready' });
  });

  it.each([SECRET, { toString: () => SECRET }, `ready ${SECRET}`, undefined, ['ready']])(
    'is no message of its own: %j',
    (message) => {
      expect(fieldsOf({ port: 1 }, message ?? null)).toEqual({ port: 1, msg: 'an unlisted message' });
    },
  );

  it.each([null, undefined, 7])('bears that there are no fields: %s', (fields) => {
    expect(fieldsOf(fields)).toEqual({ msg: 'ready' });
  });

  it('is on one line, whatever the fields hold', () => {
    expect(written({ witness: 'a\n{"level":60}', path: '/a/b\n', note: NOTE }).line.split('\n')).toHaveLength(
      2,
    );
  });
});

describe('an error in a log', () => {
  it('says its class and where it was thrown, and not what it says', () => {
    const { error, frames } = describeError(new SyntaxError(`Cannot convert ${SECRET} to a BigInt`));
    expect(error).toBe('SyntaxError');
    expect(frames!.length).toBeGreaterThan(0);
    expect(frames!.every((frame) => frame.startsWith('at '))).toBe(true);
    expect(fieldsOf({ error, frames })).toMatchObject({ error, frames });
    expect(written({ error, frames }).line).not.toContain(SECRET);
  });

  it('that lies about itself says nothing of it', () => {
    const hostile = Object.assign(new Error('x'), {
      name: SECRET,
      stack: `Error: x\n    at ${SECRET}\n    at f (${SECRET})\n    at f (file:///a ${SECRET}:1:1)\n${SECRET}`,
    });
    expect(describeError(hostile)).toEqual({ error: 'Error', frames: [] });
    expect(describeError(Object.assign(new Error('x'), { stack: { split: () => [SECRET] } }))).toEqual({
      error: 'Error',
      frames: [],
    });
    expect(describeError(SECRET)).toEqual({});
  });
});
