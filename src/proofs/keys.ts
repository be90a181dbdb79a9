import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { CountersealError, ensure } from '../errors.js';
import { equalG2, G2_GENERATOR } from './bn254.js';
import { manifestSchema, type Manifest } from './manifest.js';
import { parseVerificationKey, type VerificationKey } from './verification-key.js';

/** A statement that can be proved, with the version of its circuit: `{ id: 'register', version: 1 }`. */
export interface Statement {
  readonly id: string;
  readonly version: number;
}

/** What verifying needs of a statement. Obtained from a `KeyRegistry`, which has checked it. */
export interface StatementKey {
  readonly statement: Statement;
  readonly setup: Manifest['setup'];
  /** Names of the public signals, in order. */
  readonly publicSignals: readonly string[];
  readonly verificationKey: VerificationKey;
}

/** What proving needs of a statement: absolute paths of files whose hashes have been checked. */
export interface ProvingFiles {
  readonly zkey: string;
  readonly witness: string;
}

export const statementName = ({ id, version }: Statement): string => `${id}/v${version}`;

/** `keys/` of the package: two folders up from this file, in src/ and in dist/ alike. */
const PACKAGE_KEYS = fileURLToPath(new URL('../../keys/', import.meta.url));

function folderOf(root: string, { id, version }: Statement): string {
  ensure(
    typeof id === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(id) && Number.isInteger(version) && version >= 1,
    'invalid_argument',
    'a statement has a name of lower-case letters, digits and dashes, and a version from 1',
  );
  return join(root, id, `v${version}`);
}

async function read(path: string, statement: Statement): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing
      ? new CountersealError('not_found', `there are no keys for statement ${statementName(statement)}`, {
          cause,
        })
      : new CountersealError('io', `cannot read ${path}`, { cause });
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(path), hash);
  } catch (cause) {
    throw new CountersealError('io', `cannot read ${path}`, { cause });
  }
  return hash.digest('hex');
}

/** Keeps the promise of a success; a failure is forgotten, so that a mended file is read again. */
function once<T>(cache: Map<string, Promise<T>>, name: string, make: () => Promise<T>): Promise<T> {
  let promise = cache.get(name);
  if (!promise) {
    promise = make();
    cache.set(name, promise);
    promise.catch(() => cache.delete(name));
  }
  return promise;
}

/** The keys below one folder, each file checked against its manifest once, before it is first used. */
export class KeyRegistry {
  readonly #manifests = new Map<string, Promise<Manifest>>();
  readonly #keys = new Map<string, Promise<StatementKey>>();
  readonly #provingFiles = new Map<string, Promise<ProvingFiles>>();

  constructor(readonly root: string = PACKAGE_KEYS) {}

  /**
   * Throws `not_found` for a statement without keys, `data_corrupted` when a file is not what its manifest says,
   * `invalid_argument` for what cannot be a statement, `io`.
   */
  load(statement: Statement): Promise<StatementKey> {
    const folder = folderOf(this.root, statement);
    return once(this.#keys, folder, async () => {
      const manifest = await this.#manifest(statement);
      const bytes = await read(join(folder, manifest.verificationKey.file), statement);
      const verificationKey = parseVerificationKey(bytes);
      ensure(
        verificationKey.hash === manifest.verificationKey.sha256,
        'data_corrupted',
        `the verification key of ${statementName(statement)} does not have the hash of its manifest`,
      );
      const count = verificationKey.ic.length - 1;
      ensure(
        manifest.publicSignals.length === count && manifest.r1cs.publicSignals === count,
        'data_corrupted',
        `manifest and verification key of ${statementName(statement)} differ in the number of public signals`,
      );
      return {
        statement: { id: statement.id, version: statement.version },
        setup: manifest.setup,
        publicSignals: manifest.publicSignals,
        verificationKey,
      };
    });
  }

  /** Hashes the proving key and the witness program, 30 MB, once per process. Throws as `load`. */
  provingFiles(statement: Statement): Promise<ProvingFiles> {
    const folder = folderOf(this.root, statement);
    return once(this.#provingFiles, folder, async () => {
      const { zkey, witness } = await this.#manifest(statement);
      for (const { file, sha256 } of [zkey, witness])
        ensure(
          (await sha256OfFile(join(folder, file))) === sha256,
          'data_corrupted',
          `${file} of ${statementName(statement)} does not have the hash of its manifest`,
        );
      return { zkey: join(folder, zkey.file), witness: join(folder, witness.file) };
    });
  }

  #manifest(statement: Statement): Promise<Manifest> {
    const folder = folderOf(this.root, statement);
    return once(this.#manifests, folder, async () => {
      const bytes = await read(join(folder, 'manifest.json'), statement);
      let manifest: Manifest;
      try {
        manifest = manifestSchema.parse(JSON.parse(bytes.toString('utf8')));
      } catch (cause) {
        throw new CountersealError(
          'data_corrupted',
          `the manifest of ${statementName(statement)} is malformed`,
          {
            cause,
          },
        );
      }
      ensure(
        manifest.statement === statement.id && manifest.version === statement.version,
        'data_corrupted',
        `the manifest in the folder of ${statementName(statement)} is of another statement or version`,
      );
      return manifest;
    });
  }
}

/** The keys that the package carries. */
export const packageKeys = new KeyRegistry();

/**
 * Throws `failed_precondition` unless the key may be used in a network that declares `required`. A production network
 * refuses development keys, and a key whose delta is gamma or the generator: it had no second phase, and anybody can
 * forge its proofs.
 */
export function requireSetup(key: StatementKey, required: 'production' | 'development'): void {
  if (required === 'development') return;
  const name = statementName(key.statement);
  const { delta, gamma } = key.verificationKey;
  ensure(
    key.setup === 'ceremony',
    'failed_precondition',
    `the keys of ${name} are development keys: whoever made them can forge proofs; install those of the ceremony`,
  );
  ensure(
    !equalG2(delta, gamma) && !equalG2(delta, G2_GENERATOR),
    'failed_precondition',
    `the keys of ${name} had no second phase: anybody can forge their proofs; install those of the ceremony`,
  );
}

/** Throws `failed_precondition` unless the verification key is the one that the network's genesis names (hex). */
export function requireVerificationKey(key: StatementKey, hash: string): void {
  ensure(
    key.verificationKey.hash === hash,
    'failed_precondition',
    `the verification key of ${statementName(key.statement)} is not the one of the network's genesis`,
  );
}

/** What a network declares of a statement: its version, and the SHA-256 of its verification key (hex). */
export interface DeclaredStatement {
  readonly version: number;
  readonly verificationKey: string;
}

/**
 * The key of a statement as a network declares it. Throws `failed_precondition` where the keys at hand are not the
 * network's, or not of the setup that it demands; `not_found` where there are none for its version.
 */
export async function loadDeclared(
  id: string,
  { version, verificationKey }: DeclaredStatement,
  setup: 'production' | 'development',
  keys: KeyRegistry = packageKeys,
): Promise<StatementKey> {
  const key = await keys.load({ id, version });
  requireVerificationKey(key, verificationKey);
  requireSetup(key, setup);
  return key;
}

/** What a new network declares of statements that the package has keys for. */
export async function declare<Id extends string>(
  statements: readonly (Statement & { readonly id: Id })[],
): Promise<Record<Id, DeclaredStatement>> {
  const declared = await Promise.all(
    statements.map(async (statement) => {
      const { verificationKey } = await packageKeys.load(statement);
      return [statement.id, { version: statement.version, verificationKey: verificationKey.hash }] as const;
    }),
  );
  return Object.fromEntries(declared) as Record<Id, DeclaredStatement>;
}
