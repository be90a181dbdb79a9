import { parentPort } from 'node:worker_threads';
import { parseDocument } from '../agent/reading.js';
import { CountersealError } from '../errors.js';
import type { DocumentAnswer, DocumentQuestion } from './document-reader.js';

/** Reads documents for {@link DocumentReader}: what a file holds may keep a processor busy for long. */
parentPort!.on('message', ({ id, bytes }: DocumentQuestion) => {
  void parseDocument(bytes).then(
    (parsed) => answer({ id, parsed }),
    (error: unknown) =>
      answer({
        id,
        error:
          error instanceof CountersealError
            ? { code: error.code, message: error.message, field: error.field }
            : { code: 'internal', message: 'the document could not be read', field: undefined },
      }),
  );
});

const answer = (message: DocumentAnswer): void => parentPort!.postMessage(message);
