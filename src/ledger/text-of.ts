import { type FieldElement, text } from '../crypto/index.js';

const texts = new Map<string, FieldElement>();

/** text() of one of the few names that a network has: a Poseidon hash, computed once. Needs `initPoseidon()`. */
export function textOf(name: string): FieldElement {
  let value = texts.get(name);
  if (value === undefined) texts.set(name, (value = text(name)));
  return value;
}
