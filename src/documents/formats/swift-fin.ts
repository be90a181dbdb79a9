import { CountersealError } from '../../errors.js';

/** A field of block 4: `:31D:` is the tag 31D; lines of the value are joined by line feeds. */
export interface MtField {
  readonly tag: string;
  readonly value: string;
}

export interface MtMessage {
  /** `700`. */
  readonly type: string;
  /** The sender's BIC of eight letters and digits, without terminal and branch; undefined inside an MT798. */
  readonly sender: string | undefined;
  readonly fields: readonly MtField[];
}

/** A FIN message has at most 10,000 characters; a document and its continuations are eight messages at most. */
const MAX_CHARACTERS = 200_000;

/** SWIFT's character set z, which is set x and some more; both in single bytes. */
const CHARACTERS = /^[A-Za-z0-9/\-?:().,'+ ="!%&*<>;{@#_\n]*$/;

const TAG = /^:([0-9]{2}[A-Z]?):(.*)$/;

function malformed(message: string, field: string): CountersealError {
  return new CountersealError('invalid_document', message, { field });
}

/** Whether a text begins as a FIN message does. */
export function isFin(text: string): boolean {
  return /^[\s\uFEFF]*\{1:F[0-9]{2}/.test(text);
}

/**
 * The messages of a text, strictly: basic header, application header, text, and trailers that are not looked at. Of
 * several, a line with `$` stands between two.
 *
 * @throws invalid_document naming the block or the tag
 */
export function parseFin(text: string): readonly MtMessage[] {
  if (text.length > MAX_CHARACTERS)
    throw malformed(`the file has more than ${MAX_CHARACTERS} characters, which no such document has`, 'MT');
  const messages: MtMessage[] = [];
  let rest = text.replace(/\r\n?/g, '\n').replace(/^[\s\uFEFF]+/, '');
  while (rest !== '') {
    const read = message(rest);
    messages.push(read.message);
    rest = read.rest.replace(/^[\s$]+/, '');
  }
  return messages;
}

/** The network's answer, which senders keep before the message: 451 is 0 if it was accepted. */
const ANSWER = /^\{1:F21[A-Z0-9]{12}[0-9]{10}\}\{4:((?:\{[0-9]{3}:[^{}\n]{0,100}\})*)\}\s*/;

function message(answered: string): { message: MtMessage; rest: string } {
  const answer = ANSWER.exec(answered);
  if (answer !== null && !answer[1]?.includes('{451:0}'))
    throw malformed('SWIFT has not accepted this message: the answer before it is no ACK', 'block 4');
  const text = answered.slice(answer?.[0].length ?? 0);
  const basic = /^\{1:F01([A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2})[A-Z0-9]([A-Z0-9]{3})[0-9]{10}\}/.exec(text);
  if (basic === null)
    throw malformed('block 1 is not {1:F01, the address of the sender and ten digits}', 'block 1');
  let rest = text.slice(basic[0].length);
  const input = /^\{2:I([0-9]{3})[A-Z0-9]{12}[A-Z]?[0-9]{0,4}\}/.exec(rest);
  // Of a message as its receiver has it, block 1 names the receiver and block 2 the sender.
  const output = /^\{2:O([0-9]{3})[0-9]{10}([A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2})[A-Z0-9]{4}[0-9]{20}[A-Z]?\}/.exec(
    rest,
  );
  const header = input ?? output;
  if (header === null) throw malformed('block 2 is neither an input nor an output header', 'block 2');
  rest = rest.slice(header[0].length);
  // The user header has no part in the document: {3:{108:...}}.
  rest = rest.replace(/^\{3:(?:\{[0-9]{3}:[^{}\n]{0,100}\})*\}/, '');
  if (!rest.startsWith('{4:\n'))
    throw malformed('block 4 must follow, with its fields on lines of their own', 'block 4');
  const end = rest.indexOf('\n-}');
  if (end < 0) throw malformed('block 4 has no end: a line with -}', 'block 4');
  const fields = fieldsOf(rest.slice('{4:\n'.length, Math.max(end, '{4:\n'.length)));
  rest = rest.slice(end + '\n-}'.length).replace(/^(?:\{[5S]:(?:\{[A-Z0-9]{3}:[^{}\n]{0,100}\})*\})*/, '');
  return {
    message: {
      type: header[1] ?? '',
      sender: output === null ? basic[1] : output[2],
      fields,
    },
    rest,
  };
}

function fieldsOf(block: string): readonly MtField[] {
  const fields: { tag: string; lines: string[] }[] = [];
  for (const line of block.split('\n')) {
    const [, tag, first = ''] = TAG.exec(line) ?? [];
    const current = fields.at(-1);
    if (tag !== undefined) fields.push({ tag, lines: [first] });
    else if (current === undefined || line.startsWith(':'))
      throw malformed(
        `block 4 has the line ${JSON.stringify(line.slice(0, 40))}, which is neither a field such as :20: nor part of one`,
        current === undefined ? 'block 4' : `:${current.tag}:`,
      );
    else current.lines.push(line);
  }
  return fields.map(({ tag, lines }) => {
    const value = lines.join('\n');
    if (!CHARACTERS.test(value)) {
      const foreign = [...value].find((character) => !CHARACTERS.test(character)) ?? '';
      throw malformed(
        `:${tag}: has the character ${JSON.stringify(foreign)}, which is not in the character set of SWIFT`,
        `:${tag}:`,
      );
    }
    return { tag, value };
  });
}
