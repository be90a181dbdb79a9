import fc from 'fast-check';
import {
  type Action,
  decodeTransaction,
  type FinalizedBlock,
  type Sequence,
  type UnixMs,
  VERDICT_LABELS,
} from '../../src/ledger/index.js';
import { type Chain, DAY, fieldOf, type Head, headOf, HOUR } from './helpers.js';

/** What somebody might send: few documents, keys and entries, so that everything collides. */
const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('register' as const), document: fc.nat(3), key: fc.nat(20) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('act' as const),
      entry: fc.nat(6),
      counter: fc.nat(2),
      kind: fc.constantFrom('engage', 'settle', 'release', 'cancel', 'supersede', 'erase'),
      accept: fc.nat(5),
      successor: fc.nat(6),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('show' as const),
      entry: fc.nat(6),
      name: fc.constantFrom('invoice/possession@1', 'invoice/possession@1', 'goods@1', 'invoice/near@1'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('members' as const),
      who: fc.nat(2),
      counter: fc.nat(2),
      admit: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('junk' as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('open' as const, 'draw' as const, 'draw' as const),
      entry: fc.nat(6),
      counter: fc.nat(3),
      document: fc.nat(3),
      draw: fc.nat(20),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wrong' as const), document: fc.nat(3) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('message' as const), document: fc.nat(1), slot: fc.nat(2) }),
  },
);
export const blocks = fc.array(
  fc.record({ steps: fc.array(steps, { maxLength: 8 }), pause: fc.constantFrom(0, 1, HOUR, DAY, 20 * DAY) }),
  { maxLength: 8 },
);
export type Blocks = typeof blocks extends fc.Arbitrary<infer T> ? T : never;

/** Turns steps into transactions; who owns which entry follows the log, as authors would. */
export class Script {
  private owners: string[] = [];
  private readonly heads = new Map<number, Head>();
  constructor(private readonly chain: Chain) {}

  transactions(part: Blocks[number]['steps'], time: UnixMs): Uint8Array[] {
    const { author } = this.chain;
    const validUntil = (time + HOUR) as UnixMs;
    return part.flatMap((step) => {
      switch (step.do) {
        case 'register':
          return author.register(`doc ${step.document}`, { control: `key ${step.key}`, time });
        case 'act': {
          const owner = this.owners[step.entry] ?? 'nobody';
          const action = {
            kind: step.kind,
            ...(step.kind === 'engage' ? { accept: VERDICT_LABELS.slice(step.accept) } : {}),
            ...(step.kind === 'cancel' ? { reason: 'withdrawn' } : {}),
            ...(step.kind === 'supersede' ? { successor: step.successor as Sequence } : {}),
          } as Action;
          const successor =
            step.kind === 'supersede' ? { successor: this.owners[step.successor] ?? 'nobody' } : {};
          const ordered = author.action(owner, step.entry, step.counter, action, {
            validUntil,
            ...successor,
          });
          // Few would be engaged if possession had to be shown by chance.
          return step.kind === 'engage' && step.successor > 0
            ? [author.shows(owner, step.entry), ordered]
            : ordered;
        }
        case 'show':
          return author.shows(this.owners[step.entry] ?? 'nobody', step.entry, { name: step.name });
        case 'members':
          return author.membership(
            [{ change: step.admit ? 'admit' : 'remove', memberId: fieldOf(`member ${step.who}`), role: 1 }],
            { counter: step.counter, validUntil },
          );
        case 'open':
          return author.openCapacity(
            this.owners[step.entry] ?? 'nobody',
            step.entry,
            step.counter,
            `doc ${step.document}`,
            { time },
          );
        case 'draw':
          return author.draw(
            this.owners[step.entry] ?? 'nobody',
            step.entry,
            step.counter,
            this.heads.get(step.document) ?? headOf(`doc ${step.document}`),
            `draw ${step.draw}`,
            { time, acceptNear: true },
          );
        case 'message':
          return author.message(`doc ${step.document}`, { slot: step.slot, time });
        case 'junk':
          return step.bytes;
        case 'wrong':
          return author.sign(
            author.claims(`doc ${step.document}`, { control: 'wrong', time }),
            'wrong',
            new Uint8Array(256),
          );
      }
    });
  }

  learn({ results, block }: FinalizedBlock): void {
    results.forEach((result, i) => {
      if (result.name !== 'ok') return;
      const { body } = result.record;
      if (body.type === 'draw') {
        const before = [...this.heads].find(([, { w }]) => w === body.wPrevious)!;
        this.heads.set(before[0], { ...before[1], w: body.w, headroom: body.headroom });
      }
      if (body.type === 'open-capacity')
        for (let document = 0; document <= 3; document++)
          if (headOf(`doc ${document}`).chain === body.chain)
            this.heads.set(document, headOf(`doc ${document}`));
      if (body.type !== 'register') return;
      const tx = decodeTransaction(block.transactions[i]!);
      if (tx.type !== 'register') return;
      for (let key = 0; key <= 20; key++)
        if (tx.claims.nullifier === fieldOf(`nullifier key ${key} ${tx.claims.period}`))
          this.owners[body.entry] = `key ${key}`;
    });
  }
}
