import { CountersealError } from '../../errors.js';

/**
 * A bank as `BIC|DEUTDEFF` (ISO 9362): without its branch, which senders write (`DEUTDEFF500`), fill (`DEUTDEFFXXX`) or
 * leave out.
 *
 * @throws invalid_document for what is no BIC
 */
export function bankIdentifier(value: string, field: string): { code: string; weak: false; field: string } {
  const bic = value.trim().toUpperCase();
  if (/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(bic))
    return { code: `BIC|${bic.slice(0, 8)}`, weak: false, field };
  throw new CountersealError(
    'invalid_document',
    `${field} is ${JSON.stringify(value.slice(0, 40))}: a bank's BIC has eight or eleven letters and digits, as in DEUTDEFF`,
    { field },
  );
}
