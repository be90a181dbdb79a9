import { createHash } from 'node:crypto';
import { readDocument, unwrapDocument, type ReadDocument } from '../documents/index.js';
import { ensure } from '../errors.js';

/** The largest document that is read, in bytes: the largest of the corpus of real ones is a hundredth of it. */
export const DOCUMENT_MAX_BYTES = 16 * 1024 * 1024;

/** A document as a file holds it. */
export interface ParsedDocument extends ReadDocument {
  /** SHA-256 of the file, in hexadecimal: what the audit log calls it by. */
  readonly fileHash: string;
}

/**
 * Reads the bytes of a document's file. Its content says which format it is: XML of UBL, CII, WCO and ICS; JSON of UBL,
 * GOBL, DCSA, Open Insurance Brasil, TradeTrust, W3C credentials and Counterseal; SWIFT MT700; PDF with an XML invoice in it. Throws `invalid_document`,
 * `unsupported_format`, `missing_field`, each with the field as the format calls it. Takes the processor until it is
 * done: a process that serves others reads in a worker.
 */
export async function parseDocument(bytes: Uint8Array): Promise<ParsedDocument> {
  ensure(
    bytes.length <= DOCUMENT_MAX_BYTES,
    'invalid_document',
    `the document is larger than ${DOCUMENT_MAX_BYTES / 1024 / 1024} MiB`,
  );
  const read = readDocument(await unwrapDocument(bytes));
  return { ...read, fileHash: createHash('sha256').update(bytes).digest('hex') };
}
