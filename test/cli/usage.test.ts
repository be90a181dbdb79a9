import type { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createProgram, runProgram } from '../../src/cli/program.js';

/** Runs a command line in this process, up to where it would end: with which status, after having said what. */
async function run(args: readonly string[]) {
  const said = { stdout: '', stderr: '' };
  let status: number | undefined;
  const listen = (stream: 'stdout' | 'stderr') =>
    vi.spyOn(process[stream], 'write').mockImplementation((chunk, ...rest) => {
      if (status === undefined) said[stream] += String(chunk);
      for (const done of rest) if (typeof done === 'function') done();
      return true;
    });
  listen('stdout');
  listen('stderr');
  // The first one counts: what ends a process goes no further.
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    status ??= Number(code);
    throw new Error('ended');
  });
  await expect(runProgram(['node', 'counterseal', ...args])).rejects.toThrow('ended');
  return { status, ...said };
}
afterEach(() => vi.restoreAllMocks());

const REQUEST = ['member', 'request', '--network', 'x', '--role', 'bank', '--name', 'Bank'];
const CERTIFY = ['network', 'certify', 'x', '--genesis', 'x', '--authority', 'x'];
const RESOLVE = ['match', 'resolve', '1', '--as', 'same', '--reason'];

const WRONG: readonly [readonly string[], RegExp][] = [
  [['frobnicate'], /unknown command/],
  [['document', 'identify'], /missing required argument 'files'/],
  [['document', 'inspect'], /missing required argument 'file'/],
  [['document', 'register', 'x.xml'], /'--purpose <name>' not specified/],
  [['document', 'register', 'x', '--purpose', 'finance', '--parallel', '0'], /--parallel takes a number/],
  [['document', 'inspect', 'x.xml', '--frobnicate'], /unknown option '--frobnicate'/],
  [['document', 'inspect', 'x.xml', 'y.xml'], /too many arguments/],
  [['entry', 'show', 'abc'], /abc is not the number of an entry/],
  [['entry', 'show', '-1'], /-1 is not the number of an entry/],
  [['entry', 'engage', '1', '--accept', 'anything'], /anything is no verdict/],
  [['entry', 'cancel', '1', '--reason', 'because'], /Allowed choices are withdrawn/],
  [['entry', 'supersede', '1', '--by', 'two'], /two is not the number of an entry/],
  [['entry', 'draw', '1'], /say how much is to be drawn/],
  [['entry', 'list', '--passphrase', 'secret'], /unknown option '--passphrase'/],
  [['entry', 'list', '--passphrase-file', 'x', '--passphrase-fd', '3'], /cannot be used with option/],
  [['entry', 'list', '--passphrase-fd', 'x'], /--passphrase-fd takes a number/],
  [['ledger', 'tail', '--genesis', 'x', '--from', 'first'], /--from takes a number/],
  [['network', 'init', 'x', '--evaluators', 'many'], /--evaluators takes a number from 2 to 32/],
  [['network', 'init', 'x', '--evaluators', '33'], /--evaluators takes a number from 2 to 32/],
  [['network', 'init', 'x', '--threshold', '4'], /--threshold takes a number from 2 to 3/],
  [['network', 'init', 'x', '--port', '65536'], /--port takes a number/],
  [['network', 'init', 'x', '--name', 'Local'], /--name takes letters/],
  [['network', 'init', 'x', '--member', 'bank:pirate'], /pirate is no role/],
  [['network', 'init', 'x', '--member', 'a', '--member', 'a:carrier'], /two members have one name/],
  [[...CERTIFY, '--days', '0'], /--days takes a number from 1 to 9999/],
  [[...CERTIFY, '--days', '1e3'], /--days takes a number from 1 to 9999/],
  [['evaluator', 'keygen', '--home', 'x', '--session', 'a', '--timeout', 'long'], /--timeout takes seconds/],
  [['evaluator', 'run', '--home', 'x', '--metrics', 'here'], /here is no address to listen at/],
  [['witness', 'keygen', '--home', 'x', '--name', 'w', '--genesis', 'x', '--listen', 'x'], /--listen takes/],
  [['receipt', 'show', 'first'], /first is not the number of an entry/],
  [['receipt', 'verify', 'x', '--genesis', 'x', '--quorum', 'all'], /--quorum takes a number/],
  [['crosscheck', 'request', '--rules', 'x', '--subject', '1', '--out', 'x'], /no rule set/],
  [
    [
      'crosscheck',
      'request',
      '--rules',
      'customs/invoice@1',
      '--subject',
      '1',
      '--out',
      'x',
      '--days',
      '367',
    ],
    /--days takes a number from 1 to 366/,
  ],
  [['customs', 'ask', '4', '--out', 'x', '--paper', 'manifest'], /there is no "manifest"/],
  [['customs', 'page', 'first'], /first is not the number of an entry/],
  [['shipment', 'generate', 'x', '--count', '0'], /--count takes a number from 1/],
  [['shipment', 'generate', 'x', '--faults', 'all,none'], /none/],
  [['demo', 'cover', '--threshold', '21'], /--threshold takes a number from 1 to 20/],
  [['gateway', '--approve-within', '0'], /--approve-within takes hours from 1 to 999/],
  [['gateway', '--listen', 'here'], /here is no address to listen at/],
  [['gateway', 'user', 'add', 'bob', '--scopes', 'read,all'], /all is no scope/],
  [['match', 'resolve', '1', '--as', 'other', '--reason', 'x'], /Allowed choices are same/],
  [[...RESOLVE, ''], /a reason has 1 to 1000 characters/],
  [[...RESOLVE, 'two\nlines'], /a reason is one line of text/],
  [[...REQUEST, '--role', 'pirate'], /pirate is no role/],
  [[...REQUEST, '--name', 'a\u0007b'], /--name takes 1 to 64 printable characters/],
  [['member', 'privacy', 'set'], /nothing to set/],
  [['member', 'privacy', 'set', '--pad', 'some'], /--pad takes a number from 1/],
  [['member', 'privacy', 'set', '--submit-within', '721'], /--submit-within takes minutes from 0 to 720/],
  [['watch', '--webhook', 'ftp://x'], /webhook/],
];

describe('a wrong command line', () => {
  it.each(WRONG)('%j exits with 2 and says why', async (args, message) => {
    const { status, stdout, stderr } = await run(args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it.each(['document', 'node'])('%s alone: a command is missing', async (noun) => {
    expect(await run([noun])).toMatchObject({ status: 2, stdout: '' });
  });

  const takesJson = ([noun]: readonly string[]) => !['gateway', 'demo'].includes(noun!);
  it.each(WRONG.filter(([args]) => takesJson(args)))(
    '%j with --json: one line of JSON',
    async (args, message) => {
      const { status, stdout } = await run([...args, '--json']);
      expect(status).toBe(2);
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string } };
      expect(error).toMatchObject({
        code: expect.stringMatching(/^(invalid_argument|not_found)$/) as string,
        message: expect.stringMatching(message) as string,
      });
    },
  );

  it('help is no error', async () => {
    expect(await run(['document', 'inspect', '--help', '--json'])).toMatchObject({ status: 0 });
  });

  it('is what every option that takes a number ends in, where it is given none', async () => {
    const numbers: string[][] = [];
    const visit = (command: Command, path: string[]): void => {
      for (const { long, parseArg } of command.options)
        if (parseArg?.name === 'parseWholeNumber') numbers.push([...path, long!]);
      for (const each of command.commands) visit(each, [...path, each.name()]);
    };
    visit(createProgram(), []);
    expect(numbers.length).toBeGreaterThan(10);
    for (const each of numbers)
      for (const value of ['x', '1.5', '0x1', '1e1', ' 1', '9'.repeat(16)])
        expect([each, value, (await run([...each, value])).status]).toEqual([each, value, 2]);
  });
});
