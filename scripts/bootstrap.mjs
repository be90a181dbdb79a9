// Brings a fresh clone, or one whose dependencies or sources changed, to the point where dist/ can run.
// Uses Node's own modules only: it runs before anything is installed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const [major, minor] = process.versions.node.split('.').map(Number);
const supported = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
if (!supported) {
  console.error(
    `counterseal needs Node 20 from 20.19, 22 from 22.12, or 24 and later; this is ${process.versions.node}.`,
  );
  process.exit(1);
}

const stamp = 'node_modules/.counterseal-installed';
const wanted = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const installed = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
if (installed !== wanted) {
  console.error('Installing dependencies (once, a minute or less) ...');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  rmSync(stamp, { force: true });
  if (npm) execFileSync(process.execPath, [npm, ...args], { stdio: ['ignore', 2, 2] });
  else execFileSync('npm', args, { stdio: ['ignore', 2, 2] });
  writeFileSync(stamp, wanted);
}

const { build } = await import('./build.mjs');
build();
