import { CountersealError } from '../../errors.js';
import { isContainer, isImo, isVin } from './check-digits.js';
import { alphanumeric } from './number.js';

/** A canonical string and what its owner should know about it. */
export interface Checked {
  readonly value: string;
  readonly warning?: string;
}

/**
 * A container as `CONTAINER|MSCU6639871`. The check digit must hold: a wrong one is nearly always a typing error, and
 * a set with a mistyped container matches nothing.
 *
 * @throws invalid_document
 */
export function container(value: string, field: string): string {
  const number = alphanumeric(value, field);
  if (isContainer(number)) return `CONTAINER|${number}`;
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 40))}, which is no container number: four letters, six digits and the ` +
      'check digit of ISO 6346, as in CSQU3054383',
    { field },
  );
}

/** A ship as `IMO|9074729`. A wrong check digit warns: real documents have them. */
export function imoShip(value: string, field: string): Checked {
  const number = alphanumeric(value, field).replace(/^IMO/, '');
  if (!/^[0-9]{7}$/.test(number)) refuseShape(value, field, 'an IMO number has seven digits');
  return checkedObject(
    `IMO|${number}`,
    isImo(number),
    `${field}: the check digit of IMO number ${number} is wrong`,
  );
}

/** A vehicle as `VIN|1M8GDM9AXKP042788`. A wrong check digit warns: most of the world does not use it. */
export function vehicle(value: string, field: string): Checked {
  const number = alphanumeric(value, field);
  if (!/^[A-HJ-NPR-Z0-9]{17}$/.test(number)) {
    refuseShape(value, field, 'a VIN has seventeen letters and digits, without I, O and Q');
  }
  return checkedObject(
    `VIN|${number}`,
    isVin(number),
    `${field}: the check digit of VIN ${number} does not hold`,
  );
}

/** A class of goods as `HS|840999`: the six digits that all customs tariffs share. */
export function harmonizedSystem(value: string, field: string): string {
  const digits = alphanumeric(value, field);
  if (!/^[0-9]{6,}$/.test(digits)) refuseShape(value, field, 'an HS code has at least six digits');
  return `HS|${digits.slice(0, 6)}`;
}

/** The longest identifier of an object without a check digit. */
const OBJECT_ID_MAX = 100;

/**
 * Any other object as `LOT|546378239`: what it is, and the identifier that its own world gave it, separators dropped.
 *
 * @throws invalid_document
 */
export function objectOf(type: string, value: string, field: string): string {
  const name = alphanumeric(type, field);
  const id = alphanumeric(value, field);
  if (name === '' || id === '') refuseShape(value, field, 'an object needs a type and an identifier');
  if (id.length > OBJECT_ID_MAX)
    refuseShape(value, field, `an identifier has at most ${OBJECT_ID_MAX} characters`);
  return `${name}|${id}`;
}

function checkedObject(value: string, holds: boolean, warning: string): Checked {
  return holds ? { value } : { value, warning };
}

function refuseShape(value: string, field: string, why: string): never {
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 40))}: ${why}`,
    { field },
  );
}
