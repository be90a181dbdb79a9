/** Wall-clock and processor time of a piece of work, in milliseconds. Processor time counts all threads. */
export interface Times {
  readonly wall: number;
  readonly cpu: number;
}

const cpuNow = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export async function timed<T>(work: () => T | Promise<T>): Promise<Times & { readonly result: T }> {
  const cpu = cpuNow();
  const start = performance.now();
  const result = await work();
  return { result, wall: performance.now() - start, cpu: cpuNow() - cpu };
}

/** The value below which the share `q` of the sample lies. */
export function quantile(sample: readonly number[], q: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))]!;
}

export const median = (sample: readonly number[]): number => quantile(sample, 0.5);
