import { ed25519Verify } from '../crypto/index.js';
import { entryAt, membersState, type Scene } from './admission.js';
import type { Position } from './apply.js';
import { type FingerprintTransaction, fingerprintMessage } from './fingerprint-transaction.js';
import { FINGERPRINTS_MAX } from './limits.js';
import type { FingerprintRecord } from './log-record.js';
import { isAcceptedRoot } from './members.js';
import type { Overlay } from './overlay.js';
import { reject, type Rejection } from './results.js';
import { type CarriedFingerprint, carriedFingerprint, type Purpose, roleMaskOf } from './schema.js';
import { countsAsDuplicate, stateAt } from './states.js';
import { stateKeys } from './state-keys.js';
import { encodeState, type Entry, entryCodec } from './state-values.js';
import { addFingerprint, findCarried } from './tag-index.js';

/** What an admitted `fingerprint` is of. */
export interface FingerprintSubject {
  readonly entry: Entry;
  readonly purpose: Purpose;
  readonly fingerprint: CarriedFingerprint;
  readonly roleMask: number;
}

/** All of a `fingerprint` but its proof. */
export function checkFingerprint(
  { network, view, time }: Scene,
  { claims, proof, signature }: FingerprintTransaction,
): Rejection | FingerprintSubject {
  const entry = entryAt(view, claims.entry);
  if (!entry) return reject('unknown_entry', `there is no entry ${claims.entry}`);
  if (!ed25519Verify(entry.controlKey, fingerprintMessage(network.id, claims, proof), signature))
    return reject('bad_signature', 'the control key of the entry did not sign this for this network');
  const { documentKind, fingerprints } = entry.indexed;
  const purpose = network.purposes.get(entry.indexed.purpose)!;
  const fingerprint = carriedFingerprint(purpose, documentKind, claims.name);
  if (!fingerprint)
    return reject(
      'fingerprint_not_allowed',
      `entries of kind ${documentKind} carry no fingerprint ${claims.name} for ${purpose.name}`,
    );
  const state = stateAt(entry.indexed, purpose, time);
  if (!countsAsDuplicate(state))
    return reject('illegal_transition', `an entry that is ${state} takes no more fingerprints`);
  if (claims.epoch !== network.epoch)
    return reject('wrong_epoch', `the OPRF key is of epoch ${network.epoch}, not ${claims.epoch}`);
  if (!isAcceptedRoot(membersState(view).roots, claims.membersRoot, time))
    return reject('unknown_members_root', 'the members have changed since the proof was made');
  if (fingerprints.some(({ tag }) => tag === claims.tag))
    return reject('fingerprint_exists', `entry ${claims.entry} carries this fingerprint`);
  if (fingerprints.length >= FINGERPRINTS_MAX)
    return reject('too_many_fingerprints', `an entry carries at most ${FINGERPRINTS_MAX} fingerprints`);
  return { entry, purpose, fingerprint, roleMask: roleMaskOf(purpose, documentKind)! };
}

export function applyFingerprint(
  view: Overlay,
  { entry, purpose, fingerprint }: FingerprintSubject,
  { claims }: FingerprintTransaction,
  { time }: Pick<Position, 'time'>,
): FingerprintRecord {
  const { name, tag } = claims;
  const verdict = findCarried(view, purpose, fingerprint, tag, time);
  const indexed = addFingerprint(view, purpose, entry.indexed, { name, tag }, time);
  view.put(stateKeys.entry(claims.entry), encodeState(entryCodec, { ...entry, indexed }));
  return { type: 'fingerprint', entry: claims.entry, name, tag, verdict };
}
