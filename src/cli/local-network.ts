import { randomBytes } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createHome, homePaths } from '../agent/index.js';
import {
  BASE,
  ed25519PublicKey,
  initPoseidon,
  multiply,
  passphraseKey,
  writeFileDurable,
  writeJson,
  writeSecretFile,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { defaultSchema, parseGenesis, ROLES, type GenesisInput, type Role } from '../ledger/index.js';
import { KeygenParty, type KeygenResult } from '../oprf/index.js';
import { CROSSCHECK, declare, DRAWDOWN, FINGERPRINT, REGISTER } from '../proofs/index.js';
import { createAuthority, issueIdentity, type Identity } from '../rpc/certificates.js';
import { createEvaluatorHome, evaluatorPaths, readPublicKeys, toCoordinates } from './homes/evaluator.js';
import { createNodeHome, nodePaths } from './homes/node.js';
import { runCounterseal, Service } from './processes.js';

const HOSTS = ['localhost'];

export interface LocalNetworkOptions {
  readonly folder: string;
  readonly name: string;
  readonly passphrase: string;
  readonly members: readonly { readonly name: string; readonly role: Role }[];
  readonly evaluators: number;
  readonly threshold: number;
  /** One for the node, then one for each evaluator. */
  readonly ports: readonly number[];
  /** The default one, unless there is a reason for another. */
  readonly schema?: GenesisInput['schema'];
  readonly onProgress?: (step: string) => void;
}

/** Where a local network keeps what. */
export const networkPaths = (folder: string) => ({
  genesis: join(folder, 'genesis.json'),
  authority: join(folder, 'authority'),
  node: join(folder, 'node-1'),
  evaluator: (id: number) => join(folder, `evaluator-${id}`),
  auditor: (id: number) => join(folder, 'auditors', `auditor-${id}.json`),
  administrator: (id: number) => join(folder, 'administrators', `administrator-${id}.json`),
  member: (name: string) => join(folder, 'members', name),
});

/** Parses `name:role`. Throws `invalid_argument`. */
function parseMember(text: string): { name: string; role: Role } {
  const [name, role = 'bank', ...rest] = text.split(':');
  ensure(
    name !== undefined && /^[a-z0-9][a-z0-9-]{0,31}$/.test(name) && rest.length === 0,
    'invalid_argument',
    `${text}: a member is given as name:role, the name in letters a-z, digits and hyphens`,
  );
  const known = ROLES.find((candidate) => candidate === role);
  ensure(known, 'invalid_argument', `${role} is no role: use one of ${ROLES.join(', ')}`);
  return { name, role: known };
}

/** Parses the members of a network. Throws `invalid_argument`, also where two have one name. */
export function parseMembers(texts: readonly string[]): { name: string; role: Role }[] {
  const members = texts.map(parseMember);
  ensure(
    new Set(members.map(({ name }) => name)).size === members.length,
    'invalid_argument',
    'two members have one name',
  );
  return members;
}

/**
 * Makes a network for trying out: every party's folder on one machine, under one passphrase. Key generation is the
 * real one, between evaluators in processes of their own.
 */
export async function createLocalNetwork(options: LocalNetworkOptions): Promise<void> {
  const { folder, members, evaluators, threshold, ports, onProgress = () => undefined } = options;
  const access = passphraseKey(options.passphrase);
  ensure(
    threshold >= 2 && threshold <= evaluators,
    'invalid_argument',
    'the threshold must be at least 2 and at most the number of evaluators',
  );
  await mkdir(folder, { recursive: true, mode: 0o700 });
  ensure(
    (await readdir(folder)).length === 0,
    'already_exists',
    `${folder} is not empty: choose a new folder`,
  );
  await initPoseidon();
  const paths = networkPaths(folder);
  const networkId = `${options.name}-${randomBytes(4).toString('hex')}`;

  onProgress('certificates');
  const authority = await createAuthority(networkId);
  await mkdir(paths.authority, { mode: 0o700 });
  await writeFileDurable(join(paths.authority, 'authority.pem'), authority.certificate);
  await writeSecretFile(
    join(paths.authority, 'key.json'),
    access,
    'certificate authority key',
    new TextEncoder().encode(authority.privateKey),
  );
  const addresses = ports.map((port) => `localhost:${port}`);
  const [nodeAddress, ...evaluatorAddresses] = addresses as [string, ...string[]];
  const issue = (kind: 'node' | 'evaluator', id: number): Promise<Identity> =>
    issueIdentity(authority, networkId, { kind, id: String(id) }, { hosts: HOSTS });

  const checkpointSeed = randomBytes(32);
  await createNodeHome(
    paths.node,
    access,
    { networkId, listen: nodeAddress },
    await issue('node', 1),
    checkpointSeed,
  );
  const ids = Array.from({ length: evaluators }, (_, i) => i + 1);
  for (const id of ids)
    await createEvaluatorHome(
      paths.evaluator(id),
      access,
      {
        networkId,
        id,
        threshold,
        shareEpoch: 1,
        listen: evaluatorAddresses[id - 1]!,
        peers: ids
          .filter((peer) => peer !== id)
          .map((peer) => ({ id: peer, address: evaluatorAddresses[peer - 1]! })),
      },
      authority.certificate,
      await issue('evaluator', id),
      randomBytes(32),
    );

  onProgress(`key generation between ${evaluators} evaluators`);
  const oprf = await generateKeys(options, ids);

  onProgress('auditors and administrators');
  const auditors = auditorKeys(networkId);
  await mkdir(join(folder, 'auditors'), { mode: 0o700 });
  for (const { id, share } of auditors)
    await writeSecretFile(
      paths.auditor(id),
      access,
      'auditor key share',
      new TextEncoder().encode(JSON.stringify({ id, share: share.toString() })),
    );
  const administrators = [1, 2, 3].map((id) => ({ id, seed: randomBytes(32) }));
  await mkdir(join(folder, 'administrators'), { mode: 0o700 });
  for (const { id, seed } of administrators)
    await writeSecretFile(paths.administrator(id), access, 'administrator key', seed);

  onProgress('members');
  const memberIds: string[] = [];
  for (const { name } of members) {
    const memberId = await createHome(
      paths.member(name),
      access,
      {
        name,
        networkId,
        nodes: [nodeAddress],
        evaluators: ids.map((id) => ({ id, address: evaluatorAddresses[id - 1]! })),
      },
      (id) => issueIdentity(authority, networkId, { kind: 'member', id: id.toString() }),
    );
    memberIds.push(memberId.toString());
  }

  const genesis: GenesisInput = {
    version: 1,
    networkId,
    time: Date.now(),
    setup: 'development',
    schema: options.schema ?? defaultSchema(),
    epoch: 1,
    oprf: {
      threshold,
      total: evaluators,
      publicKey: oprf.groupKey,
      publicShares: oprf.publicShares,
      evaluators: ids.map((id) => ({
        id,
        name: `evaluator ${id}`,
        address: evaluatorAddresses[id - 1]!,
        signingKey: oprf.signingKeys[id - 1]!,
      })),
    },
    auditors: {
      threshold: auditors[0]!.threshold,
      total: auditors.length,
      publicKey: toCoordinates(auditors[0]!.groupKey),
      publicShares: auditors[0]!.publicShares.map(toCoordinates),
    },
    administrators: {
      threshold: 2,
      keys: administrators.map(({ seed }) => Buffer.from(ed25519PublicKey(seed)).toString('hex')),
    },
    members: members.map(({ role }, i) => ({ memberId: memberIds[i]!, roles: [role] })),
    statements: await declare([REGISTER, FINGERPRINT, CROSSCHECK, DRAWDOWN]),
    operators: [
      {
        name: 'node 1',
        address: nodeAddress,
        checkpointKey: Buffer.from(ed25519PublicKey(checkpointSeed)).toString('hex'),
      },
    ],
    ca: authority.certificate,
  };
  parseGenesis(genesis);
  for (const path of [
    nodePaths(paths.node).genesis,
    ...ids.map((id) => evaluatorPaths(paths.evaluator(id)).genesis),
    ...members.map(({ name }) => homePaths(paths.member(name)).genesis),
    // Last: a folder with a genesis is a network that is complete.
    paths.genesis,
  ])
    await writeJson(path, genesis);
}

interface OprfKeys {
  readonly groupKey: [string, string];
  readonly publicShares: [string, string][];
  readonly signingKeys: string[];
}

/** Runs `evaluator keygen` in a process for each evaluator, and compares what they report. */
async function generateKeys(options: LocalNetworkOptions, ids: readonly number[]): Promise<OprfKeys> {
  const session = randomBytes(8).toString('hex');
  const paths = networkPaths(options.folder);
  const stop = new AbortController();
  try {
    await Promise.all(
      ids.map(async (id) => {
        const args = ['evaluator', 'keygen', '--home', paths.evaluator(id), '--session', session];
        const { status, stderr } = await runCounterseal(args, options.passphrase, stop.signal);
        if (status !== 0)
          throw new CountersealError(
            'unavailable',
            `key generation failed at evaluator ${id}: ${stderr.trim()}`,
          );
      }),
    );
  } finally {
    // Where one fails the others would wait for it.
    stop.abort();
  }
  const keys = await Promise.all(ids.map((id) => readPublicKeys(paths.evaluator(id))));
  ensure(
    keys.every(({ transcript }) => transcript === keys[0]!.transcript),
    'failed_precondition',
    'the evaluators report different transcripts of the key generation: nobody may use this key',
  );
  return {
    groupKey: keys[0]!.groupKey,
    publicShares: keys[0]!.publicShares,
    signingKeys: keys.map(({ signingKey }) => signingKey),
  };
}

/** The auditors' key by the same protocol, all parties in this process: this is a network for trying out. */
function auditorKeys(networkId: string): KeygenResult[] {
  const parties = [1, 2, 3].map(
    (id) =>
      new KeygenParty(
        { purpose: 'auditors', networkId, shareEpoch: 1, threshold: 2, total: 3, session: 'local' },
        id,
      ),
  );
  const roundOne = parties.map((party) => party.roundOne());
  const roundTwo = parties.flatMap((party) =>
    party.roundTwo(roundOne.filter(({ from }) => from !== party.id)),
  );
  const results = parties.map((party) => party.roundThree(roundTwo.filter(({ to }) => to === party.id)));
  for (const { id, share, publicShares } of results)
    ensure(multiply(BASE, share).equals(publicShares[id - 1]!), 'internal', 'an auditor has a wrong share');
  return results;
}

/** Starts the node and the evaluators of a local network, each in a process of its own. */
export async function startLocalNetwork(folder: string, passphrase: string): Promise<Service[]> {
  const paths = networkPaths(folder);
  const evaluators = (await readdir(folder)).filter((name) => /^evaluator-\d+$/.test(name));
  const starts = [
    ['node', ['node', '--home', paths.node]],
    ...evaluators.map((name) => [name, ['evaluator', 'run', '--home', join(folder, name)]]),
  ] as [string, string[]][];
  const services = await Promise.allSettled(
    starts.map(([name, args]) => Service.start(name, args, passphrase)),
  );
  const running = services.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = services.find((result) => result.status === 'rejected');
  if (failed) {
    await Promise.all(running.map((service) => service.stop()));
    throw failed.reason;
  }
  return running;
}
