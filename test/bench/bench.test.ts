import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CROSSCHECK_SIGNAL_COUNT,
  DRAWDOWN_SIGNAL_COUNT,
  FINGERPRINT_SIGNAL_COUNT,
  REGISTER_SIGNAL_COUNT,
} from '../../src/proofs/index.js';

const MAIN = fileURLToPath(new URL('../../dist/bench/main.js', import.meta.url));

/** Runs the built benchmark, as `npm run bench -- ...` does. */
const bench = (...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

describe('the benchmark', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'counterseal-bench-test-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('prints its figures as one JSON object, and draws them', async () => {
    const svg = join(folder, 'figures.svg');
    const wanted = ['register', 'fingerprint', 'crosscheck', 'drawdown'].map((id) => `${id}.constraints`);
    const { status, stdout } = await bench('--json', '--only', ...wanted, '--plot', svg);
    expect(status).toBe(0);
    expect(stdout.trimEnd()).not.toContain('\n');
    const { figures, machine } = JSON.parse(stdout) as { figures: unknown[]; machine: unknown };
    const counts = [
      REGISTER_SIGNAL_COUNT,
      FINGERPRINT_SIGNAL_COUNT,
      CROSSCHECK_SIGNAL_COUNT,
      DRAWDOWN_SIGNAL_COUNT,
    ];
    expect(figures).toEqual(
      wanted.map((name, i) => ({
        name,
        value: expect.any(Number) as number,
        unit: 'constraints',
        baseline: 2 ** 15 - 1 - counts[i]!,
        ratio: expect.any(Number) as number,
      })),
    );
    for (const { value, baseline, ratio } of figures as Record<'value' | 'baseline' | 'ratio', number>[]) {
      expect(value).toBeLessThanOrEqual(baseline);
      expect(ratio).toBeCloseTo(value / baseline, 2);
    }
    expect(machine).toMatchObject({ node: process.versions.node, cores: expect.any(Number) as number });
    const drawn = await readFile(svg, 'utf8');
    expect(XMLValidator.validate(drawn)).toBe(true);
    expect(new XMLParser().parse(drawn)).toHaveProperty('svg.rect');
    for (const name of wanted) expect(drawn).toContain(name);
  });

  it.each(['register.speed', 'state.lookup.1e6'])('refuses %s, which there is not here', async (name) => {
    const { status, stdout } = await bench('--json', '--only', name);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'invalid_argument' } });
  });
});
