import { X509Certificate } from 'node:crypto';
import { readFile, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersealError } from '../../errors.js';
import {
  type Checkpoint,
  checkpointOf,
  type Genesis,
  genesisHash,
  parseGenesis,
} from '../../ledger/index.js';
import { loadDeclared, packageKeys } from '../../proofs/index.js';
import { partyOf, type Party } from '../../rpc/party.js';
import { LedgerClient } from '../../rpc/ledger-client.js';
import { identifyServer, probe, type ProbeOptions } from '../../rpc/probe.js';
import { NODE_RANGE, VERSION } from '../version.js';
import { DAY_MS, MINUTE_MS } from '../../time.js';
import type { Report } from './report.js';

const EXPIRY_WARN_DAYS = 30;
const PROBE_TIMEOUT_MS = 4_000;
const CLOCK_BEHIND_MS = MINUTE_MS;
const FREE_WARN_BYTES = 1_073_741_824;
const FREE_FAIL_BYTES = 104_857_600;
const FREE_WARN_SHARE = 0.05;

export function checkVersions(report: Report): void {
  report.ok('version', `counterseal ${VERSION}`);
  if (runsOn(process.versions.node, NODE_RANGE)) report.ok('Node', process.versions.node);
  else
    report.fail('Node', `Node ${process.versions.node} is not one of ${NODE_RANGE}`, 'install one of these');
}

/** Whether a version is in a range of the forms `^x.y.z` and `>=x.y.z`, joined by `||`. */
function runsOn(version: string, range: string): boolean {
  const parts = (text: string) => text.split('.').map(Number) as [number, number, number];
  const [major, minor, patch] = parts(version);
  return range.split('||').some((alternative) => {
    const [, kind, base = ''] = /^\s*(\^|>=)(\d+\.\d+\.\d+)\s*$/.exec(alternative) ?? [];
    const [a, b, c] = parts(base);
    const atLeast = major > a || (major === a && (minor > b || (minor === b && patch >= c)));
    return kind !== undefined && atLeast && (kind === '>=' || major === a);
  });
}

/** That nobody else on this machine can read a folder and what is secret in it. */
export async function checkModes(report: Report, home: string, secrets: readonly string[]): Promise<void> {
  const open: string[] = [];
  const owner = process.getuid?.();
  const look = async (path: string, wanted: string) => {
    const found = await stat(path).catch(() => undefined);
    if (!found) return;
    if ((found.mode & 0o077) !== 0) open.push(`chmod ${wanted} ${path}`);
    if (owner !== undefined && owner !== 0 && found.uid !== owner) open.push(`chown ${owner} ${path}`);
  };
  await look(home, '700');
  for (const secret of secrets) await look(secret, '600');
  if (open.length === 0) report.ok('permissions', 'the folder and its secrets are for this account alone');
  else
    report.fail('permissions', 'others on this machine may read or replace what is secret', open.join('; '));
}

/** That files are there; unfinished temporary ones are worth a word. */
export async function checkFiles(report: Report, home: string, needed: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const path of needed)
    await readFile(path).catch(() => {
      missing.push(path);
    });
  if (missing.length > 0)
    report.fail('files', `missing or unreadable: ${missing.join(', ')}`, 'restore them from your copy');
  else report.ok('files', 'all there');
  const left = (await readdir(home).catch(() => [])).filter((name) => /^\.[0-9a-f]{16}\.tmp$/.test(name));
  if (left.length > 0)
    report.warn(
      'left over',
      `${left.length} temporary files of writes that were interrupted`,
      `remove ${left.map((name) => join(home, name)).join(' ')}`,
    );
}

export async function checkGenesis(
  report: Report,
  path: string,
  networkId: string,
): Promise<Genesis | undefined> {
  return report.run(
    'genesis',
    async () => {
      const text = await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new CountersealError('not_found', `cannot read ${path}`, { cause });
      });
      const genesis = parseGenesis(text);
      if (genesis.networkId !== networkId)
        throw new CountersealError(
          'data_corrupted',
          `${path} is of ${genesis.networkId}, and the folder of ${networkId}`,
        );
      return genesis;
    },
    (genesis) => `${genesis.networkId}, hash ${hashOf(genesis)}`,
  );
}

const hashOf = (genesis: Genesis): string => Buffer.from(genesisHash(genesis)).toString('hex');

/** The keys of this installation against the genesis: those for verifying, and with `proving` those for proving. */
export async function checkKeys(report: Report, genesis: Genesis, proving: boolean): Promise<void> {
  await report.run(
    'proof keys',
    async () => {
      const declared = Object.entries(genesis.statements);
      for (const [id, statement] of declared) {
        const key = await loadDeclared(id, statement, genesis.setup);
        if (proving) await packageKeys.provingFiles(key.statement);
      }
      return declared.map(([id]) => id).join(', ');
    },
    (statements) => `${statements} are the genesis'${proving ? ', the proving keys are whole' : ''}`,
  );
  if (genesis.setup === 'development')
    report.warn(
      'setup',
      'development keys: whoever made them can forge proofs',
      'use synthetic data only, until there is a network with keys of a ceremony',
    );
}

/** A certificate: who it is for, who issued it, until when. */
export async function checkCertificate(
  report: Report,
  pem: string,
  expected: { readonly authority: string; readonly networkId: string; readonly party: Partial<Party> },
): Promise<void> {
  await report.run('certificate', () => {
    const certificate = parseCertificate(pem);
    const authority = parseCertificate(expected.authority);
    const wrong = (why: string) => new CountersealError('permission_denied', `the certificate ${why}`);
    if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey))
      throw wrong("was not issued by the network's authority");
    const party = partyOf(certificate.raw, expected.networkId);
    const { kind, id } = expected.party;
    if ((kind !== undefined && party.kind !== kind) || (id !== undefined && party.id !== id))
      throw wrong(`is that of ${party.kind} ${party.id}`);
    const now = Date.now();
    if (Date.parse(certificate.validFrom) > now)
      throw wrong(`is not valid before ${day(certificate.validFrom)}: is this clock right?`);
    const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);
    if (days < 0) throw wrong(`expired on ${day(certificate.validTo)}`);
    const text = `${party.kind} ${party.id}, valid until ${day(certificate.validTo)}`;
    if (days < EXPIRY_WARN_DAYS)
      report.warn('certificate', `${text}: ${days} days`, 'have it renewed by the network');
    else report.ok('certificate', text);
  });
}

const day = (date: string): string => new Date(date).toISOString().slice(0, 10);

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new CountersealError('data_corrupted', 'a certificate cannot be read', { cause });
  }
}

export async function checkDisk(report: Report, home: string): Promise<void> {
  await report.run('disk', async () => {
    const { bavail, bsize, blocks } = await statfs(home).catch((cause: unknown) => {
      throw new CountersealError('io', `the disk of ${home} cannot be looked at`, { cause });
    });
    const free = bavail * bsize;
    const text = `${(free / 1_073_741_824).toFixed(1)} GiB free`;
    const remedy = 'make room: a full disk stops everything that writes';
    if (free < FREE_FAIL_BYTES) report.fail('disk', text, remedy);
    else if (free < FREE_WARN_BYTES || bavail / blocks < FREE_WARN_SHARE) report.warn('disk', text, remedy);
    else report.ok('disk', text);
  });
}

/** Of a clock that is behind, a signed time that lies in its future tells. */
export function checkClock(report: Report, checkpoint: Pick<Checkpoint, 'time'>): void {
  const behind = checkpoint.time - Date.now();
  if (behind > CLOCK_BEHIND_MS)
    report.fail(
      'clock',
      `this machine's clock is at least ${Math.round(behind / 1000)} s behind the newest block`,
      'set it, and keep it set (NTP)',
    );
  else report.ok('clock', 'not behind the newest block');
}

/** A server: who answers, whether it is who it must be, and whether it serves. */
export async function checkServer(
  report: Report,
  name: string,
  address: string,
  options: Omit<ProbeOptions, 'timeout'>,
  callable: boolean,
): Promise<boolean> {
  const timed = { ...options, timeout: PROBE_TIMEOUT_MS };
  const answered = await report.run(
    name,
    async () => {
      const { expires } = await identifyServer(address, timed);
      return { expires, took: callable ? await probe(address, timed) : undefined };
    },
    ({ expires, took }) =>
      `${address} answers as itself${took === undefined ? '' : ` in ${Math.round(took)} ms`}, its certificate is valid until ${day(expires.toISOString())}`,
  );
  return answered !== undefined;
}

/** What a node says the network and the log are. */
export async function checkLedger(
  report: Report,
  genesis: Genesis,
  address: string,
): Promise<Checkpoint | undefined> {
  const client = new LedgerClient([address], genesis);
  try {
    return await report.run(
      'ledger',
      async () => {
        const remote = parseGenesis(Buffer.from(await client.genesis()).toString('utf8'));
        if (hashOf(remote) !== hashOf(genesis))
          throw new CountersealError(
            'data_corrupted',
            `${address} serves another genesis (${hashOf(remote)})`,
          );
        return checkpointOf(genesis, await client.checkpoint());
      },
      ({ height, size, time }) =>
        `block ${height} with ${size} records, signed, of ${new Date(time).toISOString()}`,
    );
  } finally {
    client.close();
  }
}
