import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CUSTOMS_SEED } from '../../src/cli/demo/customs-seed.js';
import { tellCustoms } from '../../src/cli/demo/customs-story.js';
import type { Step } from '../../src/cli/demo/step.js';
import { generateSet } from '../../src/shipments/index.js';

const steps: Step[] = [];
let pages = '';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'counterseal-customs-'));
  const told = await tellCustoms(folder, {
    signal: new AbortController().signal,
    onProgress: () => undefined,
    onStep: (step) => steps.push(step),
  });
  pages = told.join('\n');
}, 1_200_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the customs story, with real proofs', () => {
  it('goes as it must, step by step', () => {
    expect(steps.map(({ actor, name, verdict }) => [actor, name, verdict])).toEqual([
      ['network', 'genesis, certificates, key generation, start', 'ready'],
      ['seller', 'attests two invoices and a packing list', 'unique'],
      ['carrier', 'registers three bills of lading', 'unique'],
      ['insurer', 'registers a certificate, shares it with the broker', 'unique'],
      ['broker', 'declares one shipment; another one in three parts', 'unique'],
      ['customs', 'asks; broker proves: invoice, packing list, bill', 'open'],
      ['customs', 'asks about the insurance of that invoice', 'clear'],
      ['lender', "opens the seller's entry with its copy", 'opened'],
      ['tax', 'is given a forged copy of the other invoice', 'closed'],
      ['customs', 'declared: a weight beyond the tolerance', 'bill disagrees'],
      ['broker', 'withdraws it', 'cancelled'],
      ['customs', 'declared: a container not on the bill', 'bill disagrees'],
      ['broker', 'withdraws it', 'cancelled'],
      ['customs', 'declared: less than the invoice', 'invoice disagrees'],
      ['broker', 'tries to prove it with a forged invoice', 'does not open'],
      ['broker', 'sends the answer about the first declaration', 'refused'],
      ['broker B', 'declares the first goods again', 'near-duplicate'],
      ['customs', 'asks broker B, and is shown the same invoice', 'for another'],
      ['customs', 'sees it on the page of the first declaration', 'same goods'],
      ['customs', 'asks about the three parts of one bill', 'agrees, no alarm'],
      ['customs', "finds the invoice's entry and no value of it", 'entry only'],
    ]);
    expect(steps.filter(({ verdict, expected }) => verdict !== expected)).toEqual([]);
  });

  it('ends with pages that name the rule that fails, and no value', () => {
    expect(pages).toMatch(/^ {4}FAILS {2}the declared value equals the invoice total$/m);
    expect(pages).toMatch(/^ {4}FAILS {2}the same paper was shown for declaration \d+$/m);
    expect(pages).toMatch(/^ {2}SAME GOODS in declaration \d+, /m);
    expect(pages.match(/^ {4}FAILS/gm)).toHaveLength(2);
    const { text } = generateSet(CUSTOMS_SEED, 0, null).papers.find(({ kind }) => kind === 'invoice')!;
    const [, total] = />([0-9.]+)<\/cbc:PayableAmount>/.exec(text)!;
    expect(pages).not.toContain(total);
  });
});
