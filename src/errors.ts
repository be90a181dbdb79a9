/**
 * The closed list of error codes. A code never changes its meaning; messages may.
 * Each says what the caller should do.
 */
export const ERROR_CODES = {
  /** A value that arrived is malformed or out of range: correct it, do not retry. */
  invalid_argument: 'invalid_argument',
  /** A document cannot be read as its format: see `field`, mend the file. */
  invalid_document: 'invalid_document',
  /** No importer knows this content: convert it to a format of the list. */
  unsupported_format: 'unsupported_format',
  /** The document lacks what the purpose's fingerprints need: see `field`. */
  missing_field: 'missing_field',
  /** A curve point or field element that arrived is not valid: whoever sent it is faulty or hostile. */
  invalid_point: 'invalid_point',
  /** A ciphertext did not authenticate: wrong key or passphrase, or it was changed. */
  decryption_failed: 'decryption_failed',
  /** The peer is not who it must be, or may not do this: check certificate and role. */
  permission_denied: 'permission_denied',
  /** A quota is used up: wait for the next day or ask for a higher one. */
  quota_exceeded: 'quota_exceeded',
  /** An evaluator's answer failed its check: it is named; tell the network's operator. */
  evaluator_misbehaved: 'evaluator_misbehaved',
  /** Too few peers answered: retry later; nothing was lost. */
  unavailable: 'unavailable',
  /** A proof does not verify, or is not of the form that it must have. */
  invalid_proof: 'invalid_proof',
  /** A transaction is refused by the rules of the ledger: see the message for which one. */
  rejected: 'rejected',
  /** A nullifier, or a transaction, was seen before. */
  already_exists: 'already_exists',
  /** What was named is not there. */
  not_found: 'not_found',
  /** The entry's state does not allow this now. */
  failed_precondition: 'failed_precondition',
  /** Stored data is damaged: stop, restore from a backup; never continued past. */
  data_corrupted: 'data_corrupted',
  /** A file or folder cannot be read or written: see the message. */
  io: 'io',
  /** A defect of this program: please report it. */
  internal: 'internal',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Whatever leaves no mark of its own: control, format, private and filler characters, spaces but the usual one. */
const INVISIBLE = /[\p{C}\p{DI}\p{Zl}\p{Zp}\u2800]|(?! )\p{Zs}/gu;

/**
 * A text with every character that a reader cannot see, or that a terminal obeys, by its number: whoever is told that a
 * number has a character too many must see which.
 */
export const visible = (text: string): string =>
  text.replace(INVISIBLE, (c) => `\\u{${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}}`);

/** How long a message may become by {@link visible}. */
const SHOWN_MAX_LENGTH = 1_000;

/** The one error class. `cause` is for logs and is never sent over the wire; no message holds a secret. */
export class CountersealError extends Error {
  override readonly name = 'CountersealError';
  /** The field at fault, as the user's format calls it. */
  readonly field: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: { field?: string; cause?: unknown } = {},
  ) {
    // Ten thousand such characters in a row, each by its number, would make the message eight times as long.
    const shown = visible(message).slice(0, Math.max(message.length, SHOWN_MAX_LENGTH));
    super(shown, options.cause === undefined ? undefined : { cause: options.cause });
    this.field = options.field;
  }
}

/** Throws `code` with `message` unless `condition` holds. */
export function ensure(
  condition: unknown,
  code: ErrorCode,
  message: string,
  field?: string,
): asserts condition {
  if (!condition) throw new CountersealError(code, message, field === undefined ? {} : { field });
}
