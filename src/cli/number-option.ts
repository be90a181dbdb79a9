import { Option } from 'commander';
import { CountersealError } from '../errors.js';

/** An option that takes a whole number, written in digits. Any other value is a wrong command line. */
export function numberOption(
  flags: string,
  description: string,
  { min, max, unit = 'a number' }: { readonly min: number; readonly max: number; readonly unit?: string },
): Option {
  const option = new Option(flags, description);
  return option.argParser(function parseWholeNumber(value) {
    const number = Number(value);
    if (/^\d{1,15}$/.test(value) && number >= min && number <= max) return number;
    throw new CountersealError('invalid_argument', `${option.long} takes ${unit} from ${min} to ${max}`);
  });
}
