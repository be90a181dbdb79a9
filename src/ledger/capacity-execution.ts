import { ed25519Verify } from '../crypto/index.js';
import { checkValidity, entryAt, isRejection, membersState, type Scene } from './admission.js';
import { meetsDoubt, refuseDraw, refuseOpening, writeDraw, writeOpening } from './capacity.js';
import { capacityMessage, type DrawTransaction, type OpenCapacityTransaction } from './capacity-orders.js';
import { drawSignals, openingSignals, possessionSignals } from './capacity-signals.js';
import type { Candidate } from './executor.js';
import { isAcceptedRoot } from './members.js';
import { reject, type Rejection } from './results.js';
import { type Purpose, roleMaskOf } from './schema.js';
import { stateKeys } from './state-keys.js';
import { encodeState, type Entry, entryCodec } from './state-values.js';
import { setIndexedState } from './tag-index.js';

type CapacityTransaction = OpenCapacityTransaction | DrawTransaction;

/** What orders of both kinds have in common: time, entry, signature and counter, as of an action. */
function checkOrder(
  { network, view, time }: Scene,
  tx: CapacityTransaction,
): Rejection | { readonly entry: Entry; readonly purpose: Purpose } {
  const { order, signature } = tx;
  const late = checkValidity(order.validUntil, time);
  if (late) return late;
  const entry = entryAt(view, order.entry);
  if (!entry) return reject('unknown_entry', `there is no entry ${order.entry}`);
  if (!ed25519Verify(entry.controlKey, capacityMessage(network.id, tx), signature))
    return reject('bad_signature', 'the control key of the entry did not sign this for this network');
  if (order.counter !== entry.actions)
    return reject('wrong_counter', `the entry has had ${entry.actions} actions, not ${order.counter}`);
  return { entry, purpose: network.purposes.get(entry.indexed.purpose)! };
}

const capacityScene = ({ view, time }: Scene, purpose: Purpose) => ({
  view,
  time,
  purpose,
  entryOf: (sequence: Entry['indexed']['sequence']) => entryAt(view, sequence)?.indexed,
});

/** All of an opening but its proofs, and what it then does. */
export function checkOpenCapacity(scene: Scene, tx: OpenCapacityTransaction): Rejection | Candidate {
  const found = checkOrder(scene, tx);
  if (isRejection(found)) return found;
  const { entry, purpose } = found;
  const { order } = tx;
  const refused = refuseOpening(capacityScene(scene, purpose), entry.indexed);
  if (refused) return refused;
  if (!isAcceptedRoot(membersState(scene.view).roots, order.membersRoot, scene.time))
    return reject('unknown_members_root', 'the members have changed since the proof was made');
  const { network } = scene;
  const of = { ...entry, ...entry.indexed };
  const roleMask = roleMaskOf(purpose, of.documentKind)!;
  return {
    proofs: [
      {
        statement: 'fingerprint',
        signals: possessionSignals(network, of, order, roleMask),
        proof: tx.possession,
      },
      { statement: 'drawdown', signals: openingSignals(network, of, tx), proof: tx.proof },
    ],
    effect: (view) => {
      writeOpening(view, entry.indexed, order);
      view.put(
        stateKeys.entry(order.entry),
        encodeState(entryCodec, { ...entry, actions: entry.actions + 1 }),
      );
      const { chain, headroom, pad } = order;
      return { type: 'open-capacity', entry: order.entry, chain, headroom, pad };
    },
  };
}

/** All of a draw but its proof, and what it then does: the entry is engaged by it, so that it does not lapse. */
export function checkDraw(scene: Scene, tx: DrawTransaction): Rejection | Candidate {
  const found = checkOrder(scene, tx);
  if (isRejection(found)) return found;
  const { entry, purpose } = found;
  const { order } = tx;
  const rules = capacityScene(scene, purpose);
  const from = refuseDraw(rules, entry.indexed, order);
  if (isRejection(from)) return from;
  if (!order.acceptNear && meetsDoubt(rules, entry.indexed))
    return reject(
      'near_duplicate',
      'another entry has the near tag, or is engaged under this number and says something else',
    );
  return {
    proofs: [
      {
        statement: 'drawdown',
        signals: drawSignals(scene.network, entry.indexed, tx, from),
        proof: tx.proof,
      },
    ],
    effect: (view, { time }) => {
      writeDraw(view, entry.indexed, from, order);
      const indexed = setIndexedState(view, purpose, entry.indexed, 'engaged', time);
      view.put(
        stateKeys.entry(order.entry),
        encodeState(entryCodec, { ...entry, indexed, actions: entry.actions + 1 }),
      );
      const { wPrevious, w, headroom, pad } = order;
      return { type: 'draw', entry: order.entry, state: 'engaged', wPrevious, w, headroom, pad };
    },
  };
}
