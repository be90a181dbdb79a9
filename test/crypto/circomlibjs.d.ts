declare module 'circomlibjs' {
  export function buildPoseidonReference(): Promise<
    ((inputs: bigint[]) => Uint8Array) & { F: { toObject(x: Uint8Array): bigint } }
  >;
}
