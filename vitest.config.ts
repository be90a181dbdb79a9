import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The files that take longest, first, so that none of them is left at the end. */
const LONGEST = [
  'system/crash',
  'system/lifecycle',
  'cli/cli',
  'circuits/register-dishonest',
  'system/privacy',
  'system/members',
  'system/batch',
  'system/gateway',
  'system/operation',
  'system/hostile',
  'circuits/fingerprint-dishonest',
  'system/kill-agent',
  'system/kill-node',
  'proofs/prover',
  'system/receipt',
  'circuits/gadgets',
  'system/kill-evaluator',
  'documents/fuzz-formats',
  'circuits/register',
  'agent/customs',
  'circuits/crosscheck',
  'circuits/drawdown',
  'oprf/evaluate',
  'fuzz/sockets',
  'system/',
  'circuits/',
  'cli/',
  // They use what proofs/prover has made: not at the same time as it.
  'proofs/',
].map((path) => `/test/${path}`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const name = moduleId.replace(/\.test\.ts$/, '');
      const at = LONGEST.findIndex((path) =>
        path.endsWith('/') ? name.includes(path) : name.endsWith(path),
      );
      return at < 0 ? LONGEST.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // `npm run test:stories`.
    exclude: ['test/stories/**'],
    pool: 'forks',
    // One more than two cores: many tests wait for processes.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 180_000,
    sequence: { sequencer: LongestFirst },
  },
});
