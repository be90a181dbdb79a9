import {
  coordinates,
  fieldElement,
  pointFromAffine,
  type FieldElement,
  type Point,
} from '../crypto/index.js';
import { ensure } from '../errors.js';

/** A whole number as a public signal. Throws `invalid_argument` for any other. */
export function naturalSignal(n: number): bigint {
  ensure(Number.isSafeInteger(n) && n >= 0, 'invalid_argument', 'a public signal must be a whole number');
  return BigInt(n);
}

/** x and y of a point, which are two signals. */
export function pointSignals(point: Point): [FieldElement, FieldElement] {
  const { x, y } = coordinates(point);
  return [x, y];
}

/** Takes the public signals of a statement apart, in their order. */
export class SignalReader {
  private readonly rest: Iterator<FieldElement>;

  /** Throws `invalid_argument` for another number of signals, and for one that is not below p. */
  constructor(statement: string, count: number, signals: readonly bigint[]) {
    ensure(
      signals.length === count,
      'invalid_argument',
      `${statement} has ${count} public signals, not ${signals.length}`,
    );
    this.rest = signals.map(fieldElement).values();
  }

  element(): FieldElement {
    return this.rest.next().value as FieldElement;
  }

  elements(): [FieldElement, FieldElement] {
    return [this.element(), this.element()];
  }

  /** Throws `invalid_argument` for one that is wider. */
  natural(what: string, bits: number): number {
    const x = this.element();
    ensure(x < 1n << BigInt(bits), 'invalid_argument', `${what} is not below 2^${bits}`);
    return Number(x);
  }

  /** Throws `invalid_point` for what is not a point of the curve, or is its identity. */
  point(): Point {
    return pointFromAffine(this.element(), this.element());
  }
}
