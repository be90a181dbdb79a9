/** LEI (ISO 17442): eighteen characters and two digits, remainder 1 modulo 97 (ISO 7064 MOD 97-10). */
export function isLei(value: string): boolean {
  if (!/^[0-9A-Z]{18}[0-9]{2}$/.test(value)) return false;
  const digits = [...value].map((character) => parseInt(character, 36).toString()).join('');
  return BigInt(digits) % 97n === 1n;
}

/** GLN (GS1 General Specifications section 7.9): thirteen digits, weights 1 and 3. */
export function isGln(value: string): boolean {
  if (!/^[0-9]{13}$/.test(value)) return false;
  const sum = [...value].reduce((total, digit, i) => total + Number(digit) * (i % 2 === 0 ? 1 : 3), 0);
  return sum % 10 === 0;
}

/** D-U-N-S: nine digits; its check digit has not been assigned since 2006. */
export function isDuns(value: string): boolean {
  return /^[0-9]{9}$/.test(value);
}

/** EORI (Regulation (EU) 2015/2446, annex 12-01): a country code and up to fifteen characters. */
export function isEori(value: string): boolean {
  return /^[A-Z]{2}[A-Z0-9]{1,15}$/.test(value);
}

/** Container number (ISO 6346): owner, category U, J or Z, six digits, check digit modulo 11 modulo 10. */
export function isContainer(value: string): boolean {
  if (!/^[A-Z]{3}[UJZ][0-9]{7}$/.test(value)) return false;
  const sum = [...value.slice(0, 10)].reduce(
    (total, character, i) => total + containerValue(character) * 2 ** i,
    0,
  );
  return (sum % 11) % 10 === Number(value[10]);
}

/** ISO 6346 annex A: letters count from 10, leaving out the multiples of 11. */
function containerValue(character: string): number {
  const value = parseInt(character, 36);
  return value < 10 ? value : value + Math.floor((value - 1) / 10);
}

/** IMO ship number (resolution A.1117(30)): seven digits, weights 7 to 2, last digit of the sum. */
export function isImo(value: string): boolean {
  if (!/^[0-9]{7}$/.test(value)) return false;
  const sum = [...value.slice(0, 6)].reduce((total, digit, i) => total + Number(digit) * (7 - i), 0);
  return sum % 10 === Number(value[6]);
}

const VIN_WEIGHTS = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
const VIN_VALUES: Readonly<Record<string, number>> = Object.freeze({
  ...Object.fromEntries([...'0123456789'].map((digit) => [digit, Number(digit)])),
  ...Object.fromEntries([...'ABCDEFGH'].map((letter, i) => [letter, i + 1])),
  ...Object.fromEntries([...'JKLMN'].map((letter, i) => [letter, i + 1])),
  ...{ P: 7, R: 9 },
  ...Object.fromEntries([...'STUVWXYZ'].map((letter, i) => [letter, i + 2])),
});

/** VIN (ISO 3779) with the check digit of 49 CFR 565.15, which only North America requires. */
export function isVin(value: string): boolean {
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(value)) return false;
  const sum = [...value].reduce((total, c, i) => total + (VIN_VALUES[c] ?? 0) * (VIN_WEIGHTS[i] ?? 0), 0);
  const check = sum % 11;
  return value[8] === (check === 10 ? 'X' : String(check));
}
