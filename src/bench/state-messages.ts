import type { Grown } from './state-contents.js';

/** To the process that grows or measures a state. */
export interface StateTask {
  readonly directory: string;
  readonly from: Grown;
  /** How many entries there shall be; not used when measuring. */
  readonly to: number;
  readonly measure: boolean;
}

/** Its answers: how far it is, then what came of it. Times in milliseconds of processor an operation, bytes. */
export type StateAnswer =
  | { readonly entries: number }
  | { readonly grown: Grown }
  | { readonly grown: Grown; readonly lookup: number; readonly apply: number; readonly rss: number };
