import { unlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseFile, readText, writeJson } from '../../crypto/index.js';

/**
 * `restored.json` in a node's folder: that its ledger came from a backup, and of which block. It is there before
 * anything else is restored, so that a folder in which that did not come to its end starts no node; and until the
 * operator has confirmed that nothing came after that block.
 */
const Restored = z.strictObject({
  format: z.literal('counterseal-restored'),
  version: z.literal(1),
  networkId: z.string(),
  height: z.int().min(1),
  /** Of the log. */
  size: z.int().min(0),
  /** Of the block, ISO 8601. */
  time: z.string(),
});
export type Restored = z.infer<typeof Restored>;

const restoredPath = (home: string): string => join(home, 'restored.json');

/** Undefined for a folder that was not restored, or is confirmed. */
export async function readRestored(home: string): Promise<Restored | undefined> {
  const path = restoredPath(home);
  return existsSync(path) ? parseFile(Restored, await readText(path, ''), path) : undefined;
}

export const writeRestored = (home: string, restored: Omit<Restored, 'format' | 'version'>): Promise<void> =>
  writeJson(restoredPath(home), { format: 'counterseal-restored', version: 1, ...restored });

export const removeRestored = (home: string): Promise<void> => unlink(restoredPath(home));
