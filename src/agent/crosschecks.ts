import type { Prover } from '../proofs/index.js';
import { proveCrosscheck, type CrosscheckProgress, type MadeCrosscheck } from './crosscheck-prove.js';
import {
  makeCrosscheckRequest,
  type CrosscheckQuestion,
  type MadeCrosscheckRequest,
} from './crosscheck-request.js';
import type { SideParts, SideSource } from './crosscheck-sides.js';
import { verifyCrosscheck, type VerifiedCrosscheck } from './crosscheck-verify.js';

/** Cross-checks of a member, as verifier and as prover. */
export class Crosschecks {
  constructor(private readonly parts: SideParts) {}

  /** Throws as {@link makeCrosscheckRequest}. */
  request(question: CrosscheckQuestion): Promise<MadeCrosscheckRequest> {
    return makeCrosscheckRequest(this.parts, question);
  }

  /** Throws as {@link proveCrosscheck}. */
  prove(
    request: string,
    sides: { readonly a: SideSource; readonly b?: SideSource },
    prover: Prover,
    onProgress?: (step: CrosscheckProgress) => void,
  ): Promise<MadeCrosscheck> {
    return proveCrosscheck(this.parts, request, sides, prover, onProgress);
  }

  /** Throws as {@link verifyCrosscheck}. */
  verify(result: string, request: string): Promise<VerifiedCrosscheck> {
    return verifyCrosscheck(this.parts, result, request);
  }
}
