import { CountersealError, type ErrorCode } from '../errors.js';
import { parseVerifierKey, type Genesis } from '../ledger/index.js';
import {
  ReceiptError,
  verifyReceipt,
  type ProvedReceipt,
  type ReceiptErrorCode,
} from '../receipts/verify.js';

/** Whose cosignatures a receipt must carry. */
export interface WitnessDemand {
  /** Verifier keys of witnesses, `name+id+key`. */
  readonly witnesses?: readonly string[];
  /** How many of them suffice; all, where it is left out. */
  readonly quorum?: number;
}

/** A failure of a receipt in the project's codes; what exactly failed is the error's field. */
const CODE: Record<ReceiptErrorCode, ErrorCode> = {
  bad_trust: 'invalid_argument',
  malformed: 'invalid_argument',
  bad_checkpoint: 'invalid_argument',
  bad_record: 'invalid_argument',
  wrong_network: 'permission_denied',
  operator_signature: 'permission_denied',
  witness_quorum: 'permission_denied',
  not_in_log: 'invalid_proof',
  not_in_state: 'invalid_proof',
  contradiction: 'invalid_proof',
  bad_transaction: 'invalid_proof',
};

/**
 * What a receipt (the file's text) proves to whoever trusts a network's genesis: see {@link verifyReceipt}. Offline.
 * Throws `invalid_argument`, `permission_denied` or `invalid_proof`, with what exactly failed as the field.
 */
export function checkReceipt(
  genesis: Genesis,
  receipt: string,
  { witnesses = [], quorum }: WitnessDemand = {},
): ProvedReceipt {
  try {
    return verifyReceipt(receipt, {
      networkId: genesis.networkId,
      operatorKeys: genesis.operators.map(({ checkpointKey }) => checkpointKey),
      witnessKeys: witnesses
        .map(parseVerifierKey)
        .map(({ name, publicKey }) => ({ name, publicKey: Buffer.from(publicKey).toString('hex') })),
      ...(quorum === undefined ? {} : { quorum }),
    });
  } catch (error) {
    if (!(error instanceof ReceiptError)) throw error;
    throw new CountersealError(CODE[error.code], `the receipt proves nothing: ${error.message}`, {
      field: error.code,
      cause: error,
    });
  }
}
