import type { Command } from 'commander';
import { ensure } from '../../errors.js';
import type { Role } from '../../ledger/index.js';
import { action, print, printJson, progress, table } from '../output.js';
import { numberOption } from '../number-option.js';
import { passphraseOptions } from '../passphrase.js';
import type { CertifyOptions } from './certify.js';
import type { OrderAction } from './order-file.js';
import type { OrderOptions } from './sign-order.js';
import type { RenewServiceOptions } from './service-certificate.js';

const collect = (value: string, all: string[] = []): string[] => [...all, value];

const genesisOption = (command: Command): Command =>
  command.requiredOption('--genesis <file>', "the network's genesis.json");

const nodeOption = (command: Command): Command =>
  command.option('--node <address>', "a node; repeat for more (default: the genesis' operators)", collect);

const orderOptions = (command: Command): Command =>
  passphraseOptions(nodeOption(genesisOption(command)))
    .requiredOption('--administrator <file>', "the administrator's sealed key")
    .requiredOption('--order <file>', 'the order: made by the first administrator, signed by the next ones')
    .option('--yes', 'do not ask before signing')
    .option('--json', 'print JSON');

/** Whom the ledger lists as members, and how they come, go and are certified. */
export function enrolmentCommands(network: Command): void {
  orderOptions(network.command('admit'))
    .description('admit a member: each administrator signs the order; the one who completes it submits it')
    .argument('<request>', 'the file that `member request` made')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal network admit request.json --administrator administrator-1.json --order admit-bank-d.json --genesis genesis.json',
    )
    .action(action(admit));

  for (const [name, text] of [
    ['suspend', 'remove a member who is to come back: see readmit'],
    ['remove', 'remove a member: at once, on the ledger and at the evaluators'],
    ['readmit', 'admit a member again, in the roles that it had'],
  ] as const)
    orderOptions(network.command(name))
      .description(`${text}; signed by administrators as an admission is`)
      .argument('<member>', 'its id, or the first 8 digits or more')
      .addHelpText(
        'after',
        `\nExample:\n  counterseal network ${name} 48210173 --administrator administrator-1.json --order ${name}.json --genesis genesis.json`,
      )
      .action(action((member: string, options: OrderOptions) => change(name, member, options)));

  nodeOption(genesisOption(network.command('members')))
    .description('who is a member in which role, and since when, as the log says')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal network members --genesis genesis.json')
    .action(action(members));

  passphraseOptions(nodeOption(genesisOption(network.command('certify'))))
    .description(
      "the authority's part: a certificate for a member on the ledger, or the next one for any party",
    )
    .argument('<request>', 'the file of `member request`, `member renew` or `network renew`')
    .requiredOption('--authority <folder>', "the authority's folder: authority.pem and key.json")
    .option(
      '--order <file>',
      'of a new member: the completed order, by which administrators approved the request',
    )
    .option('--out <file>', 'where to write the welcome', 'welcome.json')
    .addOption(numberOption('--days <n>', 'days for which it is valid', { min: 1, max: 9999 }).default(398))
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal network certify request.json --authority authority --order admit-bank-d.json --genesis genesis.json --out welcome.json',
    )
    .action(
      action(async (request: string, options: CertifyOptions) => {
        const { certify } = await import('./certify.js');
        await certify(request, options);
      }),
    );

  passphraseOptions(network.command('renew'))
    .description(
      'ask for the next certificate of a node or an evaluator; it runs on with the old one until `network join`',
    )
    .requiredOption('--home <folder>', "the node's or evaluator's folder")
    .option('--out <file>', 'where to write the request', 'request.json')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal network renew --home evaluator-1 --out request.json')
    .action(
      action(async (options: RenewServiceOptions) => {
        const { renewService } = await import('./service-certificate.js');
        await renewService(options);
      }),
    );

  passphraseOptions(network.command('join'))
    .description('take the next certificate of a node or an evaluator into use, from its next start on')
    .argument('<welcome>', 'the file that `network certify` made')
    .requiredOption('--home <folder>', "the node's or evaluator's folder")
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  counterseal network join welcome.json --home evaluator-1')
    .action(
      action(async (welcome: string, options: RenewServiceOptions) => {
        const { joinService } = await import('./service-certificate.js');
        await joinService(welcome, options);
      }),
    );
}

async function admit(path: string, options: OrderOptions): Promise<void> {
  const [{ fingerprintOf, readGenesis, readRequestFile }, { signOrder }] = await Promise.all([
    import('./request-file.js'),
    import('./sign-order.js'),
  ]);
  const genesis = await readGenesis(options.genesis);
  const request = await readRequestFile(path, genesis);
  const { party, name, role, renewal } = request;
  ensure(
    party.kind === 'member' && name !== undefined && role !== undefined && renewal === undefined,
    'invalid_argument',
    `${path} does not ask for an admission: \`member request\` makes one that does`,
  );
  await signOrder(genesis, options, (history) => {
    const known = history.members.find(({ memberId }) => memberId === party.id);
    ensure(
      known?.state !== 'member' || !known.roles.includes(role),
      'already_exists',
      `${party.id} is a member in this role already`,
    );
    return { action: 'admit', memberId: party.id, roles: [role], name, request: fingerprintOf(request) };
  });
}

async function change(
  kind: Exclude<OrderAction, 'admit'>,
  member: string,
  options: OrderOptions,
): Promise<void> {
  const [{ readGenesis }, { findMember }, { signOrder }] = await Promise.all([
    import('./request-file.js'),
    import('./member-history.js'),
    import('./sign-order.js'),
  ]);
  await signOrder(await readGenesis(options.genesis), options, (history) => {
    const { memberId, roles, state } = findMember(history, member);
    ensure(
      (state === 'removed') === (kind === 'readmit'),
      'failed_precondition',
      state === 'removed' ? `${memberId} is no member now` : `${memberId} is a member now`,
    );
    return { action: kind, memberId, roles: [...roles] as Role[] };
  });
}

async function members(options: { genesis: string; node?: string[]; json?: boolean }): Promise<void> {
  const [{ readGenesis }, { readMemberHistory }, { nodesOf }] = await Promise.all([
    import('./request-file.js'),
    import('./member-history.js'),
    import('./sign-order.js'),
  ]);
  const genesis = await readGenesis(options.genesis);
  progress('reading the ledger ...');
  const history = await readMemberHistory(genesis, nodesOf(genesis, options.node));
  progress('');
  const rows = history.members.map(({ since, ...member }) => ({
    ...member,
    since: new Date(since).toISOString(),
  }));
  if (options.json) printJson({ changes: history.changes, members: rows });
  else
    print(
      ...table([
        ['member id', 'role', 'state', 'since'],
        ...rows.map(({ memberId, roles, state, since }) => [memberId, roles.join(', '), state, since]),
      ]),
    );
}
