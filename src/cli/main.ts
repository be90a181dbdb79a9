#!/usr/bin/env node
import { EXIT } from './output.js';
import { runProgram } from './program.js';

// Whoever reads the output may stop before its end: `counterseal ledger tail | head`. Any other error is one.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  process.stderr.write(`error: the output cannot be written: ${error.code ?? error.message} [io]\n`);
  process.exit(EXIT.failed);
});

await runProgram(process.argv);
