import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  initPoseidon,
  parseFile,
  readSecretFile,
  writeFileDurable,
  writeJson,
  writeSecretJson,
  type VaultAccess,
} from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { networkOf, parseGenesis } from '../ledger/index.js';
import { LedgerClient } from '../rpc/ledger-client.js';
import { AuditLog } from './audit-log.js';
import { homePaths, MemberConfig, openVault, Vault, writeVault } from './home.js';
import { LedgerCopy } from './ledger-copy.js';
import { MemberKeys } from './keys.js';
import { AgentStore } from './store.js';

const PURPOSE = 'member backup';

/** All of a member's folder that is not in the log, in one sealed file. */
const Backup = z.strictObject({
  version: z.literal(1),
  /** ISO 8601. */
  created: z.iso.datetime(),
  config: MemberConfig,
  /** The genesis file, as it is. */
  genesis: z.string(),
  /** PEM; null of somebody who has not joined yet. */
  certificate: z.string().nullable(),
  vault: Vault,
  /** Records of the log that the folder knew: what came later is looked through for own entries. */
  logSize: z.int().min(0),
  /** Own records, each sealed under a key from the seed as well. */
  records: z.array(z.strictObject({ name: z.string(), value: z.base64() })),
  auditLog: z.string(),
});
type Backup = z.infer<typeof Backup>;

const FROM = 'own/restored';

async function optional(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new CountersealError('io', `cannot read ${path}`, { cause });
  });
}

/** Writes a member's backup, sealed under a passphrase, mode 0600. Answers what is in it. */
export async function backupMember(
  home: string,
  access: VaultAccess,
  out: string,
): Promise<{ readonly entries: number; readonly logSize: number }> {
  const paths = homePaths(home);
  const { config, genesis, vault, keys } = await openVault(home, access);
  const network = await networkOf(parseGenesis(genesis));
  const store = new AgentStore(paths.database, keys.storeKey);
  const client = new LedgerClient(config.nodes, network.genesis);
  const copy = new LedgerCopy(network, store, client);
  try {
    // Noted first, so that the copy of the log says that there is a backup of it.
    await new AuditLog(paths.auditLog, keys.auditKey, store).add({ command: 'member backup' });
    // One session: records and log are of one moment.
    const content = await store.use(async (session): Promise<Backup> => ({
      version: 1,
      created: new Date().toISOString(),
      config,
      genesis,
      certificate: (await optional(paths.certificate)) ?? null,
      vault,
      logSize: copy.replica(session).size,
      records: (await session.exportSealed()).map(({ name, value }) => ({
        name,
        value: Buffer.from(value).toString('base64'),
      })),
      auditLog: (await optional(paths.auditLog)) ?? '',
    }));
    await writeSecretJson(out, access, PURPOSE, content);
    const entries = content.records.filter(({ name }) => name.startsWith('own/entry/')).length;
    return { entries, logSize: content.logSize };
  } finally {
    client.close();
  }
}

/**
 * Makes a member's folder from a backup: a new one, or an empty one, because what a folder knows of used indices must
 * not be lost. Throws `already_exists`, `decryption_failed` (wrong passphrase, or the file was changed),
 * `data_corrupted`. Entries made after the backup come back with {@link recoveryStart} and the log.
 */
export async function restoreMember(
  file: string,
  access: VaultAccess,
  home: string,
): Promise<{ readonly created: string; readonly entries: number; readonly logSize: number }> {
  ensure(
    !existsSync(home) || (await readdir(home)).length === 0,
    'already_exists',
    `${home} is not empty: a backup is restored into a new folder`,
  );
  const sealed = await readSecretFile(file, access, PURPOSE);
  const backup = parseFile(Backup, new TextDecoder().decode(sealed), file);
  const { networkId } = parseGenesis(backup.genesis);
  ensure(backup.config.networkId === networkId, 'data_corrupted', `${file} is of two networks`);
  await initPoseidon();
  const keys = new MemberKeys(Buffer.from(backup.vault.seed, 'hex'), networkId);
  const paths = homePaths(home);
  await mkdir(home, { recursive: true, mode: 0o700 });
  await writeVault(home, access, backup.vault);
  await writeFileDurable(paths.genesis, backup.genesis);
  if (backup.certificate !== null) await writeFileDurable(paths.certificate, backup.certificate);
  if (backup.auditLog !== '') await writeFileDurable(paths.auditLog, backup.auditLog, 0o600);
  const store = new AgentStore(paths.database, keys.storeKey);
  await store.use((session) => {
    session.importSealed(
      backup.records.map(({ name, value }) => ({
        name,
        value: new Uint8Array(Buffer.from(value, 'base64')),
      })),
    );
    session.putSealed(FROM, backup.logSize);
  });
  await new AuditLog(paths.auditLog, keys.auditKey, store).add({ command: 'member restore' });
  // Last: without it the folder is nobody's.
  await writeJson(paths.config, backup.config);
  const entries = backup.records.filter(({ name }) => name.startsWith('own/entry/')).length;
  return { created: backup.created, entries, logSize: backup.logSize };
}

/** From where on the log may hold entries that the folder does not know: 0 where it was never restored. */
export const recoveryStart = (store: AgentStore): Promise<number> =>
  store.use((session) => session.getSealed<number>(FROM) ?? 0);
