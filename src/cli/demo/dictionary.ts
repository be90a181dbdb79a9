import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import {
  combineShares,
  coordinates,
  DOMAIN,
  encodeToCurve,
  fieldToBytes,
  initPoseidon,
  multiply,
  poseidon,
  text,
  type FieldElement,
  type Point,
  type Scalar,
} from '../../crypto/index.js';
import {
  canonicalDocument,
  fingerprintRow,
  fingerprintStrings,
  identity,
  readDocument,
  slotsOf,
  type CanonicalDocument,
} from '../../documents/index.js';
import { readKeyShare } from '../homes/evaluator.js';

/** Numbers before and after each real one that are tried as well: sellers number in sequence. */
const NEIGHBOURS = 20;
const WINDOW = 16;

/** What a search found: how many derived values are in the database. */
export interface Search {
  readonly candidates: number;
  /** By somebody who has the database alone. */
  readonly withDatabase: number;
  /** By somebody who also has the key shares of the first evaluator, of the first two, and so on. */
  readonly withShares: readonly number[];
}

/**
 * What somebody with a node's whole disk can do: for every candidate document, and many that are near, compute all
 * that follows from it without the evaluators, and look for it in every byte of the database. Then the same with the
 * key shares of one evaluator more each time: the true tag follows only from as many as the threshold.
 */
export async function searchDatabase(
  database: string,
  documents: readonly string[],
  shares: readonly string[],
  passphrase: string,
): Promise<Search> {
  await initPoseidon();
  const windows = await windowsOf(database);
  const found = (value: Buffer) =>
    windows.has(value.toString('latin1', 0, WINDOW)) || windows.has(value.toString('hex').slice(0, WINDOW));
  const keys = await Promise.all(shares.map((home) => readKeyShare(home, passphrase)));
  const secrets = keys.map((_, i) =>
    combineShares(keys.slice(0, i + 1).map(({ id, share }) => ({ id, value: share }))),
  );
  const withShares = secrets.map(() => 0);
  let candidates = 0;
  let withDatabase = 0;
  for (const path of documents) {
    const { document } = readDocument(await readFile(path));
    for (const candidate of variantsOf(document)) {
      candidates++;
      for (const derived of derivedFrom(candidate)) {
        withDatabase += derived.values.filter(found).length;
        secrets.forEach((secret, i) => {
          if (found(element(derived.tagUnder(secret)))) withShares[i]!++;
        });
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { candidates, withDatabase, withShares };
}

/** Every run of {@link WINDOW} bytes of every key and value. */
async function windowsOf(database: string): Promise<Set<string>> {
  const db = new Level<string, Buffer>(join(database, 'ledger'), {
    valueEncoding: 'buffer',
  });
  const windows = new Set<string>();
  try {
    for await (const [key, value] of db.iterator())
      for (const bytes of [key, value.toString('latin1')])
        for (let i = 0; i + WINDOW <= bytes.length; i++) windows.add(bytes.slice(i, i + WINDOW));
  } finally {
    await db.close();
  }
  return windows;
}

/** The document itself, and the same under the numbers around its own. */
function variantsOf(document: CanonicalDocument): CanonicalDocument[] {
  const number = document.strings.number as string;
  const [, head, digits] = /^(.*?)(\d+)$/.exec(number)!;
  return Array.from({ length: 2 * NEIGHBOURS + 1 }, (_, i) => {
    const next = String(Math.max(Number(digits) + i - NEIGHBOURS, 0)).padStart(digits!.length, '0');
    return canonicalDocument(document.kind, { ...document.strings, number: `${head}${next}` });
  });
}

/** What follows from one fingerprint of a document: alone, and with a secret that may be the evaluators'. */
interface Derived {
  readonly values: readonly Buffer[];
  tagUnder(secret: Scalar): FieldElement;
}

/** Strings, their hashes, identities, and tags as they would be without the evaluators' key. */
function derivedFrom(document: CanonicalDocument): Derived[] {
  const { exact, near, possession } = fingerprintRow(document.kind);
  const slots = slotsOf(document);
  return [exact, near, possession].flatMap((fingerprint): Derived[] => {
    if (fingerprint === null) return [];
    const strings = fingerprintStrings(document, fingerprint) ?? [];
    const u = identity(fingerprint.name, fingerprint.mask, slots);
    const { point } = encodeToCurve(u);
    const documentKey = (evaluated: Point) => poseidon([DOMAIN.documentKey, u, coordinates(evaluated).y]);
    const unkeyed = documentKey(point);
    return [
      {
        values: [
          ...strings.filter(({ length }) => length >= WINDOW).map((string) => Buffer.from(string)),
          ...strings.map((string) => createHash('sha256').update(string).digest()),
          ...[...strings.map(text), u, tag(u), unkeyed, tag(unkeyed)].map(element),
        ],
        tagUnder: (secret) => tag(documentKey(multiply(point, secret))),
      },
    ];
  });
}

const element = (x: FieldElement): Buffer => Buffer.from(fieldToBytes(x));
const tag = (key: FieldElement): FieldElement => poseidon([DOMAIN.tag, key, text('finance')]);
