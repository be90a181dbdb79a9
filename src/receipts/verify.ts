import { createHash, createPublicKey, verify as verifySignature } from 'node:crypto';

/**
 * Verifies a receipt: that an entry is on a ledger, since when, what the ledger said of it, and who registered the same
 * document first. This file is all of it: Node's crypto, no network, nothing else of this project. Formats: protocol
 * section 7; RFC 6962, section 2.1; C2SP signed-note, tlog-checkpoint, tlog-cosignature.
 *
 * What it cannot know: that the operators showed everybody the same log (witnesses attest that), and that a block's time
 * is true: it is the operators' word, bounded from above by the witnesses' clocks.
 */
export type ReceiptErrorCode =
  | 'bad_trust' // The caller's own keys or quorum make no sense.
  | 'malformed' // Not the JSON of a receipt of version 1, a field too many or too few, loose base64.
  | 'bad_checkpoint' // Not the canonical signed note of a checkpoint.
  | 'wrong_network' // Of another network than the one asked for.
  | 'operator_signature' // No operator signed the checkpoint, or a signature in an operator's name is wrong.
  | 'witness_quorum' // Too few witnesses cosigned it, or a cosignature in a witness's name is wrong.
  | 'bad_record' // The record is not the canonical registration of an entry.
  | 'not_in_log' // The record is not in the log that the checkpoint signs.
  | 'not_in_state' // The tag's list is not in the state that the checkpoint signs.
  | 'contradiction' // The tag's list and the record disagree: so do the log and the state that the operators signed.
  | 'bad_transaction'; // The transaction is not the one that the record names.

export class ReceiptError extends Error {
  override readonly name = 'ReceiptError';
  constructor(
    readonly code: ReceiptErrorCode,
    message: string,
  ) {
    super(message);
  }
}

/** Whom the caller trusts, out of the genesis and from the witnesses themselves. Keys: Ed25519, hexadecimal. */
export interface ReceiptTrust {
  readonly networkId: string;
  /** The signature of one of them suffices. */
  readonly operatorKeys: readonly string[];
  readonly witnessKeys?: readonly { readonly name: string; readonly publicKey: string }[];
  /** How many of the witnesses must have cosigned: all of them where it is not said. */
  readonly quorum?: number;
}

const LABELS = [
  ...['duplicate-engaged', 'duplicate-settled', 'duplicate-conflicting'],
  ...['duplicate', 'near-duplicate', 'unique'],
];
const STATES = ['registered', 'engaged', 'settled', 'released', 'cancelled', 'superseded', 'lapsed'];
/** A verdict lists as many matches from either end of a tag's list; the tag's leaf as many from its start. */
const LISTED = 16;
/** The order of BN254's scalar field: tags, nullifiers and commitments are below it. */
const P = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n;

const sha256 = (...parts: (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

function check(condition: unknown, code: ReceiptErrorCode, message: string): asserts condition {
  if (!condition) throw new ReceiptError(code, message);
}

export type ProvedReceipt = ReturnType<typeof verifyReceipt>;

/**
 * What a receipt (the file's text) proves to whoever trusts these keys; throws {@link ReceiptError}. Times in
 * milliseconds, days since 1970, bytes in hexadecimal. `holders` are the first 16 of the `total` entries that have the
 * exact tag at the checkpoint, in order, with their states then (an old `registered` one may have lapsed: that is for
 * the purpose's TTL to say); `position` of them were there before this entry.
 */
export function verifyReceipt(receipt: string, trust: ReceiptTrust) {
  const file = readFile(receipt);
  const { root, stateRoot, ...signed } = readCheckpoint(file.checkpoint, trust);
  const { asOf } = signed;
  const { txHash, ...record } = readRecord(file.record);
  const { height, time, logIndex } = record.registered;
  check(height <= asOf.height && time <= asOf.time, 'bad_record', 'the record is later than its checkpoint');
  const leaf = sha256('\x00', file.record);
  const logged = logIndex < asOf.size && rootFromPath(leaf, logIndex, asOf.size, file.inclusion);
  check(logged && logged.equals(root), 'not_in_log', 'the record is not in the signed log');

  const key = sha256(`s/tag/${record.purpose}/${record.tags[0]}`);
  const inState = stateRootFrom(key, file.tagList, file.tagProof).equals(stateRoot);
  check(inState && file.tagProof.length <= 256, 'not_in_state', "the tag's list is not in the signed state");
  const { total, holders } = readTagList(file.tagList);
  // The verdict counts whoever was there before, and lists them from the first on.
  const position = record.verdict.exact.total;
  const before = record.verdict.matches.filter(({ via }) => via === 'exact').map(({ entry }) => entry);
  const first = [...before.slice(0, position), record.entry].slice(0, LISTED);
  const agree =
    position < total &&
    first.length === Math.min(position + 1, LISTED) &&
    holders.length === Math.min(total, LISTED) &&
    first.every((entry, i) => holders[i]!.entry === entry);
  check(agree, 'contradiction', "the tag's list and the verdict in the record do not agree");

  const transaction = file.transaction && readTransaction(file.transaction, txHash, record.nullifier);
  const found = { firstHolder: first[0]!, position, total, holders, transaction: transaction ?? null };
  return { networkId: trust.networkId, ...record, ...found, ...signed };
}

function readFile(receipt: string) {
  let file: Record<string, unknown>;
  try {
    file = { ...(JSON.parse(receipt) as object) };
  } catch {
    throw new ReceiptError('malformed', 'the receipt is not JSON');
  }
  const { format, version, checkpoint, record, inclusion, tagList, tagProof, transaction, ...unknown } = file;
  check(format === 'counterseal-receipt' && version === 1, 'malformed', 'not a receipt of version 1');
  check(Object.keys(unknown).length === 0, 'malformed', 'the receipt has unknown fields');
  check(typeof checkpoint === 'string', 'malformed', 'the checkpoint is missing');
  const [recordBytes, listBytes] = [base64(record, 'malformed'), base64(tagList, 'malformed')];
  const bytes = transaction === undefined ? undefined : base64(transaction, 'malformed');
  const proofs = { inclusion: hashes(inclusion), tagProof: hashes(tagProof) };
  return { checkpoint, record: recordBytes, tagList: listBytes, transaction: bytes, ...proofs };
}

function base64(value: unknown, code: ReceiptErrorCode): Buffer {
  const bytes = Buffer.from(typeof value === 'string' ? value : '', 'base64');
  check(bytes.length > 0 && bytes.toString('base64') === value, code, 'bytes are not in canonical base64');
  return bytes;
}

function hashes(value: unknown): Buffer[] {
  const all = Array.isArray(value) ? value.map((item) => base64(item, 'malformed')) : [Buffer.of()];
  const sound = all.every(({ length }) => length === 32);
  check(sound, 'malformed', 'a list of hashes of 32 bytes is missing');
  return all;
}

function readCheckpoint(note: string, { networkId, operatorKeys, witnessKeys = [], quorum }: ReceiptTrust) {
  const form =
    /^([a-z0-9-]+)\n(0|[1-9]\d{0,14})\n(\S{44})\nstate (\S{44})\nblock (0|[1-9]\d{0,14}) (0|[1-9]\d{0,14})\n\n((?:\u2014 [^\s+]+ \S+\n)+)$/u;
  const [, origin, size, root, state, height, time, lines] = form.exec(note) ?? [];
  check(origin && lines, 'bad_checkpoint', 'the checkpoint is not the signed note of one');
  const asOf = { size: Number(size), height: Number(height), time: Number(time) };
  const roots = { root: base64(root, 'bad_checkpoint'), stateRoot: base64(state, 'bad_checkpoint') };
  check(origin === networkId, 'wrong_network', `the receipt is of the network ${origin}`);

  const body = note.slice(0, note.indexOf('\n\n') + 1);
  const cosigners = witnessKeys.map(({ name, publicKey }) => noteKey(4, name, publicKey));
  const keys = [...operatorKeys.map((key) => noteKey(1, networkId, key)), ...cosigners];
  const needed = quorum ?? cosigners.length;
  const sound = operatorKeys.length > 0 && needed >= 0 && needed <= cosigners.length;
  check(sound, 'bad_trust', 'there is no operator key, or the quorum is not one of the witness keys');
  const operators = new Set<string>();
  const witnesses = new Map<string, { name: string; time: number }>();
  for (const line of lines.slice(0, -1).split('\n')) {
    const [, name, encoded] = line.split(' ');
    const bytes = base64(encoded, 'bad_checkpoint');
    const signer = keys.find((key) => key.name === name && key.id.equals(bytes.subarray(0, 4)));
    if (!signer) continue;
    const cosigned = signer.type === 4;
    const seconds = cosigned && bytes.length === 4 + 8 + 64 ? bytes.readBigUInt64BE(4) : 0n;
    const message = Buffer.from(cosigned ? `cosignature/v1\ntime ${seconds}\n${body}` : body);
    const valid = verifySignature(null, message, signer.key, bytes.subarray(cosigned ? 12 : 4));
    check(valid, cosigned ? 'witness_quorum' : 'operator_signature', `the signature of ${name} is wrong`);
    if (cosigned) witnesses.set(signer.hex, { name: signer.name, time: Number(seconds) * 1000 });
    else operators.add(signer.hex);
  }
  check(operators.size > 0, 'operator_signature', 'no operator of the network signed the checkpoint');
  check(witnesses.size >= needed, 'witness_quorum', `${witnesses.size} witnesses cosigned, not ${needed}`);
  return { ...roots, asOf, operators: [...operators], witnesses: [...witnesses.values()] };
}

/** A key and its signed-note id: the first four bytes of SHA-256(name, newline, type, key). */
function noteKey(type: 1 | 4, name: string, hex: string) {
  check(/^[0-9a-f]{64}$/.test(hex), 'bad_trust', `${hex} is not an Ed25519 key`);
  const id = sha256(name, '\n', Uint8Array.of(type), Buffer.from(hex, 'hex')).subarray(0, 4);
  const der = Buffer.from(`302a300506032b6570032100${hex}`, 'hex');
  return { type, name, id, hex, key: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}

/** RFC 9162, section 2.1.3.2; undefined where the path is too long or too short. */
function rootFromPath(leaf: Buffer, index: number, size: number, path: Buffer[]): Buffer | undefined {
  let node = leaf;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) return undefined;
    const right = index % 2 === 1 || index === last;
    node = right ? sha256('\x01', sibling, node) : sha256('\x01', node, sibling);
    // A node without a sibling stands for its parents too.
    while (right && index % 2 === 0 && index !== 0) [index, last] = [index / 2, Math.floor(last / 2)];
    [index, last] = [Math.floor(index / 2), Math.floor(last / 2)];
  }
  return last === 0 ? node : undefined;
}

/** The state is a sparse Merkle tree whose paths are the bits of SHA-256(key); siblings from the leaf up. */
function stateRootFrom(key: Buffer, value: Buffer, siblings: Buffer[]): Buffer {
  let node = sha256('\x00counterseal state leaf', key, sha256(value));
  for (const [i, sibling] of siblings.entries()) {
    const depth = siblings.length - 1 - i;
    const right = (key[depth >> 3]! >> (7 - (depth & 7))) & 1;
    node = sha256('\x01counterseal state node', ...(right ? [sibling, node] : [node, sibling]));
  }
  return node;
}

/** Reads the ledger's encodings: big-endian, of fixed width, lists behind their length. */
function decoder(bytes: Buffer, code: ReceiptErrorCode) {
  let at = 0;
  const ensure = (condition: unknown): void => check(condition, code, `not canonical before byte ${at}`);
  const such = <T>(value: T, condition: (value: T) => unknown): T => (ensure(condition(value)), value);
  const take = (length: number) => such(bytes.subarray(at, (at += length)), () => at <= bytes.length);
  const hex = (length: number) => take(length).toString('hex');
  const uint = (width: number) => such(Number(`0x${hex(width)}`), Number.isSafeInteger);
  const field = () => such(hex(32), (text) => BigInt(`0x${text}`) < P);
  const oneOf = (values: string[]) => such(values[uint(1)]!, Boolean);
  const count = (max: number) => such(uint(1), (n) => n <= max);
  const list = <T>(max: number, item: () => T) => Array.from({ length: count(max) }, item);
  const purpose = () => such(take(uint(1)).toString('latin1'), (s) => /^[a-z][a-z0-9-]{0,31}$/.test(s));
  const end = () => ensure(at === bytes.length);
  return { ensure, take, hex, uint, field, oneOf, list, purpose, end };
}

function readRecord(bytes: Buffer) {
  const { ensure, hex, uint, field, oneOf, list, purpose, end } = decoder(bytes, 'bad_record');
  ensure(uint(1) === 1); // Version.
  const [logIndex, height, time, txHash] = [uint(8), uint(8), uint(8), hex(32)];
  ensure(uint(1) === 1); // A registration.
  const entry = { txHash, entry: uint(8), registered: { height, time, logIndex }, documentKind: uint(4) };
  const what = { purpose: purpose(), tags: [field(), field()] as const, nullifier: field() };
  const counts = () => ({ total: uint(4), registered: uint(4), engaged: uint(4), settled: uint(4) });
  const found = { label: oneOf(LABELS), exact: counts(), near: counts() };
  const match = () => ({ entry: uint(8), state: oneOf(STATES), via: oneOf(['exact', 'near']) });
  const matches = list(4 * LISTED, match);
  ensure(matches.every(({ entry }, i) => i === 0 || entry > matches[i - 1]!.entry));
  end();
  return { ...entry, ...what, verdict: { ...found, matches } };
}

function readTagList(bytes: Buffer) {
  const { take, uint, oneOf, list, end } = decoder(bytes, 'contradiction');
  const total = uint(4);
  take(4 + 4); // How many are engaged, settled,
  take(8 * uint(2)); // and registered, by day.
  const holders = list(LISTED, () => ({ entry: uint(8), state: oneOf(STATES.slice(0, 6)), day: uint(4) }));
  end();
  return { total, holders };
}

/** Its hash is in the log: the ledger has checked proof, signature and encoding before it put it there. */
function readTransaction(bytes: Buffer, txHash: string, nullifier: string) {
  const hash = sha256(bytes).toString('hex');
  check(hash === txHash, 'bad_transaction', 'the transaction is not the one that the record names');
  // Behind version, type, kind and the name of the purpose: epoch, root of the members, commitment, ...
  const claims = bytes.subarray(7 + (bytes[6] ?? 0)).toString('hex');
  const [commitment, own, controlKey, payloadHash] = [36, 136, 298, 330].map((at) =>
    claims.slice(2 * at, 2 * at + 64),
  );
  check(own === nullifier, 'bad_transaction', 'the transaction is no registration of this entry');
  return { hash, commitment: commitment!, controlKey: controlKey!, payloadHash: payloadHash! };
}
