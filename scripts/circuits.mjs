// Compiling circuits: used by scripts/keys.mjs and by the tests of circuits/.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Where `include` finds what does not lie beside the including file. */
const LIBRARIES = join(ROOT, 'node_modules');

/** The npm package and its version; circom2 0.2.23 is circom 2.2.3. */
export const circomVersion = () => `circom2 ${require('circom2/package.json').version}`;

/**
 * Every source that a circuit is made of, circomlib's among them: name -> absolute path, sorted by name. A name is
 * relative to `root`, or starts with `circomlib/`.
 */
export function sourcesOf(main, root = ROOT) {
  const found = new Map();
  const visit = (path) => {
    const name = path.startsWith(LIBRARIES) ? relative(LIBRARIES, path) : relative(root, path);
    if (found.has(name)) return;
    found.set(name, path);
    for (const [, target] of readFileSync(path, 'utf8').matchAll(/^\s*include\s+"([^"]+)"/gm)) {
      const beside = resolve(dirname(path), target);
      visit(existsSync(beside) ? beside : join(LIBRARIES, target));
    }
  };
  visit(resolve(root, main));
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

export async function sha256OfFile(path) {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** name -> SHA-256 of every source of a circuit. */
export function sourceHashes(main, root = ROOT) {
  return Object.fromEntries(
    [...sourcesOf(main, root)].map(([name, path]) => [name, sha256(readFileSync(path))]),
  );
}

/**
 * Runs circom on `main` and writes its outputs into the folder `out`; both, and the folder `library` where includes
 * are looked for, are paths below the repository root. Returns what the compiler printed; throws with it when it fails.
 */
export async function compile(main, out, flags, library = LIBRARIES) {
  mkdirSync(out, { recursive: true });
  // The compiler's file system begins at the working directory: paths must be relative, libraries below it.
  const here = (path) => relative(ROOT, resolve(ROOT, path));
  const args = [here(main), ...flags, '-l', here(library), '-o', here(out)];
  try {
    const run = promisify(execFile)(process.execPath, [require.resolve('circom2/cli.js'), ...args], {
      cwd: ROOT,
      maxBuffer: 1 << 26,
    });
    const { stdout, stderr } = await run;
    return stdout + stderr;
  } catch (error) {
    throw new Error(`circom ${args.join(' ')} failed:\n${error.stdout}${error.stderr}`, { cause: error });
  }
}

/** The names of the first `count` signals of a witness after the constant 1, from a .sym file. */
export function signalNames(sym, count) {
  const names = new Array(count);
  for (const line of readFileSync(sym, 'utf8').split('\n')) {
    const [, index, , name] = line.split(',');
    if (Number(index) >= 1 && Number(index) <= count)
      names[Number(index) - 1] ??= name.replace(/^main\./, '');
  }
  return names;
}
