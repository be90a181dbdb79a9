// Generates src/rpc/generated from proto/. With --check: fails if what is there differs.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = 'src/rpc/generated';
const buf = join(root, 'node_modules/.bin/buf');

const read = (folder) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .sort()
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );

if (process.argv.includes('--check')) {
  const folder = mkdtempSync(join(tmpdir(), 'counterseal-generate-'));
  try {
    for (const path of ['proto', 'buf.yaml', 'buf.gen.yaml'])
      cpSync(join(root, path), join(folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    execFileSync(buf, ['lint'], { cwd: folder, stdio: 'inherit' });
    execFileSync(buf, ['generate'], { cwd: folder, stdio: 'inherit' });
    if (JSON.stringify(read(join(folder, out))) !== JSON.stringify(read(join(root, out)))) {
      console.error(`${out} is not what proto/ generates: run npm run generate.`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else {
  rmSync(join(root, out), { recursive: true, force: true });
  execFileSync(buf, ['generate'], { cwd: root, stdio: 'inherit' });
}
