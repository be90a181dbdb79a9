import { z } from 'zod';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** A file beside the manifest: a plain name, so that a manifest cannot point out of its folder. */
const file = z.object({ file: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/), sha256 });

/** `keys/<statement>/v<N>/manifest.json`: what the keys were made from and what they must hash to. */
export const manifestSchema = z.object({
  statement: z.string(),
  version: z.int(),
  /** `development`: made by one party from a throwaway file; whoever made it can forge proofs. */
  setup: z.enum(['development', 'ceremony']),
  circom: z.object({ version: z.string(), flags: z.array(z.string()) }),
  /** Circuit sources: path from the repository root to SHA-256. */
  sources: z.record(z.string(), sha256),
  r1cs: z.object({ sha256, constraints: z.int().positive(), publicSignals: z.int().positive() }),
  zkey: file,
  verificationKey: file,
  witness: file,
  ptau: z.object({ sha256 }),
  /** Names of the public signals in snarkjs's order: outputs first. */
  publicSignals: z.array(z.string().min(1)).min(1),
});

export type Manifest = z.infer<typeof manifestSchema>;
