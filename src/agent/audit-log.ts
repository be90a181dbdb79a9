import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { open as openFile, readFile, type FileHandle } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { z } from 'zod';
import { CountersealError } from '../errors.js';
import type { AgentStore } from './store.js';

/** What a command did, for the log; never what a document holds. */
export interface AuditNote {
  /** As it is typed: `document check`. */
  readonly command: string;
  /** Who ordered it, where that is not the user of the operating system. */
  readonly user?: string;
  /** Who approved it, where that takes a second person. */
  readonly approvedBy?: string;
  /** SHA-256 of the file, or of the encoded document where it came from a table or folder. */
  readonly file?: string;
  /** Number of the own entry that it was about. */
  readonly entry?: number;
  /** The verdict, the state that came of it, or with whom: a word or two. */
  readonly result?: string;
}

const AuditRecord = z.strictObject({
  number: z.int().min(1),
  /** ISO 8601, by this machine's clock. */
  time: z.iso.datetime(),
  /** Of the operating system, or whom a gateway acted for. */
  user: z.string(),
  approvedBy: z.string().optional(),
  command: z.string(),
  file: z.string().optional(),
  entry: z.int().optional(),
  result: z.string().optional(),
  /** SHA-256 of the line before, without its line feed; zeros in the first. */
  previous: z.hex().length(64),
  /** HMAC-SHA256 under a key from the member's seed, over this line as it is without `mac`. */
  mac: z.hex().length(64),
});
export type AuditRecord = z.infer<typeof AuditRecord>;

/** A line that is not what it was, or lines that are gone. */
export interface AuditProblem {
  /** Of the file, from 1; the one after the last where the end is missing. */
  readonly line: number;
  readonly problem: string;
}

export interface AuditReport {
  readonly records: readonly AuditRecord[];
  readonly problems: readonly AuditProblem[];
}

/** Where the log ends. Kept in the agent's database, sealed, so that a log that lost its end is found out. */
interface AuditHead {
  readonly number: number;
  readonly hash: string;
  /** Length of the file in bytes. */
  readonly size: number;
}

const HEAD = 'own/audit';
const START: AuditHead = { number: 0, hash: '0'.repeat(64), size: 0 };

const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex');

/** The number stands for a user whom the system has no name for. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/**
 * What was done from this folder: JSON lines that are only ever added to, each bound to the one before it and under the
 * member's key. Whoever can write the file and has no passphrase cannot change, remove or insert a line unnoticed, nor
 * cut off the end, which the agent's database remembers. To set back file and database together goes unnoticed here.
 */
export class AuditLog {
  constructor(
    private readonly path: string,
    private readonly key: Uint8Array,
    private readonly store: AgentStore,
  ) {}

  /** Adds lines; they are on disk when this returns. Throws `io`. */
  add(...notes: readonly AuditNote[]): Promise<void> {
    return this.store.use(async (session) => {
      try {
        const file = await openFile(this.path, 'a+', 0o600);
        try {
          let head = await this.recovered(file, session.getSealed<AuditHead>(HEAD) ?? START);
          let text = '';
          for (const note of notes) {
            const line = this.line(note, head);
            text += `${line}\n`;
            head = { ...head, number: head.number + 1, hash: hashOf(line) };
          }
          await file.appendFile(text);
          await file.sync();
          session.putSealed(HEAD, { ...head, size: (await file.stat()).size });
        } finally {
          await file.close();
        }
      } catch (cause) {
        if (cause instanceof CountersealError) throw cause;
        throw new CountersealError('io', `the audit log ${this.path} cannot be written`, {
          cause,
        });
      }
    });
  }

  /**
   * Does what a note is of: a line that it is begun before, and one of what came of it after. Where the process dies
   * between, the first is there: nothing is done of which the log says nothing. Throws `io`, with nothing done where the
   * first line cannot be written; and as `work` does.
   */
  async around<T>(
    note: Omit<AuditNote, 'result'>,
    work: () => Promise<T>,
    outcome: (done: T) => Pick<AuditNote, 'entry' | 'result'>,
  ): Promise<T> {
    await this.add({ ...note, result: 'begun' });
    let done: T;
    try {
      done = await work();
    } catch (error) {
      const code = error instanceof CountersealError ? error.code : 'internal';
      // What went wrong is told, whatever becomes of the line.
      await this.add({ ...note, result: `failed: ${code}` }).catch(() => undefined);
      throw error;
    }
    await this.add({ ...note, ...outcome(done) });
    return done;
  }

  /** Reads the log, and says of each line that is not as this folder wrote it, or is gone. Throws `io`. */
  read(): Promise<AuditReport> {
    return this.store.use(async (session) => {
      const head = session.getSealed<AuditHead>(HEAD) ?? START;
      const content = await readFile(this.path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return '';
        throw new CountersealError('io', `the audit log ${this.path} cannot be read`, { cause });
      });
      const records: AuditRecord[] = [];
      const problems: AuditProblem[] = [];
      let last = { number: 0, hash: START.hash };
      let reached = head.number === 0;
      const lines = content.split('\n');
      if (lines.at(-1) === '') lines.pop();
      for (const [i, text] of lines.entries()) {
        const line = i + 1;
        const record = this.parse(text);
        if (!record) {
          problems.push({ line, problem: 'was changed, or was not written by this folder' });
          continue;
        }
        if (record.number !== last.number + 1 || record.previous !== last.hash)
          problems.push({ line, problem: `does not follow the line before it: number ${record.number}` });
        last = { number: record.number, hash: hashOf(text) };
        reached ||= last.number === head.number && last.hash === head.hash;
        records.push(record);
      }
      if (!reached)
        problems.push({
          line: lines.length + 1,
          problem: `the end is missing: the last line has number ${head.number}`,
        });
      return { records, problems };
    });
  }

  /** The end of the log where a process died after it had written lines and before the database knew of them. */
  private async recovered(file: FileHandle, head: AuditHead): Promise<AuditHead> {
    const { size } = await file.stat();
    if (size <= head.size) return head;
    const tail = Buffer.alloc(size - head.size);
    await file.read(tail, 0, tail.length, head.size);
    const lines = tail.toString('utf8').split('\n');
    const torn = lines.pop()!;
    for (const text of lines) {
      const record = this.parse(text);
      if (record?.number !== head.number + 1 || record.previous !== head.hash) return head;
      head = { number: record.number, hash: hashOf(text), size: head.size + Buffer.byteLength(text) + 1 };
    }
    // Half a line was never acknowledged to anybody.
    if (torn !== '') await file.truncate(head.size);
    return head;
  }

  private line({ command, user, approvedBy, file, entry, result }: AuditNote, head: AuditHead): string {
    const record = {
      number: head.number + 1,
      time: new Date().toISOString(),
      user: user ?? userName(),
      approvedBy,
      command,
      file,
      entry,
      result,
      previous: head.hash,
    };
    return JSON.stringify({ ...record, mac: this.mac(JSON.stringify(record)).toString('hex') });
  }

  /** Undefined for what is no line under this key. */
  private parse(text: string): AuditRecord | undefined {
    try {
      const { mac, ...record } = AuditRecord.parse(JSON.parse(text));
      const whole = JSON.stringify({ ...record, mac }) === text;
      return whole && timingSafeEqual(this.mac(JSON.stringify(record)), Buffer.from(mac, 'hex'))
        ? { ...record, mac }
        : undefined;
    } catch {
      return undefined;
    }
  }

  private mac(text: string): Buffer {
    return createHmac('sha256', this.key).update(text).digest();
  }
}
