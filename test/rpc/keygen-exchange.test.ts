import { pino } from 'pino';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../../src/cli/ports.js';
import { combineShares, BASE, multiply } from '../../src/crypto/index.js';
import { CountersealError } from '../../src/errors.js';
import { KeygenParty, type KeygenRoundOne, type KeygenRoundTwo } from '../../src/oprf/index.js';
import { invoke, unary } from '../../src/rpc/call.js';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import type { Party } from '../../src/rpc/party.js';
import {
  KeyGenerationClient,
  KeyGenerationService,
  type DeliverRequest,
  type DeliverResponse,
} from '../../src/rpc/generated/counterseal/v1/evaluator.js';
import { exchangeKeygen } from '../../src/rpc/keygen-exchange.js';
import { callerOf, CHANNEL_OPTIONS, channelCredentials, RpcServer } from '../../src/rpc/transport.js';

const NETWORK = 'keygen-net';
const log = pino({ level: 'silent' });
const fails = (code: string) => expect.objectContaining({ code }) as Error;
let authority: Identity;
beforeAll(async () => {
  authority = await createAuthority(NETWORK);
});

const issue = (party: Party) => issueIdentity(authority, NETWORK, party, { hosts: ['localhost'] });
const newParty = (id: number, session = 'one') =>
  new KeygenParty(
    { purpose: 'oprf', networkId: NETWORK, shareEpoch: 1, threshold: 2, total: 3, session },
    id,
  );

async function exchange(id: number, ports: readonly number[], timeout = 15_000, session = 'one') {
  return exchangeKeygen({
    party: newParty(id, session),
    peers: [1, 2, 3]
      .filter((peer) => peer !== id)
      .map((peer) => ({ id: peer, address: `localhost:${ports[peer - 1]}` })),
    listen: `localhost:${ports[id - 1]}`,
    authority: authority.certificate,
    identity: await issue({ kind: 'evaluator', id: String(id) }),
    timeout,
    log,
  });
}

/** Delivers messages to a party as somebody. */
async function sender(as: Party, to: number, port: number) {
  const client = new KeyGenerationClient(
    `localhost:${port}`,
    channelCredentials(
      authority.certificate,
      { networkId: NETWORK, kind: 'evaluator', id: String(to) },
      await issue(as),
    ),
    CHANNEL_OPTIONS,
  );
  onTestFinished(() => client.close());
  return async (round: number, message: unknown): Promise<unknown> => {
    const bytes = message instanceof Uint8Array ? message : Buffer.from(JSON.stringify(message));
    for (;;) {
      try {
        return await invoke(
          client.deliver.bind(client),
          { round, message: Buffer.from(bytes) },
          { peer: 'party', timeout: 5_000 },
        );
      } catch (error) {
        // It may not listen yet.
        if ((error as { code: string }).code !== 'unavailable') throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  };
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const wire = (party: KeygenParty, session = 'one') => {
  const own = party.roundOne();
  return {
    own,
    message: { session, commitment: own.commitment.map(hex), proofOfKnowledge: hex(own.proofOfKnowledge) },
  };
};

/** Listens in the place of a party, and keeps what the others deliver; the last message it does not take. */
async function listenAs(id: number, port: number) {
  const roundOne = new Map<number, KeygenRoundOne>();
  const roundTwo = new Map<number, KeygenRoundTwo>();
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
  const server = new RpcServer().add(KeyGenerationService, {
    deliver: unary<DeliverRequest, DeliverResponse>(log, async (request, call) => {
      const from = Number(callerOf(call, NETWORK).id);
      if (request.round === 3) throw new CountersealError('unavailable', 'it has ended');
      const message = JSON.parse(Buffer.from(request.message).toString()) as Record<string, string> & {
        readonly commitment: string[];
      };
      if (request.round === 1)
        roundOne.set(from, {
          from,
          commitment: message.commitment.map(bytes),
          proofOfKnowledge: bytes(message['proofOfKnowledge']!),
        });
      else
        roundTwo.set(from, { from, to: id, echo: bytes(message['echo']!), share: bytes(message['share']!) });
      return {};
    }),
  });
  onTestFinished(() => server.close(0));
  await server.listen(`localhost:${port}`, {
    authority: authority.certificate,
    identity: await issue({ kind: 'evaluator', id: String(id) }),
    clients: 'certified',
  });
  return { roundOne, roundTwo };
}
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('key generation between processes', () => {
  it('gives three parties one key, of which any two have enough', async () => {
    const ports = await freePorts(3);
    const results = await Promise.all([1, 2, 3].map((id) => exchange(id, ports)));
    const [first] = results;
    for (const result of results) expect(hex(result.transcript)).toBe(hex(first!.transcript));
    for (const pair of [
      [0, 1],
      [0, 2],
      [1, 2],
    ]) {
      const shares = pair.map((i) => ({ id: results[i]!.id, value: results[i]!.share }));
      expect(multiply(BASE, combineShares(shares)).equals(first!.groupKey)).toBe(true);
    }
  });

  it('finds out a party that shows different faces', async () => {
    const ports = await freePorts(3);
    const liar = { kind: 'evaluator', id: '3' } as const;
    // Party 3 commits to one polynomial towards party 1, and to another one towards party 2.
    const faces = [newParty(3), newParty(3)];
    const shown = faces.map((party) => wire(party).message);
    const { roundOne } = await listenAs(3, ports[2]!);
    const honest = [1, 2].map((id) => exchange(id, ports).catch((error: unknown) => error));
    const senders = await Promise.all([1, 2].map((to) => sender(liar, to, ports[to - 1]!)));
    for (const [i, send] of senders.entries()) await send(1, shown[i]);
    await until(() => roundOne.size === 2);
    for (const [i, send] of senders.entries()) {
      const { echo, share } = faces[i]!.roundTwo([...roundOne.values()]).find(({ to }) => to === i + 1)!;
      // A party that has found out already listens no more.
      const sent = send(2, { session: 'one', echo: hex(echo), share: hex(share) });
      await Promise.race([sent, honest[i]]);
    }
    expect(await Promise.all(honest)).toEqual([fails('failed_precondition'), fails('failed_precondition')]);
  }, 30_000);

  it('ends where a party has reported its transcript and is gone before it takes that of the others', async () => {
    const ports = await freePorts(3);
    const { roundOne, roundTwo } = await listenAs(3, ports[2]!);
    const party = newParty(3);
    const { message } = wire(party);
    const stay = [1, 2].map((id) => exchange(id, ports));
    const senders = await Promise.all(
      [1, 2].map((to) => sender({ kind: 'evaluator', id: '3' }, to, ports[to - 1]!)),
    );
    for (const send of senders) await send(1, message);
    await until(() => roundOne.size === 2);
    const shares = party.roundTwo([...roundOne.values()]);
    for (const [i, send] of senders.entries()) {
      const { echo, share } = shares.find(({ to }) => to === i + 1)!;
      await send(2, { session: 'one', echo: hex(echo), share: hex(share) });
    }
    await until(() => roundTwo.size === 2);
    const transcript = hex(party.roundThree([...roundTwo.values()]).transcript);
    for (const send of senders) await send(3, { session: 'one', transcript });
    const results = await Promise.all(stay);
    expect(results.map((result) => hex(result.transcript))).toEqual([transcript, transcript]);
  }, 30_000);

  it('refuses who is no evaluator of it, and what is no message, and goes on', async () => {
    const ports = await freePorts(3);
    const one = exchange(1, ports);
    const asMember = await sender({ kind: 'member', id: '2' }, 1, ports[0]!);
    await expect(asMember(1, {})).rejects.toEqual(fails('permission_denied'));
    const asNode = await sender({ kind: 'node', id: '2' }, 1, ports[0]!);
    await expect(asNode(1, {})).rejects.toEqual(fails('permission_denied'));
    for (const id of ['1', '4', '0', '-2', 'two', '2.5']) {
      const stranger = await sender({ kind: 'evaluator', id }, 1, ports[0]!);
      await expect(stranger(1, { session: 'one' }), id).rejects.toEqual(fails('permission_denied'));
    }
    const asPeer = await sender({ kind: 'evaluator', id: '2' }, 1, ports[0]!);
    const garbage = [
      Buffer.from([0xff, 0xfe]),
      Buffer.from('null'),
      Buffer.from('[]'),
      Buffer.from('{"__proto__":1}'),
      { session: 'one', commitment: ['zz'], proofOfKnowledge: '00' },
      { session: 'one', commitment: [], proofOfKnowledge: '00', extra: 1 },
      { session: 'one', commitment: Array.from({ length: 256 }, () => '00'), proofOfKnowledge: '00' },
    ];
    for (const message of garbage)
      await expect(asPeer(1, message)).rejects.toEqual(fails('invalid_argument'));
    for (const round of [0, 4, 99])
      await expect(asPeer(round, {})).rejects.toEqual(fails('invalid_argument'));
    await expect(asPeer(3, { session: 'another', transcript: '00'.repeat(32) })).rejects.toEqual(
      fails('failed_precondition'),
    );
    const others = [2, 3].map((id) => exchange(id, ports));
    const results = await Promise.all([one, ...others]);
    expect(new Set(results.map(({ transcript }) => hex(transcript))).size).toBe(1);
  }, 30_000);

  it('takes one message of a sender in a round, the same one again included', async () => {
    const ports = await freePorts(3);
    const one = exchange(1, ports, 3_000).catch((error: unknown) => error);
    const send = await sender({ kind: 'evaluator', id: '2' }, 1, ports[0]!);
    const { message } = wire(newParty(2));
    await send(1, message);
    await send(1, message);
    await expect(send(1, wire(newParty(2)).message)).rejects.toEqual(fails('already_exists'));
    expect(await one).toEqual(fails('unavailable'));
  }, 30_000);

  it('ends with the names of those who did not come', async () => {
    const ports = await freePorts(3);
    await expect(exchange(1, ports, 1_000)).rejects.toEqual(fails('unavailable'));
  });

  it('sends nothing to a party that listens where another should, though it is on the same host', async () => {
    const ports = await freePorts(3);
    const three = exchange(3, ports, 2_000).catch((error: unknown) => error);
    const identity = await issue({ kind: 'evaluator', id: '1' });
    const deliver = async (to: string) => {
      const server = { networkId: NETWORK, kind: 'evaluator', id: to } as const;
      const client = new KeyGenerationClient(
        `localhost:${ports[2]}`,
        channelCredentials(authority.certificate, server, identity),
        CHANNEL_OPTIONS,
      );
      const message = { round: 2, message: Buffer.from('the share of party 2') };
      try {
        await invoke(client.deliver.bind(client), message, { peer: 'party', timeout: 5_000 });
      } finally {
        client.close();
      }
    };
    // It does listen, and says what it thinks of a message that reaches it.
    const asItself = () => deliver('3').catch((error: unknown) => error as { code: string });
    let answer = await asItself();
    while (answer?.code === 'unavailable') answer = await asItself();
    expect(answer).toEqual(fails('invalid_argument'));
    await expect(deliver('2')).rejects.toEqual(fails('unavailable'));
    expect(await three).toEqual(fails('unavailable'));
  }, 30_000);
});
