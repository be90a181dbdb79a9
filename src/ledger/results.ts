/**
 * Why a transaction is refused. The numbers are ABCI's `code`: part of consensus, never reused. In the order in which
 * the checks are made within each group (protocol section 7, "Admission").
 */
export const RESULT_CODES = {
  ok: 0,
  /** Larger than a transaction may be. */
  too_large: 1,
  /** Not the canonical encoding of a transaction: unknown, reordered, out of range, trailing or not below p. */
  malformed: 2,
  /** The control key is not a point of Ed25519, not canonical, or of small order. */
  weak_control_key: 3,
  /** A signature does not verify over this network's message. */
  bad_signature: 4,
  /** The period is not that of the block's day: make a new proof. */
  period_out_of_window: 5,
  unknown_purpose: 6,
  /** The purpose does not take this kind of document. */
  kind_not_allowed: 7,
  /** Not the epoch of the current OPRF key. */
  wrong_epoch: 8,
  /** Not an accepted root of the members' tree: fetch the current one and prove again. */
  unknown_members_root: 9,
  /** The escrow point is not on the curve, or is the identity. */
  invalid_escrow_point: 10,
  /** The near fingerprint may not be skipped for this kind, or the mask is not the row's. */
  wrong_skipped_mask: 11,
  /** This index of the period was used: take the next. */
  nullifier_used: 12,
  invalid_proof: 13,
  /** Another entry has named this payload: seal the document anew. */
  payload_used: 14,
  /** `validUntil` has passed. */
  expired: 20,
  /** `validUntil` is too far away. */
  validity_too_long: 21,
  unknown_entry: 22,
  /** Not the number of actions that the entry has had: read the entry, sign again. */
  wrong_counter: 23,
  /** The entry's state does not allow this action. */
  illegal_transition: 24,
  /** The entry was refused engagement too often. */
  too_many_refusals: 25,
  /** The successor is not a later, live entry of the same purpose, or has not signed. */
  invalid_successor: 26,
  /** The payload of the entry has been erased before. */
  already_erased: 27,
  /** The entry has not shown possession: submit its `fingerprint` first. */
  possession_required: 28,
  /** Not a fingerprint that entries of this kind may carry under their purpose. */
  fingerprint_not_allowed: 40,
  /** The entry carries this fingerprint. */
  fingerprint_exists: 41,
  /** The entry carries as many as it may. */
  too_many_fingerprints: 42,
  /** Fewer or more administrators signed than the threshold, or an unknown one. */
  wrong_administrators: 30,
  wrong_membership_counter: 31,
  /** Admits who is a member in that role, or removes who is not. */
  invalid_membership_change: 32,
  members_full: 33,
  /** Documents of this kind state nothing that several could draw from. */
  no_capacity: 50,
  /** A chain of draws is open on this exact tag: draw from it, or find out why it is not the one of your document. */
  capacity_conflict: 51,
  /** No chain of draws is open on this exact tag: open it. */
  capacity_not_open: 52,
  /** The document is drawn from in parts, so nobody engages it as a whole. */
  capacity_open: 53,
  /** Somebody has engaged the document as a whole, or it was settled: nothing is left to draw from. */
  document_engaged: 54,
  /** An entry of the document was settled: nothing more is drawn from it. */
  document_settled: 55,
  /** The entry has drawn as often as one may. */
  too_many_draws: 56,
  /** The draw is on the ledger: make another, with a fresh blind. */
  draw_used: 57,
  /** Another draw came first: read what is left, and draw again with a fresh blind. */
  stale_head: 58,
  /** Another entry has the near tag, which the order does not accept. */
  near_duplicate: 59,
  /** A message of this day has this address: take the next slot. */
  address_used: 60,
  /** As many messages of this day as the network takes under the purpose: go on tomorrow. */
  messages_full: 61,
} as const;

export type ResultName = keyof typeof RESULT_CODES;

/** Why a transaction may not enter. `detail` is for people and not part of consensus. */
export interface Rejection {
  readonly name: Exclude<ResultName, 'ok'>;
  readonly code: number;
  readonly detail: string;
}

export const reject = (name: Rejection['name'], detail: string): Rejection => ({
  name,
  code: RESULT_CODES[name],
  detail,
});
