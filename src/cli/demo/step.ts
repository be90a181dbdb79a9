import { CountersealError } from '../../errors.js';

/** One step of a demo: what happened, and what had to. */
export interface Step {
  readonly name: string;
  readonly actor: string;
  readonly verdict: string;
  readonly expected: string;
  readonly ms: number;
}

export interface Telling {
  readonly signal: AbortSignal;
  readonly onProgress: (what: string) => void;
  readonly onStep: (step: Step) => void;
}

export type Take = (
  actor: string,
  name: string,
  expected: string,
  work: () => Promise<string>,
) => Promise<void>;

/** Takes the steps of a story: one that cannot be done is reported like the others, and then this throws why. */
export const stepsOf =
  ({ signal, onProgress, onStep }: Telling): Take =>
  async (actor, name, expected, work) => {
    if (signal.aborted) throw new CountersealError('unavailable', 'the demo was stopped');
    onProgress(`${actor}: ${name}`);
    const started = performance.now();
    let failure: unknown;
    const verdict = await work().catch((error: unknown) => {
      failure = error;
      return `error: ${error instanceof CountersealError ? error.code : 'internal'}`;
    });
    onStep({ name, actor, verdict, expected, ms: Math.round(performance.now() - started) });
    if (failure !== undefined) throw failure;
  };
