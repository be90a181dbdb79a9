import { existsSync } from 'node:fs';
import { writeFileDurable, type VaultAccess } from '../../crypto/index.js';
import { ensure } from '../../errors.js';
import {
  certificateParty,
  checkCertificate,
  createRequest,
  signRenewal,
} from '../../rpc/certificate-requests.js';
import { createTlsKey } from '../../rpc/certificates.js';
import { evaluatorPaths, openEvaluatorHome } from '../homes/evaluator.js';
import { nodePaths, openNodeHome } from '../homes/node.js';
import { print, printJson } from '../output.js';
import { readVaultKey, type PassphraseOptions } from '../passphrase.js';
import { readGenesis, readWelcome, writeRequest } from './request-file.js';

export interface RenewServiceOptions extends PassphraseOptions {
  home: string;
  out: string;
  json?: boolean;
}

/** What the folders of nodes and evaluators have alike. */
async function openService(home: string, access: VaultAccess) {
  const isEvaluator = existsSync(evaluatorPaths(home).config);
  const { identity, tls } = isEvaluator
    ? await openEvaluatorHome(home, access)
    : await openNodeHome(home, access);
  const paths = isEvaluator ? evaluatorPaths(home) : nodePaths(home);
  const genesis = await readGenesis(paths.genesis);
  return { paths, genesis, identity, tls, party: certificateParty(identity.certificate, genesis.networkId) };
}

export async function renewService(options: RenewServiceOptions): Promise<void> {
  const { genesis, identity, party, tls } = await openService(options.home, await readVaultKey(options));
  const key = await createTlsKey();
  await tls.keep([identity.privateKey, key]);
  const request = await createRequest(genesis.networkId, party, key);
  const signature = await signRenewal(genesis.networkId, request, identity);
  const renewal = { certificate: identity.certificate, signature };
  await writeRequest(options.out, genesis, { party, request, renewal });
  if (options.json) printJson({ party, out: options.out });
  else
    print(
      `${options.out} asks for the next certificate of ${party.kind} ${party.id}: nothing in it is secret`,
      'Send it to the authority: counterseal network certify',
    );
}

export async function joinService(path: string, options: RenewServiceOptions): Promise<void> {
  const { paths, genesis, party, tls } = await openService(options.home, await readVaultKey(options));
  const welcome = await readWelcome(path, genesis);
  ensure(
    welcome.party.kind === party.kind && welcome.party.id === party.id,
    'permission_denied',
    `${path} is for ${welcome.party.kind} ${welcome.party.id}, not for ${party.kind} ${party.id}`,
  );
  const { networkId, ca } = genesis;
  checkCertificate(welcome.certificate, { ca, networkId, party, keys: tls.keys });
  await writeFileDurable(paths.certificate, welcome.certificate);
  if (options.json) printJson({ party, joined: true });
  else print(`${party.kind} ${party.id} uses the new certificate from its next start on`);
}
