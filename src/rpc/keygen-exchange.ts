import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import type { KeygenParty, KeygenResult, KeygenRoundOne, KeygenRoundTwo } from '../oprf/index.js';
import { invoke, unary } from './call.js';
import type { Identity } from './certificates.js';
import {
  KeyGenerationClient,
  KeyGenerationService,
  type DeliverRequest,
  type DeliverResponse,
} from './generated/counterseal/v1/evaluator.js';
import type { Logger } from './logger.js';
import { callerOf, CHANNEL_OPTIONS, channelCredentials, RpcServer } from './transport.js';

const hex = z.hex().max(256);
const Messages = {
  1: z.strictObject({ session: z.string(), commitment: z.array(hex).max(255), proofOfKnowledge: hex }),
  2: z.strictObject({ session: z.string(), echo: hex, share: hex }),
  3: z.strictObject({ session: z.string(), transcript: hex }),
} as const;
type Round = keyof typeof Messages;
type Message<R extends Round> = z.infer<(typeof Messages)[R]>;

/** How long to go on reporting the transcript to a party whose own is here and that is no longer there. */
const FAREWELL_MS = 3_000;

const toHex = (b: Uint8Array) => Buffer.from(b).toString('hex');
const fromHex = (s: string) => new Uint8Array(Buffer.from(s, 'hex'));

export interface KeygenExchangeOptions {
  readonly party: KeygenParty;
  /** The other parties, and where they listen. */
  readonly peers: readonly { readonly id: number; readonly address: string }[];
  readonly listen: string;
  readonly authority: string;
  readonly identity: Identity;
  /** How long to wait for the others, in milliseconds. */
  readonly timeout: number;
  readonly log: Logger;
  readonly onRound?: (round: Round) => void;
}

/**
 * Runs one party of a distributed key generation against the others, over mutual TLS: shares travel from process to
 * process and nowhere else. Returns when all parties have reported the same transcript. Throws
 * `evaluator_misbehaved` naming a party, `failed_precondition` where transcripts differ, `unavailable` on a timeout;
 * then everybody starts again with a new session.
 */
export async function exchangeKeygen(options: KeygenExchangeOptions): Promise<KeygenResult> {
  const { party, peers, log, onRound } = options;
  const { networkId, session } = party.parameters;
  const inbox = new Inbox(peers.map((peer) => peer.id));
  const server = new RpcServer().add(KeyGenerationService, {
    deliver: unary<DeliverRequest, DeliverResponse>(log, async (request, call) => {
      const caller = callerOf(call, networkId);
      ensure(caller.kind === 'evaluator', 'permission_denied', 'key generation is between evaluators');
      inbox.take(Number(caller.id), request.round, request.message, session);
      return {};
    }),
  });
  const clients = new Map(
    peers.map(({ id, address }) => [
      id,
      new KeyGenerationClient(
        address,
        channelCredentials(
          options.authority,
          { networkId, kind: 'evaluator', id: String(id) },
          options.identity,
        ),
        CHANNEL_OPTIONS,
      ),
    ]),
  );
  const deadline = Date.now() + options.timeout;

  async function send<R extends Round>(
    round: R,
    messageFor: (to: number) => Omit<Message<R>, 'session'>,
  ): Promise<void> {
    onRound?.(round);
    await Promise.all(
      [...clients].map(async ([id, client]) => {
        const message = Buffer.from(JSON.stringify({ session, ...messageFor(id) }));
        const started = Date.now();
        for (;;) {
          try {
            await invoke(
              client.deliver.bind(client),
              { round, message },
              { peer: `evaluator ${id}`, timeout: 5_000 },
            );
            return;
          } catch (error) {
            const unavailable = error instanceof CountersealError && error.code === 'unavailable';
            if (!unavailable || Date.now() >= deadline) throw error;
            // Whoever has reported its transcript and is gone had everybody's, or will say itself that it had not.
            if (round === 3 && inbox.has(round, id) && Date.now() >= started + FAREWELL_MS) return;
            // It may not have started yet.
            await sleep(200);
          }
        }
      }),
    );
  }
  const receive = <R extends Round>(round: R) => inbox.all(round, deadline);

  await server.listen(options.listen, {
    authority: options.authority,
    identity: options.identity,
    clients: 'certified',
  });
  try {
    const own = party.roundOne();
    await send(1, () => ({
      commitment: own.commitment.map(toHex),
      proofOfKnowledge: toHex(own.proofOfKnowledge),
    }));
    const roundOne = [...(await receive(1))].map(([from, message]): KeygenRoundOne => ({
      from,
      commitment: message.commitment.map(fromHex),
      proofOfKnowledge: fromHex(message.proofOfKnowledge),
    }));
    const shares = new Map(party.roundTwo(roundOne).map((message) => [message.to, message]));
    await send(2, (to) => ({ echo: toHex(shares.get(to)!.echo), share: toHex(shares.get(to)!.share) }));
    const roundTwo = [...(await receive(2))].map(([from, message]): KeygenRoundTwo => ({
      from,
      to: party.id,
      echo: fromHex(message.echo),
      share: fromHex(message.share),
    }));
    const result = party.roundThree(roundTwo);
    const transcript = toHex(result.transcript);
    await send(3, () => ({ transcript }));
    for (const [from, message] of await receive(3))
      ensure(
        message.transcript === transcript,
        'failed_precondition',
        `evaluator ${from} ended key generation with another transcript: nobody may use this key`,
      );
    return result;
  } finally {
    for (const client of clients.values()) client.close();
    await server.close();
  }
}

/** What came so far, by round and sender. */
class Inbox {
  private readonly received: { [R in Round]: Map<number, Message<R>> } = {
    1: new Map(),
    2: new Map(),
    3: new Map(),
  };
  private wake: () => void = () => undefined;

  constructor(private readonly senders: readonly number[]) {}

  has(round: Round, from: number): boolean {
    return this.received[round].has(from);
  }

  take(from: number, round: number, bytes: Uint8Array, session: string): void {
    ensure(
      this.senders.includes(from),
      'permission_denied',
      'this evaluator takes no part in the key generation',
    );
    ensure(
      round === 1 || round === 2 || round === 3,
      'invalid_argument',
      'key generation has rounds 1, 2 and 3',
    );
    let message: Message<Round>;
    try {
      message = Messages[round].parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    } catch {
      throw new CountersealError('invalid_argument', `the message of round ${round} is malformed`);
    }
    ensure(
      message.session === session,
      'failed_precondition',
      'another session of key generation is under way',
    );
    const messages = this.received[round] as Map<number, Message<Round>>;
    const before = messages.get(from);
    ensure(
      before === undefined || JSON.stringify(before) === JSON.stringify(message),
      'already_exists',
      `evaluator ${from} has sent another message in round ${round}`,
    );
    messages.set(from, message);
    this.wake();
  }

  /** One message of each sender, by sender. */
  async all<R extends Round>(round: R, deadline: number): Promise<Map<number, Message<R>>> {
    const messages = this.received[round];
    while (messages.size < this.senders.length) {
      const left = deadline - Date.now();
      if (left <= 0) {
        const missing = this.senders.filter((id) => !messages.has(id));
        throw new CountersealError(
          'unavailable',
          `evaluators ${missing.join(', ')} did not answer in round ${round}`,
        );
      }
      await Promise.race([
        new Promise<void>((resolve) => (this.wake = resolve)),
        sleep(Math.min(left, 1_000)),
      ]);
    }
    return messages;
  }
}
