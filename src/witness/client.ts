import { CountersealError, ensure } from '../errors.js';
import { type NoteKey, readCosignature } from '../ledger/index.js';
import { formatRequest, SIZE_CONTENT_TYPE } from './exchange.js';

const TIMEOUT_MS = 5_000;
const ANSWER_MAX_BYTES = 16_384;

/** What a log tells a witness: a checkpoint, and proofs that it extends smaller ones. */
export interface Submission {
  readonly note: string;
  readonly size: number;
  consistencyProof(from: number): readonly Uint8Array[];
}

/** A log's side of C2SP tlog-witness, towards one witness. */
export class WitnessClient {
  /** Of the checkpoint that the witness cosigned last, as far as is known. */
  private knownSize = 0;

  constructor(
    private readonly url: string,
    readonly key: NoteKey,
  ) {}

  /**
   * The witness's cosignature line for a checkpoint, verified. Throws `unavailable` where it does not answer,
   * `failed_precondition` where it has cosigned a larger log, or another one of this size; `invalid_proof` where it
   * knows another history; `permission_denied` where it does not watch this log, or its cosignature is wrong.
   */
  async cosign(submission: Submission): Promise<string> {
    // The first answer can be the size that the witness knows: one more try with it.
    for (const last of [false, true]) {
      const { note, size } = submission;
      const oldSize = Math.min(this.knownSize, size);
      const proof = oldSize === 0 ? [] : submission.consistencyProof(oldSize);
      const { status, type, body } = await this.post(formatRequest({ oldSize, proof, checkpoint: note }));
      if (status === 200) {
        const line = body.split('\n').find((text) => readCosignature(note, text, [this.key]) !== undefined);
        ensure(line, 'permission_denied', `the witness ${this.key.name} answered without its cosignature`);
        this.knownSize = size;
        return line;
      }
      const known = type === SIZE_CONTENT_TYPE && /^\d{1,15}\n$/.test(body) ? Number(body) : undefined;
      if (status === 409 && known !== undefined && known <= size && known !== oldSize && !last) {
        this.knownSize = known;
        continue;
      }
      throw this.refusal(status, known, size);
    }
    throw new CountersealError(
      'unavailable',
      `the witness ${this.key.name} is asked by others too: try again`,
    );
  }

  /**
   * The last checkpoint of a log that the witness cosigned, as it says; undefined where there is none. Who signed it is
   * for the caller to verify. Throws `unavailable` where it does not answer.
   */
  async last(origin: string): Promise<string | undefined> {
    const { status, body } = await this.ask(`checkpoint/${encodeURIComponent(origin)}`, {});
    if (status === 404) return undefined;
    ensure(status === 200, 'unavailable', `the witness ${this.key.name} answers with status ${status}`);
    return body;
  }

  private refusal(status: number, known: number | undefined, size: number): CountersealError {
    const name = `the witness ${this.key.name}`;
    if (status === 409 && known !== undefined)
      return new CountersealError(
        'failed_precondition',
        known > size
          ? `${name} has cosigned ${known} records of this log, which has ${size} now: records were lost`
          : `${name} has cosigned other roots for ${size} records: the log has forked`,
      );
    if (status === 422)
      return new CountersealError('invalid_proof', `${name} knows another history of this log`);
    if (status === 403 || status === 404)
      return new CountersealError('permission_denied', `${name} does not watch this log under this key`);
    return new CountersealError('unavailable', `${name} answers with status ${status}`);
  }

  private post(body: string): ReturnType<WitnessClient['ask']> {
    return this.ask('add-checkpoint', { method: 'POST', body });
  }

  private async ask(
    path: string,
    request: { readonly method?: string; readonly body?: string },
  ): Promise<{ status: number; type: string; body: string }> {
    try {
      const response = await fetch(`${this.url.replace(/\/$/, '')}/${path}`, {
        ...request,
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      return { status: response.status, type, body: text.slice(0, ANSWER_MAX_BYTES) };
    } catch (cause) {
      throw new CountersealError('unavailable', `the witness ${this.key.name} does not answer`, { cause });
    }
  }
}
