/** The part of snarkjs 0.7 that is used here, in its tests and in the scripts that make keys. */
declare module 'snarkjs' {
  /** A path, or a file in memory, which snarkjs fills. */
  export type SnarkjsFile = string | { type: 'mem'; data?: Uint8Array };
  /** Names of inputs to nested arrays of field elements. */
  export type SnarkjsInputs = Record<string, unknown>;

  export namespace groth16 {
    function prove(
      zkey: SnarkjsFile,
      witness: SnarkjsFile,
      logger?: undefined,
      options?: { singleThread?: boolean },
    ): Promise<{ proof: unknown; publicSignals: string[] }>;
    function verify(
      verificationKey: unknown,
      publicSignals: readonly string[],
      proof: unknown,
    ): Promise<boolean>;
  }
  export namespace wtns {
    function calculate(inputs: SnarkjsInputs, wasm: SnarkjsFile, witness: SnarkjsFile): Promise<void>;
    function check(r1cs: SnarkjsFile, witness: SnarkjsFile, logger: unknown): Promise<boolean>;
  }
  export namespace powersOfTau {
    function newAccumulator(curve: unknown, power: number, file: SnarkjsFile): Promise<unknown>;
    function contribute(from: SnarkjsFile, to: SnarkjsFile, name: string, entropy: string): Promise<unknown>;
    function preparePhase2(from: SnarkjsFile, to: SnarkjsFile): Promise<void>;
  }
  export namespace zKey {
    function newZKey(r1cs: SnarkjsFile, ptau: SnarkjsFile, zkey: SnarkjsFile): Promise<unknown>;
    function contribute(from: SnarkjsFile, to: SnarkjsFile, name: string, entropy: string): Promise<unknown>;
    function exportVerificationKey(zkey: SnarkjsFile): Promise<unknown>;
  }
  export namespace r1cs {
    function info(file: SnarkjsFile): Promise<{ nConstraints: number; nPubInputs: number; nOutputs: number }>;
  }
  export namespace curves {
    function getCurveFromName(
      name: string,
      options?: { singleThread?: boolean },
    ): Promise<{ terminate(): Promise<void> }>;
  }
}
