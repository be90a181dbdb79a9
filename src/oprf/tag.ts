import { DOMAIN, poseidon, text, type FieldElement, type Point } from '../crypto/index.js';

declare const documentKeyBrand: unique symbol;
declare const tagBrand: unique symbol;
/** H(4, u, N.y): what only the committee's evaluation gives. Secret: it opens what is encrypted to the document. */
export type DocumentKey = FieldElement & { readonly [documentKeyBrand]: true };
/** H(5, document key, text(purpose)): public, on the ledger. */
export type Tag = FieldElement & { readonly [tagBrand]: true };

/** The document key of identity u whose evaluated point is N. Takes N.y alone: the sign of N is free. */
export function documentKeyOf(identity: FieldElement, evaluated: Point): DocumentKey {
  return poseidon([DOMAIN.documentKey, identity, evaluated.toAffine().y]) as DocumentKey;
}

/** The tag of a document for a purpose (protocol section 5, step 6). Throws `invalid_argument` for no purpose. */
export function tagOf(documentKey: DocumentKey, purpose: string): Tag {
  return poseidon([DOMAIN.tag, documentKey, text(purpose)]) as Tag;
}
