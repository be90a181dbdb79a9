import { inflateSync } from 'node:zlib';
import { CountersealError } from '../../errors.js';

const PDF_MAX_BYTES = 32 * 1024 * 1024;
/** More than any page or font of an invoice unpacks to. */
const MAX_STREAM_BYTES = 64 * 1024 * 1024;
const MAX_FILTERS = 3;
const MAX_ATTACHMENTS = 20;

function refuse(message: string, cause?: unknown): CountersealError {
  return new CountersealError('invalid_document', message, {
    field: 'PDF',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Whether the bytes are a PDF: its mark may follow up to 1024 other bytes (ISO 32000-2, annex I.3.3). */
export function isPdf(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 1024)).includes('%PDF-');
}

/** Refuses streams that unpack to more than a document needs, before anything else unpacks them. */
function refuseStreamBombs(bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = buffer.indexOf('stream'); at >= 0; at = buffer.indexOf('stream', at + 6)) {
    let start = at + 6;
    if (buffer[start] === 0x0d) start += 1;
    if (buffer[start] === 0x0a) start += 1;
    let data: Buffer = buffer.subarray(start);
    // The first byte of zlib data with a usual window; filters can be stacked.
    for (let filter = 0; filter < MAX_FILTERS && (data[0] ?? 0) % 16 === 8; filter++) {
      const inflated = inflate(data);
      if (inflated === undefined) break;
      data = inflated;
    }
  }
}

function inflate(data: Buffer): Buffer | undefined {
  try {
    return inflateSync(data, { maxOutputLength: MAX_STREAM_BYTES });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw refuse(`the PDF has a stream of more than ${MAX_STREAM_BYTES / 1024 / 1024} MiB: it is hostile`);
    return undefined;
  }
}

/** A file in the PDF, by its content XML. */
function looksLikeXml(content: Uint8Array): boolean {
  const head = Buffer.from(content.subarray(0, 64))
    .toString('latin1')
    .replace(/[^\x21-\x7e]/g, '');
  return head.startsWith('<');
}

/**
 * The XML invoice that a hybrid PDF carries (Factur-X, ZUGFeRD, Order-X): other bytes come back as they are. Which
 * attachment is the invoice is decided by content, not by its name.
 *
 * @throws invalid_document if the PDF is damaged, encrypted, or carries several XML documents
 * @throws unsupported_format if it carries none: what is printed on pages is not read
 */
export async function unwrapPdf(
  bytes: Uint8Array,
  isDocument: (content: Uint8Array) => boolean,
): Promise<Uint8Array> {
  if (!isPdf(bytes)) return bytes;
  if (bytes.length > PDF_MAX_BYTES) throw refuse(`the PDF is larger than ${PDF_MAX_BYTES / 1024 / 1024} MiB`);
  refuseStreamBombs(bytes);
  const attachments = await attachmentsOf(bytes);
  // One file can be attached in two places.
  const distinct = new Map(attachments.map((content) => [Buffer.from(content).toString('latin1'), content]));
  const xml = [...distinct.values()].filter(looksLikeXml);
  const found = xml.filter(isDocument);
  const [invoice, ...more] = found;
  if (more.length > 0) {
    throw refuse(
      `the PDF carries ${found.length} XML documents: which one is meant is not clear; extract the right one`,
    );
  }
  if (invoice !== undefined) return invoice;
  throw new CountersealError(
    'unsupported_format',
    xml.length > 0
      ? 'the XML in the PDF is of no format that is read'
      : 'the PDF carries no XML invoice (Factur-X, ZUGFeRD): what is printed on its pages is not read; ask for the XML, or fill in the plain form',
    { field: 'PDF' },
  );
}

async function attachmentsOf(bytes: Uint8Array): Promise<readonly Uint8Array[]> {
  // Loaded when it is needed: it is large, and most uses never see a PDF.
  const { getDocument, VerbosityLevel } = await import('pdfjs-dist/legacy/build/pdf.mjs');
  const task = getDocument({
    // The library takes the buffer for itself.
    data: Uint8Array.from(bytes),
    isEvalSupported: false,
    useSystemFonts: false,
    disableFontFace: true,
    useWorkerFetch: false,
    stopAtErrors: true,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const pdf = await task.promise;
    const attachments = (await pdf.getAttachments()) as Record<string, { content?: Uint8Array }> | null;
    const contents = Object.values(attachments ?? {}).flatMap(({ content }) =>
      content instanceof Uint8Array ? [content] : [],
    );
    if (contents.length > MAX_ATTACHMENTS) throw refuse(`the PDF carries more than ${MAX_ATTACHMENTS} files`);
    return contents;
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    if (cause instanceof Error && cause.name === 'PasswordException')
      throw refuse('the PDF is encrypted: save it without a password', cause);
    throw refuse('the PDF is damaged', cause);
  } finally {
    await task.destroy();
  }
}
