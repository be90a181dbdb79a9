// A process that a test kills is started ahead of time: it loads what it needs, says `loaded`, and begins when a line
// comes on standard input.
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const say = (...words) => writeSync(1, `${words.join(' ')}\n`);

export async function start() {
  say('loaded');
  // It does not outlive the test.
  process.stdin.on('end', () => process.exit(0));
  return new Promise((resolve) => {
    createInterface({ input: process.stdin }).once('line', (line) => resolve(JSON.parse(line)));
  });
}
