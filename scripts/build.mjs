// Compiles src/ to dist/. Incremental: a second run with nothing changed takes about a second.
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export function build() {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  // A build record without its output would make the compiler skip what is missing.
  if (!existsSync(`${root}/dist/cli/main.js`)) rmSync(`${root}/dist`, { recursive: true, force: true });
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: ['ignore', 2, 2] });
  copyFileSync(`${root}/src/crypto/poseidon.wasm`, `${root}/dist/crypto/poseidon.wasm`);
  chmodSync(`${root}/dist/cli/main.js`, 0o755);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) build();
