import { CountersealError } from '../../errors.js';
import type { PartyFields } from '../canonical/party.js';
import type { CanonicalDocument } from '../document.js';
import { LETTER_OF_CREDIT } from '../kinds.js';
import { bankIdentifier } from './bank-identifier.js';
import { noKind } from './credential.js';
import { canonicalFields, type IssuerFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { own } from './json.js';
import { type Found, type ReferenceFields, required } from './slot-builder.js';
import { isFin, type MtField, type MtMessage, parseFin } from './swift-fin.js';

/** SWIFT MT in JSON, as systems keep it: an object whose `fin` is the message. */
export const swiftJson: JsonFormat = {
  name: 'swift-mt',
  recognises: (object) => {
    const fin = own(object, 'fin');
    return typeof fin === 'string' && isFin(fin);
  },
  read: (object) => readSwift(String(own(object, 'fin'))),
};

/** Messages about credits and undertakings that are none themselves, and what they are. */
const ABOUT: Readonly<Record<string, string>> = {
  '705': 'pre-advice of a letter of credit, which is not issued yet',
  '707': 'amendment of a letter of credit: register the credit that it amends',
  '708': 'amendment of a letter of credit: register the credit that it amends',
  '711': 'continuation of an advice of a letter of credit: put the MT710 before it into the same file',
  '721': 'continuation of a transfer of a letter of credit: put the MT720 before it into the same file',
  '701': 'continuation of a letter of credit: put the MT700 before it into the same file',
  '730': 'acknowledgement',
  '732': 'advice of discharge',
  '734': 'advice of refusal',
  '740': 'authorisation to reimburse',
  '742': 'reimbursement claim',
  '747': 'amendment of an authorisation to reimburse',
  '750': 'advice of discrepancy',
  '752': 'authorisation to pay',
  '754': 'advice of payment',
  '756': 'advice of reimbursement',
  '759': 'ancillary trade message',
  '761': 'continuation of a guarantee: put the MT760 before it into the same file',
  '765': 'demand under a guarantee or standby letter of credit',
  '767': 'amendment of a guarantee or standby letter of credit: register the undertaking that it amends',
  '768': 'acknowledgement of a guarantee',
  '769': 'advice of reduction of a guarantee',
  '770': 'application for a letter of credit, which is not issued yet',
  '775': 'continuation of an amendment of a guarantee',
  '785': 'notice of non-extension of a guarantee',
  '786': 'refusal of a demand',
  '787': 'response to an amendment of a guarantee',
};

/** Continuations, which add text to the message before them. */
const CONTINUES: Readonly<Record<string, string>> = {
  '701': '700',
  '711': '710',
  '721': '720',
  '761': '760',
};

/**
 * Letters of credit out of SWIFT messages: issued (MT700), advised (MT710), transferred (MT720), standby (MT760), and
 * MT700, 710, 720 or 760 in the envelope between a company and its bank (MT798).
 *
 * @throws unsupported_format naming what the message is instead; invalid_document, missing_field with the tag as field
 */
export function readSwift(text: string): CanonicalDocument {
  const [first, ...others] = parseFin(text).map(unwrapped);
  if (first === undefined) throw new CountersealError('internal', 'a parsed file has a message');
  for (const other of others) {
    if (CONTINUES[other.type] !== first.type || one(other, '20')?.value !== one(first, '20')?.value) {
      throw new CountersealError(
        'invalid_document',
        `the file holds ${others.length + 1} messages: put each document in a file of its own, with no other than its continuations`,
        { field: 'MT' },
      );
    }
  }
  switch (first.type) {
    case '700':
      return readCredit(first, { number: '20', issuer: issuerOf(first, first.sender) });
    case '710':
      return readCredit(first, { number: '21', issuer: issuerOf(first, undefined) });
    case '720':
      return readTransfer(first);
    case '760':
      return readUndertaking(first);
    default: {
      const about = ABOUT[first.type];
      throw noKind(about === undefined ? `MT${first.type}` : `MT${first.type}, ${about}`, 'MT');
    }
  }
}

/**
 * The message in an MT798, whose text is its own. Who sends the envelope need not be who issued the credit: it can be
 * the bank that advises it.
 */
function unwrapped(message: MtMessage): MtMessage {
  if (message.type !== '798') return message;
  const at = message.fields.findIndex(({ tag }) => tag === '77E');
  const envelope = { ...message, fields: at < 0 ? message.fields : message.fields.slice(0, at) };
  const type = required(one(envelope, '12'), ':12:');
  if (!/^[0-9]{3}$/.test(type.value))
    refuse(type, 'the number of the message in the envelope has three digits');
  if (at < 0)
    throw new CountersealError('missing_field', ':77E: is missing: the envelope holds no message', {
      field: ':77E:',
    });
  const [opening, ...fields] = message.fields.slice(at);
  const inside = (opening?.value ?? '').trim();
  if (inside !== '')
    throw new CountersealError('invalid_document', ':77E: must begin with a field on a line of its own', {
      field: ':77E:',
    });
  return { type: type.value, sender: undefined, fields };
}

/** The only field of a tag: of two, which one counts would be the reader's choice. Its value is without line ends. */
function one(message: MtMessage, tag: string): Found | undefined {
  const [first, ...more] = message.fields.filter((field) => field.tag === tag);
  if (more.length > 0)
    throw new CountersealError(
      'invalid_document',
      `:${tag}: occurs ${more.length + 1} times; one is allowed`,
      {
        field: `:${tag}:`,
      },
    );
  return first === undefined ? undefined : { value: first.value, field: `:${tag}:` };
}

function refuse({ value, field }: Found, why: string): never {
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 60))}: ${why}`,
    {
      field,
    },
  );
}

/** A reference (16x): without slashes at its ends and without two in a row, as the standard has it. */
function reference(message: MtMessage, tag: string): Found {
  const found = required(one(message, tag), `:${tag}:`);
  const { value } = found;
  if (value.length > 16 || /\n|^\/|\/$|\/\//.test(value))
    refuse(
      found,
      'a reference has at most 16 characters on one line, no slash at its ends and no two in a row',
    );
  return found;
}

/** YYMMDD: years from 80 are of the last century (SWIFT's own rule). */
function date(found: Found | undefined): Found | undefined {
  if (found === undefined) return undefined;
  const [, year = '', month, day] = /^([0-9]{2})([0-9]{2})([0-9]{2})$/.exec(found.value) ?? [];
  if (year === '') refuse(found, 'a date is YYMMDD, as in 260331');
  return { ...found, value: `${Number(year) >= 80 ? '19' : '20'}${year}-${month}-${day}` };
}

/** 3!a15d: the currency and an amount with a decimal comma, which is always there. */
function amount(found: Found): { currency: Found; amount: Found } {
  const [, code, whole = '', fraction = ''] = /^([A-Z]{3})([0-9]+),([0-9]*)$/.exec(found.value) ?? [];
  if (code === undefined || whole.length + fraction.length > 14)
    refuse(
      found,
      'an amount is a currency and at most 15 characters with a decimal comma, as in EUR48790,00',
    );
  return {
    currency: { ...found, value: code },
    amount: { ...found, value: fraction === '' ? whole : `${whole}.${fraction}` },
  };
}

/** The bank of field 52: option A is its BIC, D its name and address. */
function issuingBank(message: MtMessage): IssuerFields | undefined {
  const coded = one(message, '52A');
  const written = one(message, '52D');
  if (coded !== undefined && written !== undefined) refuse(written, 'the issuing bank is in :52A: already');
  // A line with the party's account may stand before the BIC or the name.
  if (coded !== undefined) return bankIdentifier(withoutAccount(coded).value, coded.field);
  return written === undefined ? undefined : party(written);
}

/** The issuing bank: the one that is named, else whoever sends what only an issuing bank sends. */
function issuerOf(message: MtMessage, sender: string | undefined): IssuerFields | undefined {
  return issuingBank(message) ?? (sender === undefined ? undefined : bankIdentifier(sender, 'block 1'));
}

function withoutAccount(found: Found): Found {
  const lines = found.value.split('\n');
  return lines[0]?.startsWith('/') === true ? { ...found, value: lines.slice(1).join('\n') } : found;
}

/** Name and address: the first line is the name. */
function party(found: Found | undefined): PartyFields | undefined {
  if (found === undefined) return undefined;
  const [name = ''] = withoutAccount(found).value.split('\n');
  return name.trim() === ''
    ? undefined
    : {
        ids: [],
        endpoints: [],
        name: { value: name, field: found.field },
        country: undefined,
        field: found.field,
      };
}

interface CreditParts {
  readonly number: string;
  readonly issuer: IssuerFields | undefined;
  readonly references?: readonly ReferenceFields[];
}

function readCredit(message: MtMessage, { number, issuer, references = [] }: CreditParts): CanonicalDocument {
  const expiry = required(one(message, '31D'), ':31D:');
  return canonicalFields({
    kind: LETTER_OF_CREDIT,
    issuer,
    number: reference(message, number),
    counterparty: party(one(message, '59')),
    issueDate: date(one(message, '31C')),
    // Date and place of expiry are one field.
    endDate: date({ ...expiry, value: expiry.value.slice(0, 6) }),
    ...amount(required(one(message, '32B'), ':32B:')),
    references,
    names: { issuer: ':52A:', number: `:${number}:` },
  });
}

/** A transferred credit is one of its own, for the second beneficiary: of the bank that transfers it. */
function readTransfer(message: MtMessage): CanonicalDocument {
  const original = reference(message, '21');
  return readCredit(message, {
    number: '20',
    issuer: message.sender === undefined ? undefined : bankIdentifier(message.sender, 'block 1'),
    references: [{ ...original, kind: LETTER_OF_CREDIT, issuer: 'unknown' }],
  });
}

const UNDERTAKINGS: ReadonlyMap<string, string> = new Map([
  ['DGAR', 'demand guarantee'],
  ['DEPU', 'dependent undertaking'],
]);

/** Sequence B of an MT760 is the undertaking; a guarantee has no kind, a standby letter of credit has that of credits. */
function readUndertaking(message: MtMessage): CanonicalDocument {
  const purpose = required(one(message, '22A'), ':22A:');
  if (purpose.value !== 'ISSU')
    throw noKind(`MT760 with purpose ${purpose.value.slice(0, 20)}, a counter-undertaking`, ':22A:');
  const sequence = sequenceOf(message, '15B');
  const form = required(one(sequence, '22D'), ':22D:');
  if (form.value !== 'STBY') {
    const name = UNDERTAKINGS.get(form.value);
    if (name === undefined)
      refuse(
        form,
        'STBY (standby letter of credit), DGAR (demand guarantee) or DEPU (dependent undertaking)',
      );
    throw noKind(name, ':22D:');
  }
  return canonicalFields({
    kind: LETTER_OF_CREDIT,
    issuer: issuerOf(sequence, message.sender),
    number: reference(sequence, '20'),
    counterparty: party(one(sequence, '59')),
    issueDate: date(one(sequence, '30')),
    endDate: date(one(sequence, '31E')),
    ...amount(required(one(sequence, '32B'), ':32B:')),
    names: { issuer: ':52A:', number: ':20:' },
  });
}

/** The fields after the mark of a sequence, up to that of the next one. */
function sequenceOf(message: MtMessage, mark: string): MtMessage {
  required(one(message, mark), `:${mark}:`);
  const from = message.fields.findIndex(({ tag }) => tag === mark) + 1;
  const isMark = ({ tag }: MtField): boolean => /^15[A-Z]$/.test(tag);
  const length = message.fields.slice(from).findIndex(isMark);
  return { ...message, fields: message.fields.slice(from, length < 0 ? undefined : from + length) };
}
