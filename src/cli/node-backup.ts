import { createWriteStream, existsSync } from 'node:fs';
import { link, mkdir, mkdtemp, open, readFile, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readText, writeFileDurable } from '../crypto/index.js';
import {
  type BackupContent,
  type BackupExtras,
  EmbeddedEngine,
  inspectBackup,
  restoreLedger,
} from '../engine/index.js';
import { CountersealError, ensure } from '../errors.js';
import { genesisHash, parseGenesis } from '../ledger/index.js';
import { askAdmin } from '../rpc/admin-socket.js';
import { nodePaths } from './homes/node.js';
import { writeRestored } from './homes/restored.js';
import { print, printJson, progress, table } from './output.js';
import { readVaultKey, type PassphraseOptions } from './passphrase.js';

export interface BackupOptions extends PassphraseOptions {
  home: string;
  out: string;
  withKeys?: boolean;
  json?: boolean;
}

export interface RestoreOptions {
  home: string;
  genesis?: string;
  json?: boolean;
}

/** What a node needs beside its ledger and the genesis; the second is sealed under the passphrase. */
const KEY_FILES = ['node.json', 'secrets.json', 'certificate.pem'] as const;
const SECRET_MODE = 0o600;

/** What a backup holds of a node's folder beside the ledger. */
export async function backupExtras(home: string, withKeys: boolean): Promise<BackupExtras> {
  const read = (name: string) =>
    readFile(join(home, name)).catch((cause: unknown) => {
      throw new CountersealError('io', `cannot read ${join(home, name)}`, { cause });
    });
  const names = withKeys ? KEY_FILES : [];
  return {
    genesis: await read(basename(nodePaths(home).genesis)),
    keyFiles: await Promise.all(names.map(async (name) => ({ name, content: await read(name) }))),
  };
}

export async function backUpNode(options: BackupOptions): Promise<void> {
  const { home, out, withKeys = false } = options;
  ensure(existsSync(nodePaths(home).config), 'not_found', `${home} is no folder of a node (--home)`);
  ensure(!existsSync(out), 'already_exists', `${out} exists: choose another name`);
  progress('backing up ...');
  const running = await askAdmin(home, 'POST', withKeys ? '/backup?keys' : '/backup');
  const content = await writeWhole(out, running ?? offline(options, withKeys));
  progress('');
  report(content, (await stat(out)).size, options, withKeys);
}

/** The bytes of a backup of a node that does not run: its database is free, and its key is needed for the seal. */
async function* offline(options: BackupOptions, withKeys: boolean): AsyncGenerator<Uint8Array> {
  progress('');
  const access = await readVaultKey(options);
  progress('backing up ...');
  const [{ openNode }, { initPoseidon }] = await Promise.all([
    import('./node-run.js'),
    import('../crypto/index.js'),
  ]);
  const { genesis, signer } = await openNode(options.home, access);
  ensure(
    existsSync(nodePaths(options.home).database),
    'not_found',
    `${options.home} has no ledger yet: there is nothing to back up`,
  );
  await initPoseidon();
  const engine = await EmbeddedEngine.open({
    directory: nodePaths(options.home).database,
    genesis,
    signer,
    verifier: { verify: () => Promise.resolve(false) },
    held: 'this node is being backed up',
  });
  try {
    yield* engine.backup(await backupExtras(options.home, withKeys));
  } finally {
    await engine.close();
  }
}

/** Writes a file that is either not there or whole, synced, and read again and verified; never over another one. */
async function writeWhole(path: string, source: AsyncIterable<Uint8Array>): Promise<BackupContent> {
  const folder = dirname(path);
  const part = await mkdtemp(join(folder, `.${basename(path)}-`)).catch((cause: unknown) => {
    throw new CountersealError('io', `cannot write to ${folder}: is it there, and writable?`, { cause });
  });
  try {
    const temporary = join(part, basename(path));
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of source) {
        bytes += chunk.length;
        progress(`backing up, ${mebibytes(bytes)} ...`);
        yield chunk;
      }
    };
    try {
      await pipeline(
        Readable.from(counted()),
        createWriteStream(temporary, { flags: 'wx', mode: SECRET_MODE, flush: true }),
      );
    } catch (cause) {
      if (cause instanceof CountersealError) throw cause;
      throw new CountersealError('io', `the backup ended early: is the disk full, or did the node stop?`, {
        cause,
      });
    }
    progress('verifying ...');
    const content = await inspectBackup(temporary, KEY_FILES);
    await moveToNew(temporary, path);
    await syncFolder(folder);
    return content;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Unlike a renaming, a link fails where a file of this name has come meanwhile; not every disk has links. */
async function moveToNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
    await unlink(temporary);
  } catch (cause) {
    const taken = (cause as NodeJS.ErrnoException).code === 'EEXIST' || existsSync(path);
    if (taken)
      throw new CountersealError('already_exists', `${path} exists by now: choose another name`, { cause });
    await rename(temporary, path);
  }
}

export async function restoreNode(file: string, options: RestoreOptions): Promise<void> {
  const { home } = options;
  const paths = nodePaths(home);
  ensure(
    !existsSync(paths.database),
    'already_exists',
    `${home} has a ledger already, and nothing is written over it: choose a new folder`,
  );
  const known = options.genesis ?? (existsSync(paths.genesis) ? paths.genesis : undefined);
  const expected =
    known === undefined ? undefined : parseGenesis(await readText(known, 'a genesis.json is needed'));
  progress('verifying ...');
  const content = await inspectBackup(file, KEY_FILES, expected, (bytes) =>
    progress(`verifying, ${mebibytes(bytes)} ...`),
  );
  for (const { name } of content.keyFiles)
    ensure(
      !existsSync(join(home, name)),
      'already_exists',
      `${join(home, name)} exists, and the backup holds another one: choose a new folder`,
    );
  await mkdir(home, { recursive: true, mode: 0o700 });
  const { checkpoint, genesis } = content;
  // First: until all is there, this folder starts no node.
  await writeRestored(home, {
    networkId: genesis.networkId,
    height: checkpoint.height,
    size: checkpoint.size,
    time: new Date(checkpoint.time).toISOString(),
  });
  const unfinished = await mkdtemp(join(home, '.restoring-'));
  try {
    await restoreLedger(content, unfinished, ({ chunks, payloads }) =>
      progress(`restoring, part ${chunks + payloads} of ${content.chunks + content.payloads} ...`),
    );
    if (!existsSync(paths.genesis)) await writeFileDurable(paths.genesis, content.genesisFile);
    for (const { name, content: bytes } of content.keyFiles)
      await writeFileDurable(join(home, name), bytes, name === 'secrets.json' ? SECRET_MODE : 0o644);
    await syncFolder(unfinished);
    await rename(unfinished, paths.database);
    await syncFolder(home);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  progress('');
  reportRestored(content, options);
}

function report(content: BackupContent, bytes: number, options: BackupOptions, withKeys: boolean): void {
  const { checkpoint, genesis, payloads } = content;
  const { height, size } = checkpoint;
  const { networkId } = genesis;
  if (options.json)
    return printJson({ file: options.out, bytes, networkId, height, size, payloads, withKeys });
  print(
    `${options.out}: ${mebibytes(bytes)}, verified`,
    ...table([
      ['network', networkId],
      ['block', `${height} of ${new Date(checkpoint.time).toISOString()}`],
      ['records', String(size)],
      ['payloads', String(payloads)],
      ['keys', withKeys ? 'included, sealed under the passphrase' : 'not included'],
    ]),
    ...(withKeys
      ? ['Keep it as you keep the keys. Never run two nodes with one key.']
      : [`To restore it you also need ${KEY_FILES.join(', ')} of this folder: keep copies elsewhere.`]),
  );
}

function reportRestored(content: BackupContent, { home, json = false }: RestoreOptions): void {
  const { checkpoint, genesis, payloads } = content;
  const { height, size } = checkpoint;
  const missing = KEY_FILES.filter((name) => !existsSync(join(home, name)));
  const hash = Buffer.from(genesisHash(genesis)).toString('hex');
  if (json)
    return printJson({
      home,
      networkId: genesis.networkId,
      genesisHash: hash,
      height,
      size,
      payloads,
      missing,
    });
  print(
    `${home}: restored and verified`,
    ...table([
      ['network', genesis.networkId],
      ['genesis', hash],
      ['block', `${height} of ${new Date(checkpoint.time).toISOString()}`],
      ['records', String(size)],
      ['payloads', String(payloads)],
    ]),
    ...(missing.length > 0 ? [`Still missing: ${missing.join(', ')} of the node that was backed up.`] : []),
    '',
    'What the node signed after this block is not here. The node starts, and can be read, and accepts nothing until',
    'you start it once with --confirm-restored. Before that, make sure that nobody has more:',
    '  - every member runs `counterseal entry list`: it says so where its copy of the log is longer than this one;',
    '  - the node asks its witnesses itself, and does not start where one has cosigned more.',
    'If somebody has more, find the newer disk or backup: going on from here would fork the log.',
  );
}

const mebibytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MiB`;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
