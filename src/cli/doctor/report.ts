import { CountersealError, type ErrorCode } from '../../errors.js';

export type CheckStatus = 'ok' | 'warn' | 'fail';

export interface Check {
  readonly check: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly found: string;
  /** What to do about it. */
  readonly remedy?: string;
}

/** What to do where a message does not say it. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  data_corrupted: 'restore a backup, or the copy of this file that you keep',
  decryption_failed: 'give the passphrase of this folder; if it is right, restore the file',
  permission_denied: 'see that this is the right folder, network and address',
  unavailable: 'start it, or correct the address',
  failed_precondition: 'see what the message says',
  not_found: 'restore the file, or give the right folder',
  io: 'see to the disk and to the permissions of the folder',
};

/** What a doctor found out, in the order in which it looked. */
export class Report {
  readonly checks: Check[] = [];

  constructor(private readonly onCheck: (name: string) => void = () => undefined) {}

  get failed(): boolean {
    return this.checks.some(({ status }) => status === 'fail');
  }

  ok(check: string, found: string): void {
    this.checks.push({ check, status: 'ok', found });
  }

  warn(check: string, found: string, remedy: string): void {
    this.checks.push({ check, status: 'warn', found, remedy });
  }

  fail(check: string, found: string, remedy: string): void {
    this.checks.push({ check, status: 'fail', found, remedy });
  }

  /** Runs a check. What it answers is what was found and is well; what it throws is a failure; undefined says nothing. */
  async run<T>(
    check: string,
    look: () => Promise<T> | T,
    found?: (value: T) => string | undefined,
  ): Promise<T | undefined> {
    this.onCheck(check);
    try {
      const value = await look();
      const text = found?.(value);
      if (text !== undefined) this.ok(check, text);
      return value;
    } catch (error) {
      const known = error instanceof CountersealError ? error : undefined;
      this.fail(
        check,
        known?.message ?? 'an unexpected error',
        (known && REMEDIES[known.code]) ?? 'please report it',
      );
      return undefined;
    }
  }
}
