/**
 * A member's side of a Counterseal network, for programs: what the command line does, with the same classes.
 *
 * ```ts
 * import { Agent, defaultProver, parseDocument } from 'counterseal';
 *
 * const agent = await Agent.open('bank-a', passphrase, { keepConnections: true });
 * const { document, fileHash } = await parseDocument(await readFile('invoice.xml'));
 * const { verdict } = await agent.check(document, 'finance');
 * ```
 *
 * Whatever fails throws a {@link CountersealError} with one of {@link ERROR_CODES}. Sequence numbers of entries are
 * integers from 0 on; times are ISO 8601 strings in UTC unless a name says milliseconds; amounts are strings or
 * bigints of minor units, and never floating point. What a program does is in no audit log unless it calls {@link Agent.audit}.
 *
 * @module
 */
export * from './agent/index.js';
export { type VaultAccess, type VaultKey } from './crypto/index.js';
export {
  type CanonicalDocument,
  inspectDocument,
  type InspectedDocument,
  type SlotName,
  type SlotStrings,
} from './documents/index.js';
export { CountersealError, ERROR_CODES, type ErrorCode } from './errors.js';
export {
  type Action,
  type ActionKind,
  type CancelReason,
  type EntryState,
  type Genesis,
  type MatchCounts,
  type MatchVia,
  type Network,
  parseGenesis,
  type Role,
  type VerdictLabel,
} from './ledger/index.js';
export { type EvaluatorWarning } from './oprf/index.js';
export {
  batchProver,
  defaultProver,
  type Decides,
  type EntrySide,
  type Judgement,
  type NamedRule,
  type NamedSetRule,
  type Prover,
  type PublicSide,
  RULE_SETS,
  type RuleOutcome,
  ruleSet,
  type RuleSet,
  type RuleStatus,
  type ScalarRule,
  type SetRule,
  slotValue,
  type SlotValue,
} from './proofs/index.js';
export { type ProvedReceipt } from './receipts/verify.js';
