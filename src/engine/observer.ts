import {
  isRejection,
  type LogRecord,
  type ParsedTransaction,
  type Rejection,
  type ResultName,
  type Transaction,
  type VerdictLabel,
} from '../ledger/index.js';

/** What was submitted: of an action, which one; `unreadable` for bytes that are no transaction. */
export type SubmittedKind = string;

/** What an engine tells whoever measures it: counts and labels of closed lists, nothing of what was registered. */
export interface EngineObserver {
  /** A submitted transaction was answered: `ok`, or the rule that refuses it. */
  transaction(kind: SubmittedKind, outcome: ResultName): void;
  /** An entry was registered, or an engagement asked for: what the ledger said. */
  verdict(label: VerdictLabel): void;
  /** A block was made durable. */
  block(block: { readonly records: number; readonly seconds: number }): void;
}

export function kindOf(parsed: ParsedTransaction | Rejection): SubmittedKind {
  return isRejection(parsed) ? 'unreadable' : kindOfTransaction(parsed.tx);
}

const kindOfTransaction = (tx: Transaction): SubmittedKind =>
  tx.type === 'action' ? tx.order.action.kind : tx.type;

export function verdictOf({ body }: LogRecord): VerdictLabel | undefined {
  return body.type === 'register' || body.type === 'action' ? body.verdict?.label : undefined;
}
