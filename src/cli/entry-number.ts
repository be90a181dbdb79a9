import { CountersealError } from '../errors.js';

/** Parses an argument that is the number of an entry. */
export const parseEntryNumber = (value: string): number => {
  if (!/^\d{1,15}$/.test(value))
    throw new CountersealError('invalid_argument', `${value} is not the number of an entry`);
  return Number(value);
};
