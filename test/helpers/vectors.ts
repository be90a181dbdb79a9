import { readFileSync } from 'node:fs';

/** A file of test/vectors: numbers computed by a program independent of this one. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the files are data, each test reads its own shape
export function vectors(name: string): any {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'));
}

/** An expectation of a CountersealError's code. */
export const code = (value: string) => ({ name: 'CountersealError', code: value });
