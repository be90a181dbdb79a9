// A party's database on a disk that is full, or cannot be written. Lines on standard input, one answer for each:
// `put <i>`, `get <i>`, `fill` (until nothing more fits), `free`; `after-kill <i>` looks for number i
// in a copy of the files, as a process would find them that starts after this one was killed.
import { closeSync, cpSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { AgentStore } from '../../../dist/agent/store.js';
import { LevelStore } from '../../../dist/engine/level-store.js';
import { EmbeddedEngine } from '../../../dist/engine/embedded.js';
import { ed25519PublicKey, ed25519Sign } from '../../../dist/crypto/index.js';
import { parseGenesis } from '../../../dist/ledger/index.js';
import { LevelQuotaStore } from '../../../dist/oprf/level-quota-store.js';

const [party, folder] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { genesis: input, seed, now, transactions, payloads } = JSON.parse((await lines.next()).value);
const digest = (i) => createHash('sha256').update(String(i)).digest();
const many = (i) => Array.from({ length: 200 }, (_, j) => digest(`${i} ${j}`));
const charge = (i) => ({ member: `m${i}`, day: '2025-03-01', requests: many(i), limit: 200 });

/** Of each: opens, writes number i, and answers whether number i is there. */
const parties = {
  async node(folder) {
    const operator = Buffer.from(seed, 'hex');
    const genesis = parseGenesis(input);
    const signer = {
      name: genesis.networkId,
      publicKey: ed25519PublicKey(operator),
      sign: (message) => ed25519Sign(operator, message),
    };
    const verifier = { verify: () => Promise.resolve(true) };
    const bytes = (i) => Buffer.from(transactions[i], 'hex');
    let engine;
    const open = async () =>
      (engine ??= await EmbeddedEngine.open({
        directory: folder,
        genesis,
        signer,
        verifier,
        clock: () => now,
      }));
    return {
      put: async (i) => {
        await open();
        // Once the disk has failed, a node accepts nothing more: its operator restarts it.
        if (!engine.status().accepting) {
          await engine.close();
          engine = undefined;
          await open();
        }
        const result = await engine.submit(bytes(i), Buffer.from(payloads[i], 'hex'));
        if (!result.included) throw new Error(result.rejection.name);
      },
      get: async (i) =>
        (await open()).reader.transaction(createHash('sha256').update(bytes(i)).digest()) !== undefined,
    };
  },
  async evaluator(folder) {
    let store;
    const open = async () => (store ??= await LevelQuotaStore.open(folder));
    return {
      put: async (i) => void (await (await open()).charge(charge(i))),
      get: async (i) => (await (await open()).used(`m${i}`, '2025-03-01')) === 200,
    };
  },
  async agent(folder) {
    const store = new AgentStore(folder, new Uint8Array(32).fill(7));
    return {
      put: (i) =>
        store.use((session) =>
          session.putSealed(
            `own/thing/${i}`,
            many(i).map((b) => b.toString('hex')),
          ),
        ),
      get: (i) => store.use((session) => session.getSealed(`own/thing/${i}`)?.length === 200),
    };
  },
  async witness(folder) {
    let store;
    const open = async () => (store ??= await LevelStore.open(folder));
    return {
      put: async (i) => (await open()).write([{ key: `w${i}`, value: Buffer.concat(many(i)) }]),
      get: async (i) => (await open()).get(`w${i}`)?.length === 6400,
    };
  },
};
const { put, get } = await parties[party](folder);
const filler = join(folder, '..', 'filler');
let copy;
const run = {
  put,
  get,
  async 'after-kill'(i) {
    if (!copy) {
      cpSync(folder, `${folder}-copy`, { recursive: true });
      copy = await parties[party](`${folder}-copy`);
    }
    return copy.get(i);
  },
  async fill() {
    const fd = openSync(filler, 'w');
    try {
      for (const size of [65536, 4096, 512, 1])
        try {
          for (;;) writeSync(fd, Buffer.alloc(size));
        } catch (error) {
          if (error.code !== 'ENOSPC') throw error;
        }
    } finally {
      closeSync(fd);
    }
  },
  async free() {
    rmSync(filler);
  },
};
writeSync(1, 'ready\n');
for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  const [word, i] = line.split(' ');
  try {
    const answer = await run[word](Number(i));
    writeSync(1, `ok ${answer ?? ''}\n`);
  } catch (error) {
    writeSync(1, `error ${error.code} ${error.name} ${error.message}\n`);
  }
}
process.exit(0);
