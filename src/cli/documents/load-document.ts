import type { Stats } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { CountersealError, ensure } from '../../errors.js';

/** Reads the file of a document; none that is larger than any document, and no device or pipe. */
export async function readDocumentFile(path: string): Promise<Uint8Array> {
  const { DOCUMENT_MAX_BYTES } = await import('../../agent/reading.js');
  let file: Stats;
  try {
    file = await stat(path);
    // A device or a pipe may have no end.
    ensure(file.isFile(), 'io', `${path} is not a file`);
    ensure(
      file.size <= DOCUMENT_MAX_BYTES,
      'invalid_document',
      `${path} is larger than ${DOCUMENT_MAX_BYTES / 1024 / 1024} MiB`,
    );
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    throw new CountersealError(
      'io',
      `cannot read ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'error'}`,
      {
        cause,
      },
    );
  }
}

/** Reads and recognises a document. */
export async function loadDocument(path: string) {
  const bytes = await readDocumentFile(path);
  const { parseDocument } = await import('../../agent/reading.js');
  const { document, fileHash } = await parseDocument(bytes);
  return { document, hash: fileHash };
}
