import { Worker } from 'node:worker_threads';
import type { ParsedDocument } from '../agent/index.js';
import { CountersealError, type ErrorCode } from '../errors.js';

/** To the worker. */
export interface DocumentQuestion {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** From the worker. */
export interface DocumentAnswer {
  readonly id: number;
  readonly parsed?: ParsedDocument;
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly field: string | undefined };
}

/** What takes longer was made to: the largest of the corpus of real documents takes a tenth of a second. */
const TIMEOUT_MS = 20_000;
const MEMORY_MB = 768;

interface Job {
  readonly bytes: Uint8Array;
  readonly resolve: (parsed: ParsedDocument) => void;
  readonly reject: (error: CountersealError) => void;
}

/**
 * Reads documents on a thread of its own, one after the other, so that none stops the others' requests: one that takes
 * too long, or too much memory, ends that thread, and the next one gets a new one.
 */
export class DocumentReader {
  private worker: Worker | undefined;
  private readonly waiting: Job[] = [];
  /** Whoever waits for the thread: told its answer, or why there is none. */
  private answered: ((answer: DocumentAnswer | string) => void) | undefined;
  private busy = false;
  private count = 0;
  private closed = false;

  constructor(
    private readonly timeoutMs = TIMEOUT_MS,
    // Node runs no TypeScript in workers: it is always the built file.
    private readonly program = new URL('../../dist/gateway/document-worker.js', import.meta.url),
  ) {}

  /** Throws as `parseDocument` does, and `invalid_document` for what takes too long. Takes the bytes over. */
  read(bytes: Uint8Array): Promise<ParsedDocument> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ bytes, resolve, reject });
      void this.next();
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const job of this.waiting.splice(0))
      job.reject(new CountersealError('unavailable', 'the gateway is ending'));
    const { worker } = this;
    this.drop('the gateway is ending');
    await worker?.terminate();
  }

  private async next(): Promise<void> {
    if (this.busy) return;
    const job = this.waiting.shift();
    if (!job) return;
    this.busy = true;
    try {
      job.resolve(await this.ask(job.bytes));
    } catch (error) {
      job.reject(error as CountersealError);
    }
    this.busy = false;
    void this.next();
  }

  private ask(bytes: Uint8Array): Promise<ParsedDocument> {
    if (this.closed) return Promise.reject(new CountersealError('unavailable', 'the gateway is ending'));
    const id = ++this.count;
    return new Promise<ParsedDocument>((resolve, reject) => {
      const timer = setTimeout(() => this.drop('the document takes too long to read'), this.timeoutMs);
      this.answered = (answer) => {
        if (typeof answer !== 'string' && answer.id !== id) return;
        clearTimeout(timer);
        this.answered = undefined;
        if (typeof answer === 'string') reject(new CountersealError('invalid_document', answer));
        else if (answer.parsed) resolve(answer.parsed);
        else {
          const { code, message, field } = answer.error!;
          reject(new CountersealError(code, message, field === undefined ? {} : { field }));
        }
      };
      // Handed over where they are alone in their memory: a copy of sixteen megabytes holds everybody up.
      const alone = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
      this.thread().postMessage({ id, bytes } satisfies DocumentQuestion, alone ? [bytes.buffer] : []);
    });
  }

  private thread(): Worker {
    if (this.worker) return this.worker;
    const worker = new Worker(this.program, { resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB } });
    const ended = (why: string) => () => {
      if (this.worker === worker) this.drop(why);
    };
    worker.on('message', (answer: DocumentAnswer) => this.answered?.(answer));
    worker.on('error', ended('the document takes more memory to read than there is for one'));
    worker.on('exit', ended('the document could not be read'));
    worker.unref();
    return (this.worker = worker);
  }

  /** Ends the thread, and the document that it reads with a reason. */
  private drop(why: string): void {
    void this.worker?.terminate();
    this.worker = undefined;
    this.answered?.(why);
  }
}
