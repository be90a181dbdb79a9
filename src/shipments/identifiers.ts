import { isContainer, isLei } from '../documents/canonical/check-digits.js';
import { taxId } from '../documents/canonical/tax-id.js';
import { CountersealError } from '../errors.js';
import type { Random } from './random.js';

/** Bodies that no check digit fits are rare. */
const MAX_BODIES = 1_000;

/** The first candidate that holds; of one body none may, and then the next one is drawn. */
function firstThat(draw: () => Iterable<string>, holds: (candidate: string) => boolean): string {
  for (let body = 0; body < MAX_BODIES; body++)
    for (const candidate of draw()) if (holds(candidate)) return candidate;
  throw new CountersealError('internal', 'no check digit fits');
}

/** A body with every check of so many digits behind it. */
function* withCheck(body: string, digits: number): Generator<string> {
  for (let check = 0; check < 10 ** digits; check++) yield body + String(check).padStart(digits, '0');
}

/** The endings of numbers whose check is a letter or a digit. */
const withCharacter = (body: string): string[] =>
  [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((character) => body + character);

/** What numbers of a country's tax office can be, every check digit to be tried. */
const TAX_NUMBERS: Readonly<Record<string, (random: Random) => Iterable<string>>> = {
  BE: (random) => withCheck(`BE0${random.between(4, 7)}${random.digits(6)}`, 2),
  BR: (random) => withCheck(`BR${random.between(10, 59)}${random.digits(6)}0001`, 2),
  CH: (random) => withCheck(`CHE${random.between(100, 399)}${random.digits(5)}`, 1),
  CN: (random) => withCharacter(`CN91${random.between(11, 53)}0100MA${random.digits(7)}`),
  DE: (random) => withCheck(`DE${random.between(1, 3)}${random.digits(7)}`, 1),
  FR: (random) => french(`${random.between(300, 899)}${random.digits(5)}`),
  IN: (random) =>
    withCharacter(
      `IN${random.pick(['07', '24', '27', '29', '33'])}${random.letters(3)}C${random.letters(1)}${random.between(1000, 9999)}${random.letters(1)}1Z`,
    ),
  IT: (random) => withCheck(`IT0${random.between(100_000, 999_999)}${random.pick(['010', '015', '048'])}`, 1),
  KR: (random) => withCheck(`KR${random.between(101, 699)}81${random.digits(4)}`, 1),
  NO: (random) => withCheck(`NO9${random.digits(7)}`, 1),
  PL: (random) => withCheck(`PL${random.between(521, 951)}${random.digits(6)}`, 1),
};

/** A SIREN behind the key that follows from it. */
function* french(body: string): Generator<string> {
  for (const siren of withCheck(body, 1)) {
    const key = (12 + 3 * (Number(siren) % 97)) % 97;
    yield `FR${String(key).padStart(2, '0')}${siren}`;
  }
}

export const TAX_COUNTRIES: readonly string[] = Object.keys(TAX_NUMBERS);

/** A tax number with its country before it, of which every check digit holds; nobody's, or somebody's by chance. */
export const taxNumber = (country: string, random: Random): string =>
  firstThat(
    () => TAX_NUMBERS[country]!(random),
    (id) => taxId(id, country, 'tax number').warning === undefined,
  );

/** EORI (Regulation (EU) 952/2013): the country and a national number, for which most states take the tax number. */
export const eori = (country: string, vat: string, random: Random): string =>
  country === 'DE'
    ? `DE${random.between(1, 9)}${random.digits(6)}`
    : `${country}${vat.slice(2)}${country === 'PL' ? '00000' : ''}`;

/** LEI (ISO 17442) under a prefix that no registrar has. */
export const lei = (random: Random): string =>
  firstThat(() => withCheck(`000000${random.letters(6)}${random.digits(6)}`, 2), isLei);

/** ISO 6346: owner and category, serial number, check digit. */
export const containerNumber = (random: Random): string =>
  firstThat(() => withCheck(`${random.letters(3)}U${random.digits(6)}`, 1), isContainer);
