import { z } from 'zod';
import { CountersealError } from '../errors.js';
import { type CanonicalDocument, canonicalDocument } from './document.js';
import { CANON_VERSION } from './kinds.js';
import { SLOT_NAMES, type SlotName } from './slots.js';

/** The largest encoding that decodes: three full sets of long strings, and room. */
export const ENCODED_MAX_BYTES = 128 * 1024;

const slotValue = z.union([z.string(), z.array(z.string()).min(1).max(64)]);
const encoded = z.strictObject({
  canon: z.literal(CANON_VERSION),
  kind: z.number().int(),
  strings: z.strictObject(
    Object.fromEntries(SLOT_NAMES.map((slot) => [slot, slotValue.optional()])) as Record<
      SlotName,
      z.ZodOptional<typeof slotValue>
    >,
  ),
});

/**
 * The bytes of a document for the payload of its entry: JSON without white space, kind and strings only, slots
 * in their order. Equal documents have equal bytes.
 */
export function encodeDocument(document: CanonicalDocument): Uint8Array {
  const strings: Partial<Record<SlotName, string | readonly string[]>> = {};
  for (const slot of SLOT_NAMES) {
    const value = document.strings[slot];
    if (value !== undefined) strings[slot] = value;
  }
  return new TextEncoder().encode(JSON.stringify({ canon: CANON_VERSION, kind: document.kind, strings }));
}

/**
 * Reads what {@link encodeDocument} wrote, and nothing else: another spelling of the same JSON is refused.
 *
 * @throws invalid_document
 */
export function decodeDocument(bytes: Uint8Array): CanonicalDocument {
  if (bytes.length > ENCODED_MAX_BYTES) {
    throw new CountersealError(
      'invalid_document',
      `an encoded document has at most ${ENCODED_MAX_BYTES} bytes`,
    );
  }
  let parsed: z.infer<typeof encoded>;
  try {
    parsed = encoded.parse(
      JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)),
    );
  } catch (cause) {
    throw new CountersealError('invalid_document', 'this is not an encoded document of canon 1', { cause });
  }
  const strings: Partial<Record<SlotName, string | readonly string[]>> = {};
  for (const slot of SLOT_NAMES) {
    const value = parsed.strings[slot];
    if (value !== undefined) strings[slot] = value;
  }
  let document: CanonicalDocument;
  try {
    document = canonicalDocument(parsed.kind, strings);
  } catch (cause) {
    if (!(cause instanceof CountersealError)) throw cause;
    throw new CountersealError('invalid_document', cause.message, {
      cause,
      ...(cause.field === undefined ? {} : { field: cause.field }),
    });
  }
  const again = encodeDocument(document);
  if (again.length !== bytes.length || !again.every((byte, i) => byte === bytes[i])) {
    throw new CountersealError('invalid_document', 'the encoding of this document is not the canonical one');
  }
  return document;
}
