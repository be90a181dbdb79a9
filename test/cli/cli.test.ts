import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import {
  example,
  jsonLines,
  MAIN,
  PASSPHRASE,
  runProgram,
  startProgram,
  TestNetwork,
} from '../system/network.js';

let network: TestNetwork;
beforeAll(async () => {
  network = await TestNetwork.start(['bank-a']);
}, 120_000);
afterAll(() => network.stop());

const errorOf = (finished: { stdout: string; stderr: string; status: number | null }) =>
  (jsonLines(finished)[0] as { error: { code: string; message: string } }).error;

describe('help', () => {
  const WITHOUT_EXAMPLE = new Set([
    'entry list',
    'entry show',
    'entry settle',
    'entry release',
    'entry cancel',
  ]);

  const helpOf = (command: Command): string => {
    let text = '';
    command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
    return text;
  };

  it('is there for every command, with an example where one helps', () => {
    const leaves: string[] = [];
    const visit = (command: Command, path: string[]): void => {
      const help = helpOf(command);
      for (const { name, summary } of command.commands.map((each) => ({
        name: each.name(),
        summary: each.description(),
      }))) {
        expect(help, path.join(' ')).toContain(name);
        expect(summary, name).not.toBe('');
      }
      if (command.commands.length === 0) {
        leaves.push(path.join(' '));
        if (!WITHOUT_EXAMPLE.has(path.join(' ')))
          expect(help, path.join(' ')).toMatch(/Examples?:\n {2}counterseal /);
        // A passphrase is never an argument.
        expect(help).not.toMatch(/--passphrase(?!-file|-fd)/);
      }
      for (const each of command.commands) visit(each, [...path, each.name()]);
    };
    visit(createProgram(), []);
    expect(leaves).toEqual(
      expect.arrayContaining([
        'document identify',
        'document register',
        'watch',
        'node run',
        'node backup',
        'doctor',
        'evaluator run',
        'demo customs',
        'demo cover',
        'entry fingerprint',
        'customs page',
      ]),
    );
    expect(leaves.length).toBeGreaterThanOrEqual(45);
  });

  it('of the program and of a command is printed, and ends with 0', async () => {
    for (const args of [['--help'], ['help'], ['document', 'check', '--help']]) {
      const { status, stdout, stderr } = await runProgram(args);
      expect({ args, status, stderr }).toEqual({ args, status: 0, stderr: '' });
      expect(stdout).toContain('Usage: counterseal');
    }
  });
});

it('a wrong command line ends with 2, and with --json in one line of JSON', async () => {
  const said = await runProgram(['entry', 'show', 'abc']);
  expect({ ...said, stderr: '' }).toMatchObject({ status: 2, stdout: '' });
  expect(said.stderr).toMatch(/abc is not the number of an entry/);
  const json = await runProgram(['entry', 'show', 'abc', '--json']);
  expect({ status: json.status, code: errorOf(json).code }).toEqual({ status: 2, code: 'invalid_argument' });
});

describe('documents', () => {
  it('name their file in the error of JSON', async () => {
    const hidden = join(network.root, 'hidden.json');
    await writeFile(hidden, 'no document, but a \u200b and a \u001b[31m');
    for (const command of ['inspect', 'check'])
      for (const file of [hidden, 'nowhere.xml']) {
        const finished =
          command === 'check'
            ? await network.run('bank-a', 'document', 'check', file)
            : await runProgram(['document', 'inspect', file, '--json']);
        expect(finished.status).toBe(1);
        expect(jsonLines(finished)).toMatchObject([
          { file, error: { message: expect.any(String) as string } },
        ]);
      }
    const { stderr } = await runProgram(['document', 'inspect', hidden]);
    expect(stderr).toMatch(/^error: .*hidden\.json: /);
  });

  it('one line of JSON for each file, good or bad, in their order; then 1', async () => {
    const text = join(network.root, 'text.xml');
    const empty = join(network.root, 'empty.xml');
    const broken = join(network.root, 'broken.xml');
    await writeFile(text, 'no XML at all');
    await writeFile(empty, '');
    await writeFile(broken, readFileSync(example('invoice-a.ubl.xml')).subarray(0, 900));
    const files = [
      example('invoice-a.ubl.xml'),
      text,
      join(network.root, 'missing.xml'),
      network.root,
      empty,
      broken,
      example('invoice-a.cii.xml'),
    ];
    const finished = await runProgram(['document', 'identify', '--json', ...files]);
    expect(finished.status).toBe(1);
    const lines = jsonLines(finished) as { file: string; error?: { code: string }; exact?: string[] }[];
    expect(lines.map(({ file }) => file)).toEqual(files);
    expect(lines.map(({ error }) => error?.code)).toEqual([
      undefined,
      'unsupported_format',
      'io',
      'io',
      'invalid_document',
      'invalid_document',
      undefined,
    ]);
    expect(lines[0]!.exact).toEqual(lines[6]!.exact);
    expect(finished.stderr).toContain('5 of 7 files');
  });

  it('all good: 0', async () => {
    const finished = await runProgram(['document', 'identify', '--json', example('invoice-b.ubl.xml')]);
    expect(finished).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['a purpose that is none', ['check', example('invoice-a.ubl.xml'), '--purpose', 'gamble'], 'not_found'],
    [
      'a kind that the purpose does not take',
      ['register', example('invoice-a.ubl.xml'), '--purpose', 'carry'],
      'invalid_argument',
    ],
    ['a file that is missing', ['check', 'nowhere.xml'], 'io'],
    ['no document', ['check', 'package.json'], /unsupported_format|invalid_document/],
  ])('%s ends with 1 and an error in JSON', async (_, command, code) => {
    const finished = await network.run('bank-a', 'document', ...command);
    expect(finished.status).toBe(1);
    const { code: got, message } = errorOf(finished);
    expect(got).toMatch(code);
    expect(message).not.toBe('');
    expect(finished.stderr).toBe('');
  });

  it('without --json the error is one line on standard error', async () => {
    const finished = await runProgram(network.args('bank-a', 'document', 'check', 'nowhere.xml'));
    expect(finished).toMatchObject({ status: 1, stdout: '' });
    expect(finished.stderr).toMatch(/^error: cannot read nowhere\.xml: .*\[io\]\n$/);
  });
});

describe('passphrases', () => {
  const list = (...more: string[]) => ['entry', 'list', '--json', '--home', network.home('bank-a'), ...more];

  it('come from a file or a descriptor', async () => {
    expect(await runProgram(list('--passphrase-file', network.passphraseFile))).toMatchObject({
      status: 0,
      stdout: '[]\n',
    });
    const windows = join(network.root, 'crlf');
    await writeFile(windows, `${PASSPHRASE}\r\na second line\r\n`);
    expect(await runProgram(list('--passphrase-file', windows))).toMatchObject({ status: 0 });
    const child = spawn(process.execPath, [MAIN, ...list('--passphrase-fd', '3')], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    (child.stdio[3] as NodeJS.WritableStream).end(`${PASSPHRASE}\n`);
    expect((await once(child, 'close'))[0]).toBe(0);
  });

  it('that are wrong, empty or missing end with 1 and say so', async () => {
    const wrong = join(network.root, 'wrong');
    await writeFile(wrong, 'guess\n');
    const empty = join(network.root, 'empty');
    await writeFile(empty, '\n');
    for (const [more, code] of [
      [['--passphrase-file', wrong], 'decryption_failed'],
      [['--passphrase-file', empty], 'invalid_argument'],
      [['--passphrase-file', join(network.root, 'nowhere')], 'io'],
      [['--passphrase-fd', '77'], 'io'],
      [[], 'invalid_argument'],
    ] as const) {
      const finished = await runProgram(list(...more));
      expect(finished.status).toBe(1);
      expect(errorOf(finished).code).toBe(code);
      expect(finished.stdout + finished.stderr).not.toContain('guess');
    }
  });

  it('are in no argument and no variable of a process', async () => {
    for (const { process: child } of network.services.values())
      for (const file of ['cmdline', 'environ'])
        expect(readFileSync(`/proc/${child.pid}/${file}`, 'utf8')).not.toContain(PASSPHRASE);
  });

  const hasScript = existsSync('/usr/bin/script');
  it.skipIf(!hasScript)('are not shown while they are typed (needs `script`)', async () => {
    const command = [process.execPath, '--no-warnings', MAIN, ...list()].join(' ');
    const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    let screen = '';
    terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
      const before = screen;
      screen += text;
      if (!before.includes('Passphrase:') && screen.includes('Passphrase:'))
        terminal.stdin.write(`${PASSPHRASE}\r`);
    });
    const [status] = (await once(terminal, 'close')) as [number];
    expect(status).toBe(0);
    expect(screen).toContain('Passphrase:');
    expect(screen).toContain('[]');
    for (let length = 4; length <= PASSPHRASE.length; length++)
      expect(screen).not.toContain(PASSPHRASE.slice(0, length));
  });
});

describe('files', () => {
  it('with secrets are for their owner alone, in folders that are', async () => {
    const secret = /^(vault|secrets|share|key)\.json$|^(auditor|administrator)-\d+\.json$/;
    let secrets = 0;
    const visit = async (folder: string): Promise<void> => {
      for (const name of await readdir(folder)) {
        const path = join(folder, name);
        const { mode } = await stat(path);
        if ((mode & 0o170000) === 0o040000) {
          if (!name.endsWith('.db') && name !== 'ledger' && name !== 'members')
            expect(`${name} ${(mode & 0o777).toString(8)}`).toBe(`${name} 700`);
          await visit(path);
        } else if (secret.test(name)) {
          secrets++;
          expect(`${name} ${(mode & 0o777).toString(8)}`).toBe(`${name} 600`);
        }
      }
    };
    await visit(network.folder);
    // Authority, node, three evaluators with two each, three auditors and administrators, one member.
    expect(secrets).toBe(1 + 1 + 6 + 3 + 3 + 1);
    expect(readFileSync(join(network.home('bank-a'), 'vault.json'), 'utf8')).not.toMatch(/BEGIN|PRIVATE/);
  });

  it('of a member are named where they are missing or damaged', async () => {
    const nowhere = await runProgram([
      'entry',
      'list',
      '--json',
      '--home',
      network.root,
      '--passphrase-file',
      network.passphraseFile,
    ]);
    expect(errorOf(nowhere)).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('--home') as string,
    });
    const node = await runProgram([
      'entry',
      'list',
      '--json',
      '--home',
      network.paths.node,
      '--passphrase-file',
      network.passphraseFile,
    ]);
    expect(errorOf(node).code).toBe('not_found');
  });

  it('of a network are not written over', async () => {
    const again = await runProgram([
      'network',
      'init',
      network.folder,
      '--json',
      '--passphrase-file',
      network.passphraseFile,
    ]);
    expect(again.status).toBe(1);
    expect(errorOf(again).code).toBe('already_exists');
    const evaluator = [
      'evaluator',
      'keygen',
      '--json',
      '--session',
      'x',
      '--home',
      network.paths.evaluator(1),
    ];
    const keygen = await runProgram([...evaluator, '--passphrase-file', network.passphraseFile]);
    expect(errorOf(keygen).code).toBe('already_exists');
    const bad = [
      'network',
      'init',
      join(network.root, 'new'),
      '--json',
      '--passphrase-file',
      network.passphraseFile,
    ];
    for (const more of [
      ['--member', 'bank-a:king'],
      ['--member', 'Bank A:bank'],
      ['--threshold', '1'],
      ['--threshold', '4'],
      ['--port', '70000'],
      ['--name', '../x'],
    ])
      expect(errorOf(await runProgram([...bad, ...more])).code, more.join(' ')).toBe('invalid_argument');
    expect(existsSync(join(network.root, 'new', 'genesis.json'))).toBe(false);
  });
});

describe('privacy settings', () => {
  const settings = (...more: string[]) =>
    runProgram(['member', 'privacy', ...more, '--home', network.home('bank-a'), '--json']);

  it('hold entries back until their time, or until they are told to go', async () => {
    const wrong = await settings('set', '--cover', '10');
    expect([wrong.status, errorOf(wrong)]).toMatchObject([1, { field: 'padEvaluationsTo' }]);
    expect(jsonLines(await settings('set', '--submit-within', '9', '--pad', '3'))).toEqual([
      { submitWithinMinutes: 9, padEvaluationsTo: 3, coverPerDay: 0 },
    ]);
    const register = ['document', 'register', example('invoice-b.ubl.xml'), '--purpose', 'finance'];
    const matched = await network.run('bank-a', ...register, '--fail-on-match');
    expect([matched.status, errorOf(matched).message]).toEqual([2, expect.stringMatching(/add --now/)]);
    const [held] = jsonLines(await network.run('bank-a', ...register));
    expect(held).toMatchObject({ state: 'pending', notBefore: expect.any(String) as string });
    const [listed] = jsonLines(await network.run('bank-a', 'entry', 'list'));
    expect(listed).toMatchObject([{ entry: null, state: 'pending', notBefore: held!['notBefore'] }]);
    expect(jsonLines(await network.run('bank-a', 'entry', 'submit', '--now'))).toMatchObject([
      [{ entry: 0, state: 'registered', verdict: 'unique' }],
    ]);
  }, 120_000);
});

describe('cross-checks and copies', () => {
  it('are asked for, proved and verified by three commands, each with its exit status', async () => {
    const file = (name: string) => join(network.root, name);
    const run = (...command: string[]) => network.run('bank-a', ...command);
    const credit = {
      ...{ counterseal: 1, kind: 'letter-of-credit', number: 'LC-77120' },
      issuer: { lei: '529900T8BM49AURSDO55' },
      ...{ issueDate: '2026-02-10', endDate: '2026-06-30', currency: 'EUR', amount: '48790.00' },
    };
    await writeFile(file('credit.json'), JSON.stringify(credit));
    await writeFile(file('later.json'), JSON.stringify({ ...credit, endDate: '2026-07-31' }));
    await writeFile(file('forged.json'), JSON.stringify({ ...credit, amount: '98790.00' }));
    const register = async (path: string, purpose: string) => {
      const done = await run('document', 'register', path, '--purpose', purpose, '--now');
      return String(jsonLines(done)[0]!['sequence']);
    };
    const attested = await register(file('credit.json'), 'attest');
    const financed = await register(example('invoice-a.ubl.xml'), 'finance');

    const compare = (path: string) => run('document', 'compare', file(path));
    const [same, later, forged] = [
      await compare('credit.json'),
      await compare('later.json'),
      await compare('forged.json'),
    ];
    expect([same.status, later.status, forged.status]).toEqual([0, 3, 3]);
    expect(jsonLines(later)).toMatchObject([
      { entries: [{ status: 'opened', differences: [{ field: 'expiry', registered: '2026-06-30' }] }] },
    ]);
    expect(jsonLines(forged)).toMatchObject([{ entries: [{ status: 'closed', registered: null }] }]);

    const rules = ['--rules', 'lc/invoice-exact@1', '--subject', attested];
    const asked = await run('crosscheck', 'request', ...rules, '--out', file('request.json'));
    expect(asked.status).toBe(0);
    const sides = ['--a', financed, '--b', file('credit.json'), '--out', file('result.json')];
    const proved = await run('crosscheck', 'prove', file('request.json'), ...sides);
    expect(jsonLines(proved)).toMatchObject([{ holds: true, entries: [Number(financed), Number(attested)] }]);
    const verify = () => run('crosscheck', 'verify', file('result.json'), '--request', file('request.json'));
    const verified = await verify();
    expect(verified.status).toBe(0);
    expect(jsonLines(verified)).toMatchObject([{ holds: true, eitherBy: ['bank'] }]);
    const again = await verify();
    expect([again.status, errorOf(again).code]).toEqual([1, 'already_exists']);
  }, 120_000);
});

describe('processes', () => {
  it('commands of one member run side by side', async () => {
    const commands = await Promise.all([
      network.run('bank-a', 'entry', 'list'),
      network.run('bank-a', 'document', 'check', example('invoice-a.ubl.xml')),
      network.run('bank-a', 'document', 'check', example('invoice-b.ubl.xml')),
      network.run('bank-a', 'watch', '--once'),
    ]);
    expect(commands.map(({ status }) => status)).toEqual([0, 0, 0, 0]);
  });

  it('a watch outlives its node, and ends with 0 when it is told to', async () => {
    const child = startProgram(network.args('bank-a', 'watch', '--json'));
    let output = '';
    child.stdout!.on('data', (text: Buffer) => (output += text.toString()));
    const ended = once(child, 'close') as Promise<[number | null]>;
    const told = createInterface({ input: child.stderr! })[Symbol.asyncIterator]();
    const next = async () => (await told.next()).value as unknown;
    expect(await next()).toBe('following the ledger');
    await network.service('node').stop();
    expect(await next()).toBe('no node answers: trying again');
    await network.restart('node');
    expect(await next()).toBe('following the ledger');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
    expect(output).toBe('');
  }, 60_000);

  it('a service that cannot start says why and ends with 1', async () => {
    const taken = await runProgram([
      'node',
      '--home',
      network.paths.node,
      '--passphrase-file',
      network.passphraseFile,
    ]);
    expect(taken.status).toBe(1);
    expect(taken.stderr).toMatch(/\[(failed_precondition|unavailable)\]\n$/);
    const evaluator = await runProgram([
      'evaluator',
      'run',
      '--home',
      network.paths.node,
      '--passphrase-file',
      network.passphraseFile,
    ]);
    expect(evaluator).toMatchObject({ status: 1 });
    expect(evaluator.stderr).toContain('[not_found]');
  });

  it('services log no secret and stop at SIGTERM with 0', async () => {
    const service = network.service('evaluator-1');
    await service.stop();
    expect(service.process.exitCode).toBe(0);
    await network.restart('evaluator-1');
    for (const { log } of network.services.values()) expect(log).not.toContain(PASSPHRASE);
  });
});
