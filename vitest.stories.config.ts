import { defineConfig } from 'vitest/config';

/** The stories of `demo customs` and `demo cover`, told once each with real proofs: minutes of both cores. */
export default defineConfig({
  test: { include: ['test/stories/*.test.ts'], pool: 'forks', maxWorkers: 1 },
});
