declare module 'circomlibjs' {
  export function buildPoseidon(): Promise<
    ((inputs: bigint[]) => Uint8Array) & { F: { toObject(x: Uint8Array): bigint } }
  >;
}
