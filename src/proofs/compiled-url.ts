/**
 * The built file `name` of this folder. Node runs no TypeScript in workers and children, so what they start is always
 * in dist/, also when the caller itself runs from src/ (tests: build first).
 */
export const compiledUrl = (name: string): URL => new URL(`../../dist/proofs/${name}`, import.meta.url);
