import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tellCover } from '../../src/cli/demo/cover-story.js';
import type { Step } from '../../src/cli/demo/step.js';

it('the cover story goes as it must, with real proofs', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'counterseal-cover-'));
  const steps: Step[] = [];
  try {
    const telling = {
      signal: new AbortController().signal,
      onProgress: () => undefined,
      onStep: (step: Step) => steps.push(step),
    };
    const [count] = await tellCover(folder, telling, { threshold: 1 });
    expect(count).toContain('2 live policies insure one person for life');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  expect(steps.map(({ actor, name, verdict }) => [actor, name, verdict])).toEqual([
    ['network', 'genesis, certificates, key generation, start', 'ready'],
    ['insurers', '2 life policies, one person on each', 'unique'],
    ['insurer 1', 'shows the person alone, as a tag', 'unmatched'],
    ['insurer 2', 'does: one more than is usual', 'multiple-cover'],
    ['insurer 2', 'shows the relative, who is on no other policy', 'unmatched'],
    ['insurer 1', 'insures a car until the end of June', 'unique'],
    ['insurer 2', 'insures the same car from July on', 'near-duplicate'],
    ['insurer 1', 'proves to insurer 2: ends before 2026-07-01', 'holds'],
    ['insurer 2', 'proves to insurer 1: begins on 2026-07-01 or later', 'holds'],
    ['insurer 2', 'insures it from June on: the same question', 'does not hold'],
    ['insurers', 'one loss claimed at both, a day apart', 'unique'],
    ['insurers', 'show the car and the cause of the loss', 'unmatched, matched'],
    ['insurers', 'three hold the policy of one ship, 250000.00 EUR', 'duplicate, unique'],
    ['insurer 1', 'covers 60 % of its value', 'drawn'],
    ['insurers', '2 and 3 cover 40 % at the same moment', 'drawn, no-headroom'],
    ['the other', 'asks what is left', '0.00 EUR'],
    ['the other', 'would cover the whole instead', 'refused'],
    ['the other', 'draws on a copy that states 400000.00 EUR', 'conflict'],
  ]);
  expect(steps.filter(({ verdict, expected }) => verdict !== expected)).toEqual([]);
}, 1_200_000);
