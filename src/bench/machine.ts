import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Where figures were measured: without it they say nothing. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly platform: string;
  readonly node: string;
  /** Of the last minute, before the run: what else the machine was doing. */
  readonly load: number;
  readonly time: string;
}

export const describeMachine = (): Machine => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  node: process.versions.node,
  load: loadavg()[0]!,
  time: new Date().toISOString(),
});

export const machineLine = ({ cpu, cores, memoryGiB, platform, node, load }: Machine): string =>
  `${cores} cores of ${cpu}, ${memoryGiB} GiB, ${platform}, Node ${node}; load before the run ${load.toFixed(1)}`;
