import { describe, expect, it } from 'vitest';
import { CountersealError, visible } from '../src/errors.js';
import { readDocument } from '../src/documents/index.js';

describe('what an error says', () => {
  it('shows what cannot be seen, and leaves alone what can', () => {
    for (const [hidden, shown] of [
      ['\u200b', '\\u{200B}'],
      ['\u00ad', '\\u{00AD}'],
      ['\u202e', '\\u{202E}'],
      ['\u2066', '\\u{2066}'],
      ['\u00a0', '\\u{00A0}'],
      ['\u3164', '\\u{3164}'],
      ['\u2800', '\\u{2800}'],
      ['\ufe0f', '\\u{FE0F}'],
      ['\ufeff', '\\u{FEFF}'],
      ['\u001b', '\\u{001B}'],
      ['\n', '\\u{000A}'],
      ['\u{e0041}', '\\u{E0041}'],
      ['\ud800', '\\u{D800}'],
    ] as const)
      expect(visible(`a${hidden}b`)).toBe(`a${shown}b`);
    const plain = 'RE-2026/0417 – Müller & Söhne, 東京, Ωμέγα, שלום, é';
    expect(visible(plain)).toBe(plain);
    expect(new CountersealError('invalid_document', 'x\u200by').message).toBe('x\\u{200B}y');
  });

  it('of a document lets nothing through that a terminal obeys', () => {
    const json = JSON.stringify({
      counterseal: 'document',
      version: 1,
      kind: 380,
      number: 'RE\u200b-\u001b[31m1',
    });
    try {
      readDocument(Buffer.from(json));
      expect.unreachable();
    } catch (error) {
      // eslint-disable-next-line no-control-regex
      expect((error as Error).message).not.toMatch(/[\u0000-\u001f\u200b]/);
    }
  });
});
