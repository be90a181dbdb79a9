import { afterAll, expect, it } from 'vitest';
import { CountersealError, ERROR_CODES } from '../../src/errors.js';
import { networkOf, parseGenesis, RESULT_CODES } from '../../src/ledger/index.js';
import { BatchVerifier } from '../../src/proofs/index.js';
import { proofFromBytes } from '../../src/proofs/proof-encoding.js';
import { Directories, openEngine } from '../engine/helpers.js';
import { Author, genesisInput, hashProofVerifier, headOf, payloadFor } from '../ledger/helpers.js';
import { fixture, PRODUCT_V1 } from '../proofs/fixture.js';
import { chooseSeed, seeded } from '../system/killing.js';
import { heapUsed } from './heap.js';
import { mutated } from './mutations.js';

const TRANSACTIONS = 10_000;
const PROOFS = 10_000;
/** What may remain of 10,000 refusals, caches included: a leak of 600 bytes in each would be seen. */
const GROWTH_BYTES = 6_000_000;
const AT_ONCE = 64;

const directories = new Directories();
afterAll(() => directories.remove());
const random = seeded(chooseSeed('fuzz-transactions'));
const below = (n: number) => Math.floor(random() * n);

it(`a ledger refuses ${TRANSACTIONS} transactions that are nearly right, by name, and keeps nothing of them`, async () => {
  const genesis = parseGenesis(genesisInput('fuzz'));
  const author = new Author(await networkOf(genesis));
  // Every proof of an entry passes, which is refused for itself here; a message is nothing but what its proof shows.
  const engine = await openEngine(directories.fresh(), {
    genesis,
    verifier: {
      verify: (statement, signals, proof) =>
        statement === 'register'
          ? Promise.resolve(true)
          : hashProofVerifier.verify(statement, signals, proof),
    },
  });
  const samples = [
    ...Array.from({ length: 8 }, (_, i) => author.register(`doc ${i}`, { control: `c${i}` })),
    author.shows('c0', 0),
    author.action('c0', 0, 0, { kind: 'engage', accept: ['unique'] }),
    author.action('c0', 0, 0, { kind: 'supersede', successor: 1 as never }, { successor: 'c1' }),
    author.action('c0', 0, 0, { kind: 'erase' }),
    author.membership([{ change: 'remove', memberId: 5n as never, role: 1 }]),
    ...[0, 1, 2].map((slot) => author.message('doc 0', { slot })),
    author.openCapacity('c0', 0, 0, 'doc 0'),
    author.draw('c0', 0, 0, headOf('doc 0'), 'draw'),
  ];
  await engine.submit(samples[0]!, payloadFor(samples[0]!));
  const names = new Map<string, number>();
  const send = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) {
        const sample = samples[below(samples.length)]!;
        const bytes = mutated(sample, samples[below(samples.length)]!, random);
        if (samples.some((known) => bytes.equals(known))) continue;
        try {
          const result = await engine.submit(bytes, payloadFor(sample));
          expect(result.included, bytes.toString('hex')).toBe(false);
          if (!result.included) names.set(result.rejection.name, (names.get(result.rejection.name) ?? 0) + 1);
        } catch (error) {
          expect(error).toBeInstanceOf(CountersealError);
          const { code } = error as CountersealError;
          // The payload of another transaction, or none where one must be.
          expect(code).toBe('invalid_argument');
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await send(1_000);
  const before = await heapUsed();
  await send(TRANSACTIONS);
  expect((await heapUsed()) - before).toBeLessThan(GROWTH_BYTES);
  for (const name of names.keys()) expect(Object.keys(RESULT_CODES)).toContain(name);
  for (const name of ['malformed', 'bad_signature']) expect(names.get(name)).toBeGreaterThan(100);
  expect(engine.reader.meta().logSize).toBe(1);
  expect(engine.status()).toMatchObject({ accepting: true, waiting: 0 });
  await engine.close();
}, 300_000);

it(`a verifier refuses ${PROOFS} proofs that are nearly right, and holds nothing of them`, async () => {
  const { keys, proofs } = await fixture();
  const verifier = new BatchVerifier({ keys });
  const [{ publicSignals }] = proofs as [(typeof proofs)[0]];
  const isSample = (bytes: Buffer) => proofs.some(({ proof }) => bytes.equals(proof));
  const send = async (count: number) => {
    let left = count;
    const worker = async () => {
      while (left-- > 0) {
        const bytes = mutated(proofs[0]!.proof, proofs[below(proofs.length)]!.proof, random);
        if (isSample(bytes)) continue;
        expect(await verifier.verify(PRODUCT_V1, publicSignals, bytes), bytes.toString('hex')).toBe(false);
        try {
          proofFromBytes(bytes);
        } catch (error) {
          expect(Object.keys(ERROR_CODES)).toContain((error as CountersealError).code);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };
  await send(500);
  const before = await heapUsed();
  await send(PROOFS);
  expect((await heapUsed()) - before).toBeLessThan(GROWTH_BYTES);
  expect(await verifier.verify(PRODUCT_V1, publicSignals, proofs[0]!.proof)).toBe(true);
  await verifier.close();
}, 300_000);
