import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Each folder may import from itself and from those it lists; nothing else (architecture: imports point one way). */
const MAY_IMPORT: Record<string, readonly string[]> = {
  crypto: [],
  storage: [],
  documents: ['crypto'],
  // Synthetic documents: of ledgers and proofs it knows nothing.
  shipments: ['crypto', 'documents'],
  oprf: ['crypto', 'storage'],
  proofs: ['crypto', 'documents'],
  // An auditor reads one file: it imports nothing of the project.
  receipts: [],
  ledger: ['crypto', 'documents', 'proofs'],
  witness: ['crypto', 'documents', 'ledger'],
  engine: ['crypto', 'storage', 'documents', 'proofs', 'ledger'],
  rpc: ['crypto', 'documents', 'oprf', 'proofs', 'ledger', 'engine'],
  agent: ['crypto', 'storage', 'documents', 'oprf', 'proofs', 'receipts', 'ledger', 'rpc'],
  metrics: ['crypto', 'documents', 'oprf', 'proofs', 'ledger', 'witness', 'engine', 'rpc'],
  gateway: ['crypto', 'documents', 'proofs', 'ledger', 'rpc', 'agent'],
  cli: [
    ...['crypto', 'documents', 'shipments', 'oprf', 'proofs', 'receipts', 'ledger', 'witness'],
    ...['engine', 'rpc', 'agent', 'gateway', 'metrics'],
  ],
  // Measures all of them; not part of the package.
  bench: ['crypto', 'documents', 'oprf', 'proofs', 'ledger', 'engine', 'rpc', 'agent', 'gateway', 'cli'],
};

const src = fileURLToPath(new URL('../src/', import.meta.url));
const layerOf = (path: string) => relative(src, path).split('/')[0]!;

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && file.includes('/') && !file.endsWith('.d.ts'),
);

describe('imports point one way', () => {
  it('every folder of src is a layer', () => {
    expect([...new Set(files.map((file) => file.split('/')[0]!))].filter((f) => !(f in MAY_IMPORT))).toEqual(
      [],
    );
  });

  it.each(files)('%s', (file) => {
    const path = resolve(src, file);
    const source = readFileSync(path, 'utf8');
    const imports = [...source.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map((m) => m[1]!);
    const layer = layerOf(path);
    const wrong = imports
      .map((specifier) => resolve(dirname(path), specifier))
      .filter((target) => !/\/src\/(errors|time)\.js$/.test(target))
      .filter((target) => layerOf(target) !== layer && !MAY_IMPORT[layer]!.includes(layerOf(target)));
    expect(wrong).toEqual([]);
  });
});
