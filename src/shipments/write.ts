import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersealError } from '../errors.js';
import { generateShipments, type ShipmentOptions } from './generate.js';
import type { Truth, TruthSet } from './truth.js';

/** The file beside the sets that says what is true of them. */
export const TRUTH_FILE = 'truth.json';

/**
 * Writes sets of documents into a new folder, a folder each, and `truth.json` last. Throws `already_exists` for a folder
 * that is not empty, `io` for what cannot be written.
 */
export async function writeShipments(
  folder: string,
  options: ShipmentOptions,
  onProgress: (written: number) => void = () => undefined,
): Promise<Truth> {
  try {
    await mkdir(folder, { recursive: true });
    if ((await readdir(folder)).length > 0)
      throw new CountersealError('already_exists', `${folder} is not empty: choose a new folder`);
    const sets: TruthSet[] = [];
    for (const { truth, papers } of generateShipments(options)) {
      await mkdir(join(folder, truth.set));
      for (const { file, text } of papers) await writeFile(join(folder, truth.set, file), text);
      sets.push(truth);
      onProgress(sets.length);
    }
    const truth: Truth = { version: 1, seed: options.seed, faults: options.faults, sets };
    await writeFile(join(folder, TRUTH_FILE), `${JSON.stringify(truth, null, 2)}\n`);
    return truth;
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    throw new CountersealError('io', `cannot write into ${folder}: ${code}`, { cause });
  }
}
