export const ROOT: string;
export function circomVersion(): string;
export function sourcesOf(main: string, root?: string): Map<string, string>;
export function sha256(bytes: Uint8Array | string): string;
export function sha256OfFile(path: string): Promise<string>;
export function sourceHashes(main: string, root?: string): Record<string, string>;
export function compile(
  main: string,
  out: string,
  flags: readonly string[],
  library?: string,
): Promise<string>;
export function signalNames(sym: string, count: number): string[];
