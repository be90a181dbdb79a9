import { join } from 'node:path';
import { readSecretFile, readText } from '../../crypto/index.js';
import { ensure } from '../../errors.js';
import { certifyRequest, checkRenewal } from '../../rpc/certificate-requests.js';
import { print, printJson, progress } from '../output.js';
import { readVaultKey, type PassphraseOptions } from '../passphrase.js';
import { readMemberHistory } from './member-history.js';
import { isComplete, readOrder } from './order-file.js';
import {
  fingerprintOf,
  readGenesis,
  readRequestFile,
  writeWelcome,
  type RequestFile,
} from './request-file.js';
import { nodesOf } from './sign-order.js';
import type { Genesis } from '../../ledger/index.js';

export interface CertifyOptions extends PassphraseOptions {
  genesis: string;
  authority: string;
  order?: string;
  node?: string[];
  out: string;
  days: number;
  json?: boolean;
}

/**
 * The authority's part. Member ids are public, so a request alone says nothing about who made it: a first certificate
 * takes the approval of administrators for this very request, every later one the signature of the key before it.
 */
export async function certify(path: string, options: CertifyOptions): Promise<void> {
  const genesis = await readGenesis(options.genesis);
  const request = await readRequestFile(path, genesis);
  const { party } = request;
  const certificate = await readText(
    join(options.authority, 'authority.pem'),
    "is this the authority's folder?",
  );
  ensure(
    certificate.trim() === genesis.ca.trim(),
    'permission_denied',
    `the authority in ${options.authority} is not the one that the genesis names`,
  );
  if (party.kind === 'member') await ensureMember(genesis, party.id, options.node);
  const hosts = request.renewal
    ? await checkRenewal(genesis.ca, genesis.networkId, request.request, request.renewal)
    : await approved(genesis, request, options.order);
  const key = await readSecretFile(
    join(options.authority, 'key.json'),
    await readVaultKey(options),
    'certificate authority key',
  );
  const issued = await certifyRequest(
    { certificate, privateKey: new TextDecoder().decode(key) },
    genesis.networkId,
    request.request,
    { hosts, days: options.days },
  );
  await writeWelcome(options.out, genesis, { party, certificate: issued });
  if (options.json) printJson({ party, out: options.out });
  else
    print(
      `${options.out} holds the certificate of ${party.kind} ${party.id}`,
      `It goes back to whoever asked: counterseal ${party.kind === 'member' ? 'member' : 'network'} join ${options.out} --home FOLDER`,
    );
}

async function ensureMember(genesis: Genesis, memberId: string, nodes: string[] | undefined): Promise<void> {
  progress('reading the ledger ...');
  const { members } = await readMemberHistory(genesis, nodesOf(genesis, nodes));
  progress('');
  ensure(
    members.some((member) => member.memberId === memberId && member.state === 'member'),
    'permission_denied',
    `${memberId} is no member on the ledger: \`network admit\` comes first`,
  );
}

async function approved(genesis: Genesis, request: RequestFile, path: string | undefined): Promise<string[]> {
  ensure(
    request.party.kind === 'member',
    'invalid_argument',
    `a ${request.party.kind} gets its first certificate when the network is made: \`network renew\` asks for the next`,
  );
  ensure(
    path !== undefined,
    'invalid_argument',
    'the first certificate of a member takes the order by which administrators admitted it: --order',
  );
  const order = await readOrder(path, genesis);
  ensure(order, 'not_found', `cannot read ${path}: the completed order is needed`);
  const { action, memberId, request: fingerprint } = order.decision;
  ensure(
    isComplete(order, genesis) &&
      action === 'admit' &&
      memberId === request.party.id &&
      fingerprint === fingerprintOf(request),
    'permission_denied',
    `${path} does not approve this request: it has another fingerprint, or too few administrators have signed`,
  );
  return [];
}
