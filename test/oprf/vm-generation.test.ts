import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readVmGeneration } from '../../src/oprf/index.js';
import { temporaryFolder } from './helpers.js';

describe('readVmGeneration', () => {
  it('changes with each file that can be read, and does without those that cannot', () => {
    const folder = temporaryFolder();
    const files = ['a', 'b'].map((name) => join(folder, name));
    const seen = [readVmGeneration(files)];
    for (const [file, text] of [
      [files[1]!, 'one'],
      [files[1]!, 'two'],
      [files[0]!, 'one'],
    ] as const) {
      writeFileSync(file, `${text}\n`);
      seen.push(readVmGeneration(files));
    }
    expect(seen).toEqual(['|', '|one', '|two', 'one|two']);
  });
});
