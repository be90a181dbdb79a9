import { createHash } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fingerprintDocument, isLive, type Agent, type FingerprintedDocument } from '../../agent/index.js';
import { encodeDocument, type CanonicalDocument } from '../../documents/index.js';
import { CountersealError } from '../../errors.js';
import { errorJson, progress } from '../output.js';
import { inParallel } from './in-parallel.js';
import { documentsIn, readMappingFile } from './read-book.js';

/** Documents that one round of evaluations takes: its 64 points. */
const CHUNK = 32;

/** What became of one document of a batch: a line of JSON in the report. */
const BatchLine = z.object({
  source: z.string(),
  row: z.number().nullable(),
  /** SHA-256 of the encoded document; null where it could not be read. */
  document: z.string().nullable(),
  purpose: z.string(),
  verdict: z.string().optional(),
  entry: z.number().optional(),
  /** Others' entries that match. */
  matches: z.array(z.number()).optional(),
  error: z.object({ code: z.string(), message: z.string(), field: z.string().nullish() }).optional(),
});
export type BatchLine = z.infer<typeof BatchLine>;

export interface BatchOptions {
  readonly purpose: string;
  readonly mapping: string | undefined;
  /** A file of lines to which each result is added as soon as it is known; what is in it is not done again. */
  readonly report: string | undefined;
  readonly onLine: (line: BatchLine) => void;
}

interface Item {
  readonly source: string;
  readonly row: number | null;
  readonly document: CanonicalDocument;
  readonly hash: string;
}

const hashOf = (document: CanonicalDocument): string =>
  createHash('sha256').update(encodeDocument(document)).digest('hex');

/** Where a document stands: a line without the outcome. */
const lineOf = ({ source, row, hash }: Item, purpose: string) => ({ source, row, document: hash, purpose });

/** Reads what an earlier run has reported; the last line can be torn, and is then done again. */
async function readReport(path: string): Promise<BatchLine[]> {
  const content = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return '';
    throw new CountersealError('io', `cannot read the report ${path}: ${cause.code ?? 'error'}`, { cause });
  });
  const lines = content.split('\n').filter((line) => line !== '');
  return lines.flatMap((line, i) => {
    try {
      return [BatchLine.parse(JSON.parse(line))];
    } catch (cause) {
      if (i === lines.length - 1) return [];
      throw new CountersealError(
        'invalid_argument',
        `line ${i + 1} of ${path} is not of a report of this program`,
        {
          cause,
        },
      );
    }
  });
}

/** One place in a batch, as long as what stands there is the same document. */
const keyOf = ({ source, row, document }: Pick<BatchLine, 'source' | 'row' | 'document'>) =>
  JSON.stringify([source, row, document]);

class Batch {
  readonly lines: BatchLine[] = [];
  private readonly done = new Set<string>();

  private constructor(private readonly options: BatchOptions) {}

  static async open(options: BatchOptions): Promise<Batch> {
    const batch = new Batch(options);
    if (options.report !== undefined)
      for (const line of await readReport(options.report)) {
        if (line.error !== undefined || line.purpose !== options.purpose || line.document === null) continue;
        batch.lines.push(line);
        batch.done.add(keyOf(line));
      }
    return batch;
  }

  /** The documents of a path that have no line yet; what cannot be read gets its line here. */
  async pending(path: string): Promise<Item[]> {
    const { mapping, purpose } = this.options;
    const rules = mapping === undefined ? undefined : await readMappingFile(mapping);
    const items: Item[] = [];
    for await (const item of documentsIn(path, rules)) {
      if ('problem' in item) {
        const { source, row, code, message, field } = item.problem;
        await this.add({ source, row, document: null, purpose, error: { code, message, field } });
        continue;
      }
      const { document } = item.read;
      const hash = hashOf(document);
      if (!this.done.has(keyOf({ ...item, document: hash })))
        items.push({ source: item.source, row: item.row, document, hash });
    }
    return items;
  }

  async add(line: BatchLine): Promise<void> {
    const { report } = this.options;
    if (report !== undefined)
      await appendFile(report, `${JSON.stringify(line)}\n`, { mode: 0o600, flush: true });
    this.lines.push(line);
    this.options.onLine(line);
  }
}

/** Says how far a batch is and how long it may still take. */
function estimate(what: string, done: number, total: number, started: number): void {
  const seconds = ((Date.now() - started) / done / 1000) * (total - done);
  const left = seconds < 100 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
  progress(`${what} ${done} of ${total}${done === 0 ? '' : `, about ${left} left`}`);
}

/**
 * Checks every document below a path. Evaluations go out in rounds of {@link CHUNK} documents; one that lacks what a
 * fingerprint needs gets an error and the others go on. An error that concerns all of them ends the batch.
 */
export async function checkBatch(agent: Agent, path: string, options: BatchOptions): Promise<BatchLine[]> {
  const batch = await Batch.open(options);
  const items = await batch.pending(path);
  const started = Date.now();
  for (let at = 0; at < items.length; at += CHUNK) {
    estimate('checked', at, items.length, started);
    const ready: { item: Item; fingerprinted: FingerprintedDocument }[] = [];
    for (const item of items.slice(at, at + CHUNK)) {
      try {
        ready.push({ item, fingerprinted: await fingerprintDocument(item.document) });
      } catch (error) {
        if (!(error instanceof CountersealError)) throw error;
        await batch.add({ ...lineOf(item, options.purpose), error: errorJson(error) });
      }
    }
    if (ready.length === 0) continue;
    const results = await agent.checkAll(
      ready.map(({ fingerprinted }) => fingerprinted),
      options.purpose,
    );
    await agent.audit(
      ...results.map(({ verdict }, i) => ({
        command: 'document check',
        file: ready[i]!.item.hash,
        result: verdict,
      })),
    );
    for (const [i, { verdict, matches }] of results.entries())
      await batch.add({
        ...lineOf(ready[i]!.item, options.purpose),
        verdict,
        matches: matches.filter(({ own }) => !own).map(({ sequence }) => sequence),
      });
  }
  progress('');
  return batch.lines;
}

/** Codes that concern one document; every other error would meet the next one too. */
const OF_ONE_DOCUMENT: readonly string[] = [
  'missing_field',
  'invalid_document',
  'invalid_argument',
  'rejected',
];

/** Registrations that are prepared beyond those that are proved: evaluated, their turn at a prover is next. */
const LOOKAHEAD = 2;

/**
 * Registers every document below a path, `parallel` proofs at once, while the documents after them are evaluated. A
 * document of which the member has a live entry for the purpose is not registered again, so that a batch that was
 * interrupted at any moment can be run again. Lines come in the order of the documents.
 */
export async function registerBatch(
  agent: Agent,
  path: string,
  options: BatchOptions & { readonly parallel: number },
  register: (item: { document: CanonicalDocument; hash: string }) => Promise<{
    /** `pending` where it is submitted later. */
    verdict: string;
    sequence?: number;
    matches: readonly { sequence: number; own: boolean }[];
  }>,
): Promise<BatchLine[]> {
  const batch = await Batch.open(options);
  const items = await batch.pending(path);
  await agent.resume();
  const live = new Map(
    (await agent.entries())
      .filter(({ entry, state }) => entry.purpose === options.purpose && isLive(state))
      .map(({ entry }): [string, Outcome] => [
        createHash('sha256').update(entry.document).digest('hex'),
        { entry: entry.sequence!, verdict: entry.verdict ?? 'unique' },
      ]),
  );
  // Equal documents of one batch are one registration, also while it is under way.
  const running = new Map<string, Promise<Outcome>>();
  const once = async (item: Item): Promise<Outcome> => {
    const { verdict, sequence, matches } = await register(item);
    const others = matches.filter(({ own }) => !own).map((match) => match.sequence);
    const outcome = { ...(sequence === undefined ? {} : { entry: sequence }), verdict };
    live.set(item.hash, outcome);
    return { ...outcome, matches: others };
  };
  const work = async (item: Item): Promise<BatchLine> => {
    const line = lineOf(item, options.purpose);
    try {
      const known = live.get(item.hash) ?? running.get(item.hash);
      if (known) {
        const { entry, verdict } = await known;
        return { ...line, ...(entry === undefined ? {} : { entry }), verdict };
      }
      const begun = once(item).finally(() => running.delete(item.hash));
      running.set(item.hash, begun);
      return { ...line, ...(await begun) };
    } catch (error) {
      if (!(error instanceof CountersealError) || !OF_ONE_DOCUMENT.includes(error.code)) throw error;
      return { ...line, error: errorJson(error) };
    }
  };
  const started = Date.now();
  let done = 0;
  estimate('registered', done, items.length, started);
  await inParallel(items, options.parallel + LOOKAHEAD, work, async (line) => {
    await batch.add(line);
    estimate('registered', ++done, items.length, started);
  });
  progress('');
  return batch.lines;
}

/** What a registered document's line says. */
interface Outcome {
  readonly entry?: number;
  readonly verdict: string;
  readonly matches?: number[];
}
