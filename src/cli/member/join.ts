import type { Command } from 'commander';
import { ensure } from '../../errors.js';
import { memberOptions, type MemberOptions } from '../home-option.js';
import { action, print, printJson, usage } from '../output.js';
import { readVaultKey } from '../passphrase.js';

interface RequestOptions extends MemberOptions {
  network: string;
  name: string;
  role: string;
  out: string;
}

export function joinCommands(member: Command): void {
  memberOptions(member.command('request'))
    .description('make a folder with keys of your own, and the file by which you ask to be admitted')
    .requiredOption('--network <file>', "the network's genesis.json, from somebody you trust")
    .requiredOption('--name <name>', 'who you are: for the administrators, and nobody else')
    .requiredOption(
      '--role <role>',
      'bank, customs-office, insurer, reinsurer, carrier, forwarder, seller, lender or tax-office',
    )
    .option('--out <file>', 'where to write the request', 'request.json')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal member request --home bank-d --name "Bank D" --role bank --network genesis.json',
    )
    .action(action(request));

  memberOptions(member.command('renew'))
    .description('ask for the next certificate; the present one stays in use until `member join`')
    .option('--out <file>', 'where to write the request', 'request.json')
    .addHelpText('after', '\nExample:\n  counterseal member renew --home bank-d --out renewal.json')
    .action(action(renew));

  memberOptions(member.command('join'))
    .description(
      'take the certificate that the authority made into use, if it is for this member and its key',
    )
    .argument('<welcome>', 'the file that `network certify` made')
    .addHelpText('after', '\nExample:\n  counterseal member join welcome.json --home bank-d')
    .action(action(join));
}

const files = () => import('../enrolment/request-file.js');
const agents = () => import('../../agent/index.js');

async function request(options: RequestOptions): Promise<void> {
  const [{ fingerprintOf, PartyName, readGenesis, readRequestFile, writeRequest }, { requestMembership }] =
    await Promise.all([files(), agents()]);
  const [{ ROLES }, { readText }] = await Promise.all([
    import('../../ledger/index.js'),
    import('../../crypto/index.js'),
  ]);
  const role = usage(() => {
    const known = ROLES.find((each) => each === options.role);
    ensure(known, 'invalid_argument', `${options.role} is no role: use one of ${ROLES.join(', ')}`, 'role');
    ensure(
      PartyName.safeParse(options.name).success,
      'invalid_argument',
      '--name takes 1 to 64 printable characters',
      'name',
    );
    return known;
  });
  const genesis = await readGenesis(options.network);
  const access = await readVaultKey(options, true);
  const enrolment = await requestMembership(
    options.home,
    access,
    options.name,
    await readText(options.network, "the network's genesis.json is needed"),
  );
  const party = { kind: 'member', id: enrolment.memberId } as const;
  await writeRequest(options.out, genesis, { party, name: options.name, role, request: enrolment.request });
  const fingerprint = fingerprintOf(await readRequestFile(options.out, genesis));
  if (options.json) printJson({ memberId: party.id, fingerprint, out: options.out });
  else
    print(
      `member id    ${party.id}`,
      `fingerprint  ${fingerprint}`,
      '',
      `Send ${options.out} to the administrators: nothing in it is secret. Tell them the fingerprint by another way.`,
      'Keep the folder and its passphrase: seed and keys are nowhere else.',
    );
}

async function renew(options: MemberOptions & { out: string }): Promise<void> {
  const [{ readGenesis, writeRequest }, { homePaths, requestRenewal }] = await Promise.all([
    files(),
    agents(),
  ]);
  const genesis = await readGenesis(homePaths(options.home).genesis);
  const { memberId, request: csr, renewal } = await requestRenewal(options.home, await readVaultKey(options));
  const party = { kind: 'member', id: memberId } as const;
  await writeRequest(options.out, genesis, { party, request: csr, ...(renewal ? { renewal } : {}) });
  if (options.json) printJson({ memberId, out: options.out });
  else
    print(
      `${options.out} asks for the next certificate; it goes to the authority: counterseal network certify`,
    );
}

async function join(path: string, options: MemberOptions): Promise<void> {
  const [{ readGenesis, readWelcome }, { acceptCertificate, homePaths }] = await Promise.all([
    files(),
    agents(),
  ]);
  const welcome = await readWelcome(path, await readGenesis(homePaths(options.home).genesis));
  await acceptCertificate(options.home, await readVaultKey(options), welcome.certificate);
  if (options.json) printJson({ memberId: welcome.party.id, joined: true });
  else print(`joined ${welcome.networkId}`, `Try it: counterseal document check FILE --home ${options.home}`);
}
