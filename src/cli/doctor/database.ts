import { existsSync } from 'node:fs';
import { LevelStore } from '../../engine/index.js';
import { CountersealError } from '../../errors.js';
import type { Report } from './report.js';

/** All keys of the databases of this program. */
const EVERYTHING = { gte: ' ', lt: '\u007f' } as const;
export const RUNS = Symbol('another process has it open');

/**
 * Opens a database whose values carry checksums, reads each of them, and does `more` with it. Answers {@link RUNS}
 * where another process has it open: a service that runs, or a command.
 */
export async function checkDatabase(
  report: Report,
  check: string,
  path: string,
  more: (store: LevelStore) => Promise<void> = () => Promise.resolve(),
): Promise<typeof RUNS | number | undefined> {
  if (!existsSync(path)) {
    report.warn(check, `${path} is not there yet`, 'none, if this folder is new; else restore a backup');
    return undefined;
  }
  return report.run(
    check,
    async () => {
      let store: LevelStore;
      try {
        store = await LevelStore.open(path);
      } catch (error) {
        if (error instanceof CountersealError && error.code === 'failed_precondition') return RUNS;
        throw error;
      }
      try {
        let values = 0;
        for await (const [key] of store.iterate(EVERYTHING)) if (key !== '') values++;
        await more(store);
        return values;
      } finally {
        await store.close();
      }
    },
    (values) => (values === RUNS ? undefined : `${values} values, all as they were written`),
  );
}
