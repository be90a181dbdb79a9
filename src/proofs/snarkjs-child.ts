// Entry of the forked proving process. Inputs come over IPC, never in arguments or files; nothing is written or printed.
import * as snarkjs from 'snarkjs';
import type { ChildAnswer, ChildFailure, ChildRequest } from './snarkjs-child-messages.js';

const answer = (message: ChildAnswer) => process.send?.(message);

/** Keeps of an error's text what can only be a name and a place in a circuit. Everything else stays here. */
function failureOf(error: unknown): ChildFailure {
  const text = error instanceof Error ? error.message : '';
  if (/Not all inputs have been set/.test(text)) return { kind: 'inputs', signal: undefined };
  const input = /^(?:Signal (\w+) not found|(?:Not enough|Too many) values for input signal (\w+))/.exec(
    text,
  );
  if (input) return { kind: 'inputs', signal: input[1] ?? input[2] };
  if (!/Assert Failed/.test(text)) return { kind: 'internal' };
  const place = /Error in template (\w+) line: (\d+)/.exec(text);
  return { kind: 'unsatisfied', at: place ? `template ${place[1]}, line ${place[2]}` : 'an unnamed place' };
}

async function run({ id, task, files, inputs, singleThread = false }: ChildRequest): Promise<void> {
  const witness: { type: 'mem'; data?: Uint8Array } = { type: 'mem' };
  try {
    answer({ id, stage: 'witness' });
    await snarkjs.wtns.calculate({ ...inputs }, files.witness, witness);
    answer({ id, stage: 'proving' });
    if (task === 'witness') answer({ id, witness: witness.data! });
    else answer({ id, ...(await snarkjs.groth16.prove(files.zkey, witness, undefined, { singleThread })) });
  } catch (error) {
    answer({ id, failure: failureOf(error) });
  } finally {
    // Secrets: overwritten as far as this program can. What the engine copied goes with the process.
    witness.data?.fill(0);
  }
}

process.on('message', (request: ChildRequest) => void run(request));
// The parent closed the channel or died: there is nobody to prove for.
process.on('disconnect', () => process.exit(0));
