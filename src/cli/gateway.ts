import { Option, type Command } from 'commander';
import type { Following } from '../agent/index.js';
import type { Scope } from '../gateway/index.js';
import { ensure } from '../errors.js';
import { parseMetricsAddress, type MetricsAddress } from '../metrics/address.js';
import { HOUR_MS } from '../time.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { numberOption } from './number-option.js';
import { action, print, printJson, table } from './output.js';
import { announce, nextSignalEnds, stopSignal } from './service.js';
import { VERSION } from './version.js';

/** As in the gateway, which is loaded only when a command runs. */
const SCOPES = Object.keys({
  ...{ check: true, compare: true, register: true, read: true, fingerprint: true, engage: true },
  ...{ settle: true, release: true, cancel: true, draw: true, share: true, resolve: true, message: true },
  ...{ reveal: true, crosscheck: true, prove: true, approve: true },
} satisfies Record<Scope, true>) as readonly Scope[];

export function gatewayCommands(program: Command): void {
  const gateway = memberOptions(program.command('gateway'))
    .description(
      "serve a member's side over HTTP, for programs on this machine: /openapi.json describes it.\n" +
        'Every user has a key and scopes. Engaging, settling, drawing, sharing and revealing who you are\n' +
        'take two users: one asks, another approves.',
    )
    .addOption(
      new Option('--listen <[host:]port>', 'where to listen; 0 for any free port')
        .argParser(parseMetricsAddress)
        .default(parseMetricsAddress('8470'), 'localhost:8470'),
    )
    .option(
      '--host-name <name>',
      'a name in the Host header to answer to besides localhost: that of a proxy with TLS in front; repeat for more',
      (value: string, all: string[]) => {
        ensure(
          HOST_NAME.test(value),
          'invalid_argument',
          `--host-name takes a name as api.example.com, without scheme and port: ${value} is none`,
        );
        return [...all, value.toLowerCase()];
      },
      [],
    )
    .addOption(
      numberOption('--approve-within <hours>', 'how long an order waits for the second user', {
        min: 1,
        max: 999,
        unit: 'hours',
      }).default(24),
    )
    .addHelpText(
      'after',
      '\nExamples:\n  counterseal gateway user add alice --scopes check,register,read,engage --home bank-a' +
        '\n  counterseal gateway --home bank-a --passphrase-file secret' +
        '\n  curl -H "Authorization: Bearer $KEY" --data-binary @invoice.xml "http://localhost:8470/v1/check?purpose=finance"',
    )
    .action(action(run));

  const user = gateway.command('user').description('who may use the gateway, and for what');
  memberOptions(user.command('add'))
    .description('add a user, and print its key: it is shown once, and kept nowhere')
    .argument('<name>', 'small letters, digits, dots, hyphens, underscores')
    .addOption(
      new Option('--scopes <scopes>', `what for, comma-separated: ${SCOPES.join(', ')}`)
        .makeOptionMandatory()
        .argParser((value) => {
          const scopes = value.split(',').map((scope) => scope.trim());
          const unknown = scopes.find((scope) => !(SCOPES as readonly string[]).includes(scope));
          ensure(
            unknown === undefined,
            'invalid_argument',
            `${unknown} is no scope: use ${SCOPES.join(', ')}`,
            'scopes',
          );
          return scopes as Scope[];
        }),
    )
    .addHelpText(
      'after',
      '\nWhoever may both ask and approve still needs another user for each order.' +
        '\n\nExample:\n  counterseal gateway user add bob --scopes read,approve --home bank-a',
    )
    .action(action(add));
  memberOptions(user.command('list'))
    .description('list the users')
    .addHelpText('after', '\nExample:\n  counterseal gateway user list --home bank-a')
    .action(action(list));
  memberOptions(user.command('remove'))
    .description('remove a user: its key opens nothing from now on, also at a gateway that runs')
    .argument('<name>', 'as `gateway user list` shows it')
    .addHelpText('after', '\nExample:\n  counterseal gateway user remove bob --home bank-a')
    .action(action(remove));
}

/** The options of a command under `gateway user`: commander keeps what both have with the one above. */
const withUsers = async <T>(
  command: Command,
  work: (
    users: import('../gateway/index.js').GatewayUsers,
    agent: import('../agent/index.js').Agent,
  ) => Promise<T>,
): Promise<T> => {
  const { GatewayUsers, SealedJson } = await import('../gateway/index.js');
  const options = command.optsWithGlobals<MemberOptions>();
  return withAgent(options, (agent) =>
    work(new GatewayUsers(options.home, new SealedJson(agent.home.keys.gatewayKey)), agent),
  );
};

async function add(name: string, { scopes }: { scopes: Scope[] }, command: Command): Promise<void> {
  const key = await withUsers(command, async (users, agent) => {
    const made = await users.add(name, scopes);
    await agent.audit({ command: 'gateway user add', result: name });
    return made;
  });
  if (command.optsWithGlobals<MemberOptions>().json) printJson({ name, scopes, key });
  else print(`key of ${name}, shown this once:`, key);
}

async function list(_: unknown, command: Command): Promise<void> {
  const users = await withUsers(command, async (all) =>
    (await all.list()).map(({ name, scopes, addedAt }) => ({ name, scopes, addedAt })),
  );
  if (command.optsWithGlobals<MemberOptions>().json) printJson(users);
  else
    print(
      ...table([
        ['user', 'scopes', 'added'],
        ...users.map(({ name, scopes, addedAt }) => [name, scopes.join(', '), addedAt]),
      ]),
    );
}

async function remove(name: string, _: unknown, command: Command): Promise<void> {
  await withUsers(command, async (users, agent) => {
    await users.remove(name);
    await agent.audit({ command: 'gateway user remove', result: name });
  });
  if (command.optsWithGlobals<MemberOptions>().json) printJson({ name, removed: true });
  else print(`${name} is no user any more`);
}

interface RunOptions extends MemberOptions {
  listen: MetricsAddress;
  hostName: string[];
  approveWithin: number;
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i;

async function run(options: RunOptions): Promise<void> {
  const [{ openGateway }, { withBackground }, { createLogger }] = await Promise.all([
    import('../gateway/index.js'),
    import('./background.js'),
    import('../rpc/logger.js'),
  ]);
  const stop = stopSignal();
  await withAgent(options, async (agent) => {
    const log = createLogger('gateway');
    const gateway = await openGateway(agent, {
      ...{ home: options.home, key: agent.home.keys.gatewayKey, log, version: VERSION },
      ...{ ...options.listen, hosts: options.hostName, validMs: options.approveWithin * HOUR_MS },
    });
    // What is under way is answered while the rest ends; whoever asks a second time does not want to wait for it.
    const end = () => {
      nextSignalEnds();
      void gateway.close();
    };
    stop.addEventListener('abort', end);
    announce(log, 'gateway', gateway.port);
    const changed = (state: Following) =>
      process.stderr.write(
        state === 'following' ? 'following the ledger\n' : 'no node answers: trying again\n',
      );
    try {
      await withBackground(
        agent,
        stop,
        (signal) => agent.follow(gateway.notify, signal, changed),
        gateway.prover,
      );
    } finally {
      await gateway.close();
    }
  });
}
