import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ed25519PublicKey, ed25519Sign } from '../../src/crypto/index.js';
import { EmbeddedEngine, type EmbeddedOptions, type SubmitResult } from '../../src/engine/index.js';
import type { NoteSigner } from '../../src/ledger/index.js';
import { hashProofVerifier, payloadFor, seedOf, START, testGenesis } from '../ledger/helpers.js';

export const operatorOf = (networkId: string): NoteSigner => ({
  name: networkId,
  publicKey: ed25519PublicKey(seedOf('operator')),
  sign: (message) => ed25519Sign(seedOf('operator'), message),
});

/** Directories that are removed at the end of a test file. */
export class Directories {
  private readonly root = mkdtempSync(join(tmpdir(), 'counterseal-engine-'));
  fresh(): string {
    return mkdtempSync(join(this.root, 'ledger-'));
  }
  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

export function openEngine(
  directory: string,
  options: Partial<EmbeddedOptions> = {},
): Promise<EmbeddedEngine> {
  const genesis = options.genesis ?? testGenesis();
  return EmbeddedEngine.open({
    directory,
    genesis,
    verifier: hashProofVerifier,
    signer: operatorOf(genesis.networkId),
    clock: () => START,
    ...options,
  });
}

/** Submits a registration with its payload. */
export const submitDocument = (engine: EmbeddedEngine, bytes: Uint8Array): Promise<SubmitResult> =>
  engine.submit(bytes, payloadFor(bytes));
