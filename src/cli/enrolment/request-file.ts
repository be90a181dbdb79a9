import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseFile, readText, writeJson } from '../../crypto/index.js';
import { CountersealError, ensure } from '../../errors.js';
import { genesisHash, parseGenesis, ROLES, type Genesis } from '../../ledger/index.js';
import { readRequest } from '../../rpc/certificate-requests.js';

const hex32 = z.hex().length(64);
const Party = z.strictObject({
  kind: z.enum(['member', 'evaluator', 'node']),
  id: z.string().regex(/^(0|[1-9]\d{0,77})$/),
});
/** For people, and so that no terminal is led astray. */
export const PartyName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[^\p{C}]+$/u);

const RequestFile = z.strictObject({
  format: z.literal('counterseal-request'),
  version: z.literal(1),
  networkId: z.string().min(1),
  /** Hash of the genesis that the party has. */
  genesis: hex32,
  party: Party,
  /** Of a member: what its administrators and nobody else are told. */
  name: PartyName.optional(),
  /** What a new member asks for. */
  role: z.enum(ROLES).optional(),
  /** PKCS#10, PEM. */
  request: z.string().max(16_384),
  /** The certificate so far, and its key's signature, where this renews one. */
  renewal: z.strictObject({ certificate: z.string().max(16_384), signature: z.base64().max(256) }).optional(),
});
export type RequestFile = z.infer<typeof RequestFile>;

const WelcomeFile = z.strictObject({
  format: z.literal('counterseal-welcome'),
  version: z.literal(1),
  networkId: z.string().min(1),
  genesis: hex32,
  party: Party,
  /** PEM. */
  certificate: z.string().max(16_384),
});
export type WelcomeFile = z.infer<typeof WelcomeFile>;

const hashOf = (genesis: Genesis): string => Buffer.from(genesisHash(genesis)).toString('hex');

/** Reads a network's genesis file. Throws `not_found`, `invalid_argument`. */
export const readGenesis = async (path: string): Promise<Genesis> =>
  parseGenesis(await readText(path, "the network's genesis.json is needed"));

/** Writes what a party hands to administrators and authority. */
export function writeRequest(
  path: string,
  genesis: Genesis,
  content: Omit<RequestFile, 'format' | 'version' | 'networkId' | 'genesis'>,
): Promise<void> {
  return writeJson(
    path,
    RequestFile.parse({
      format: 'counterseal-request',
      version: 1,
      networkId: genesis.networkId,
      genesis: hashOf(genesis),
      ...content,
    }),
  );
}

/**
 * What everybody who handles a request compares: SHA-256 over network, party, name, role and the request itself. Not
 * over a renewal's signature, which says who asks and not what for.
 */
export function fingerprintOf({ networkId, genesis, party, name, role, request }: RequestFile): string {
  const fields = [networkId, genesis, party.kind, party.id, name ?? null, role ?? null, request];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/**
 * Reads a request: that it is of this network and genesis, that the key in it signed it, and that it is for the party
 * that the file says. Throws `invalid_argument`, `permission_denied`, `data_corrupted`.
 */
export async function readRequestFile(path: string, genesis: Genesis): Promise<RequestFile> {
  const file = parseFile(
    RequestFile,
    await readText(path, 'a request is needed: see `member request`'),
    path,
  );
  ensureSameNetwork(file, genesis, path);
  const { party } = await readRequest(file.request, genesis.networkId);
  ensure(
    party.kind === file.party.kind && party.id === file.party.id,
    'permission_denied',
    `${path} says that it is for ${file.party.kind} ${file.party.id}, and its certificate request is for ${party.kind} ${party.id}: it was tampered with`,
  );
  return file;
}

export function writeWelcome(
  path: string,
  genesis: Genesis,
  content: Pick<WelcomeFile, 'party' | 'certificate'>,
): Promise<void> {
  return writeJson(path, {
    format: 'counterseal-welcome',
    version: 1,
    networkId: genesis.networkId,
    genesis: hashOf(genesis),
    ...content,
  } satisfies WelcomeFile);
}

/** Reads a welcome and checks that it is of the network, by its genesis, that was asked. The certificate is not checked. */
export async function readWelcome(path: string, genesis: Genesis): Promise<WelcomeFile> {
  const file = parseFile(
    WelcomeFile,
    await readText(path, 'a welcome is needed: the authority makes it with `network certify`'),
    path,
  );
  ensureSameNetwork(file, genesis, path);
  return file;
}

function ensureSameNetwork(file: RequestFile | WelcomeFile, genesis: Genesis, path: string): void {
  if (file.networkId === genesis.networkId && file.genesis === hashOf(genesis)) return;
  throw new CountersealError(
    'invalid_argument',
    file.networkId === genesis.networkId
      ? `${path} is of another genesis of ${genesis.networkId} than the one here: compare the two files before you go on`
      : `${path} is of the network ${file.networkId}, not of ${genesis.networkId}`,
  );
}
