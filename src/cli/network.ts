import type { Command } from 'commander';
import { CountersealError, ensure } from '../errors.js';
import { enrolmentCommands } from './enrolment/commands.js';
import { numberOption } from './number-option.js';
import { action, print, printJson, progress, table, usage } from './output.js';
import { passphraseOptions, readPassphrase, type PassphraseOptions } from './passphrase.js';
import { untilStopped } from './service.js';

interface InitOptions extends PassphraseOptions {
  name: string;
  member: string[];
  evaluators: number;
  threshold: number;
  port: number;
  json?: boolean;
}

/** How many evaluators there can be, and how many it can take. */
const COMMITTEE = { min: 2, max: 32 } as const;
const DEFAULT_MEMBERS = ['bank-a:bank', 'bank-b:bank', 'bank-c:bank'];

export function networkCommands(program: Command): void {
  const network = program
    .command('network')
    .description('who takes part in a network; and a network of your own, for trying out');

  passphraseOptions(network.command('init'))
    .description('make a network on this machine: genesis, administrators, certificates, keys of all parties')
    .argument('<folder>', 'a new folder for it')
    .option('--name <name>', 'the beginning of its network id', 'local')
    .option(
      '--member <name:role>',
      'a member; repeat for more (default: three banks)',
      (value: string, all: string[]) => [...all, value],
      [],
    )
    .addOption(numberOption('--evaluators <n>', 'members of the committee', COMMITTEE).default(3))
    .addOption(numberOption('--threshold <t>', 'how many of them it takes', COMMITTEE).default(2))
    .addOption(
      numberOption('--port <port>', 'the first of the ports that it uses; 0 for any free ones', {
        min: 0,
        max: 65_535 - COMMITTEE.max,
      }).default(7400),
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal network init demo --member bank-a:bank --member carrier-a:carrier --passphrase-file secret',
    )
    .action(action(init));

  passphraseOptions(network.command('start'))
    .description('run the node and the evaluators of a network made by `network init`, until SIGINT')
    .argument('<folder>', 'its folder')
    .addHelpText('after', '\nExample:\n  counterseal network start demo --passphrase-file secret')
    .action(action(start));

  enrolmentCommands(network);
}

async function init(folder: string, options: InitOptions): Promise<void> {
  const { evaluators, threshold, port } = options;
  usage(() =>
    ensure(
      threshold <= evaluators,
      'invalid_argument',
      `--threshold takes a number from ${COMMITTEE.min} to ${evaluators}, that of the evaluators`,
    ),
  );
  usage(() =>
    ensure(
      /^[a-z0-9][a-z0-9-]{0,39}$/.test(options.name),
      'invalid_argument',
      '--name takes letters a-z, digits and hyphens, at most 40',
    ),
  );
  const [{ createLocalNetwork, networkPaths, parseMembers }, { freePorts }] = await Promise.all([
    import('./local-network.js'),
    import('./ports.js'),
  ]);
  const members = usage(() => parseMembers(options.member.length > 0 ? options.member : DEFAULT_MEMBERS));
  const passphrase = await readPassphrase(options, true);
  const ports =
    port === 0 ? await freePorts(evaluators + 1) : Array.from({ length: evaluators + 1 }, (_, i) => port + i);
  await createLocalNetwork({
    folder,
    name: options.name,
    passphrase,
    members,
    evaluators,
    threshold,
    ports,
    onProgress: (step) => progress(`${step} ...`),
  });
  progress('');
  const paths = networkPaths(folder);
  const rows = [
    ['node', paths.node, `localhost:${ports[0]}`],
    ...ports.slice(1).map((p, i) => [`evaluator ${i + 1}`, paths.evaluator(i + 1), `localhost:${p}`]),
    ...members.map(({ name, role }) => [`${name} (${role})`, paths.member(name), '']),
  ];
  if (options.json)
    printJson({
      genesis: paths.genesis,
      parties: rows.map(([party, home, address]) => ({ party, home, address })),
    });
  else
    print(
      ...table(rows),
      '',
      'All keys were made on this machine, under one passphrase: for trying out, with synthetic data only.',
      'In a real network every party makes its own: see `counterseal member request --help`.',
      `Start it:  counterseal network start ${folder}`,
      `Then:      counterseal document check FILE --home ${paths.member(members[0]!.name)}`,
    );
}

async function start(folder: string, options: PassphraseOptions): Promise<void> {
  const { startLocalNetwork } = await import('./local-network.js');
  const passphrase = await readPassphrase(options);
  progress('starting ...');
  const services = await startLocalNetwork(folder, passphrase);
  progress('');
  for (const service of services) service.forwardLogs();
  print(...services.map(({ name }) => `${name} is ready`), 'Stop with Ctrl-C.');
  const ended = services.map(
    ({ name, process: child }) => new Promise<string>((resolve) => child.once('close', () => resolve(name))),
  );
  const first = await Promise.race([untilStopped(), ...ended]);
  const last = services.find(({ name }) => name === first);
  await Promise.all(services.map((service) => service.stop()));
  if (last)
    throw new CountersealError(
      'unavailable',
      `${last.name} ended by itself: ${last.log.trim().split('\n').at(-1) ?? ''}`,
    );
}
