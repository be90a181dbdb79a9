import { spawn } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CountersealError, ensure } from '../errors.js';
import { packageKeys, type KeyRegistry, type Statement } from './keys.js';
import {
  aborted,
  fieldInputs,
  checkProved,
  Turns,
  type CircuitInputs,
  type Proved,
  type ProveOptions,
  type Prover,
} from './prover.js';
import { ProvingProcess } from './proving-process.js';
import { withSecretFolder } from './secret-folder.js';
import { parsePublicSignals } from './snarkjs-prover.js';

export interface RapidsnarkProverOptions {
  /** Path of rapidsnark's `prover` program. */
  readonly program: string;
  readonly keys?: KeyRegistry;
  /** Milliseconds after the last proof at which the process that computes witnesses ends. */
  readonly idleTimeout?: number;
}

const OUTPUT_MAX = 1 << 20;

/** Reads what the program wrote; throws `invalid_proof`. */
async function readOutput(path: string): Promise<unknown> {
  try {
    ensure(
      (await stat(path)).size <= OUTPUT_MAX,
      'invalid_proof',
      'the prover wrote a file that is too large',
    );
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    if (cause instanceof CountersealError) throw cause;
    throw new CountersealError('invalid_proof', 'the prover did not write what it should have', { cause });
  }
}

/** Runs `program` with the arguments; its output is dropped. Throws `io` if it cannot start, `unavailable` if it fails. */
function run(program: string, args: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } });
    const stop = () => child.kill('SIGKILL');
    const settle = (error?: CountersealError) => {
      signal?.removeEventListener('abort', stop);
      if (signal?.aborted) reject(aborted(signal));
      else if (error) reject(error);
      else resolve();
    };
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    child.on('error', (cause) =>
      settle(new CountersealError('io', `cannot run ${program}: check COUNTERSEAL_RAPIDSNARK`, { cause })),
    );
    child.on('close', (code, killed) => {
      if (code === 0) settle();
      else settle(new CountersealError('unavailable', `${program} ended with ${killed ?? `status ${code}`}`));
    });
  });
}

/**
 * Proves with rapidsnark's command line, `prover ZKEY WITNESS PROOF PUBLIC`, several times faster than snarkjs. The
 * witness, which contains the document and the member's secret, is handed over in a file: mode 0600 in a folder of its
 * own, removed in every case but SIGKILL (`withSecretFolder`). Whoever can read this user's files can read it meanwhile.
 */
export class RapidsnarkProver implements Prover {
  readonly name = 'rapidsnark';
  readonly #program: string;
  readonly #keys: KeyRegistry;
  readonly #witnesses: ProvingProcess;
  readonly #turns = new Turns();
  readonly #closing = new AbortController();

  constructor({ program, keys = packageKeys, idleTimeout }: RapidsnarkProverOptions) {
    this.#program = program;
    this.#keys = keys;
    this.#witnesses = new ProvingProcess(idleTimeout);
  }

  prove(statement: Statement, inputs: CircuitInputs, options: ProveOptions = {}): Promise<Proved> {
    const closing = this.#closing.signal;
    const signal = options.signal ? AbortSignal.any([options.signal, closing]) : closing;
    return this.#turns.run(async () => {
      const checked = fieldInputs(inputs);
      options.onProgress?.('loading');
      const files = await this.#keys.provingFiles(statement);
      const made = await this.#witnesses.request(
        { task: 'witness', files, inputs: checked },
        { ...options, signal },
      );
      ensure('witness' in made, 'internal', 'the proving process answered another question');
      const { witness } = made;
      const output = await withSecretFolder(async (folder) => {
        const at = (name: string) => join(folder, name);
        try {
          await writeFile(at('witness.wtns'), witness, { mode: 0o600, flag: 'wx' });
        } finally {
          witness.fill(0);
        }
        await run(
          this.#program,
          [files.zkey, at('witness.wtns'), at('proof.json'), at('public.json')],
          signal,
        );
        return { proof: await readOutput(at('proof.json')), signals: await readOutput(at('public.json')) };
      });
      const publicSignals = parsePublicSignals(output.signals);
      return checkProved(statement, { proof: output.proof, publicSignals }, this.#keys);
    }, signal);
  }

  async close(): Promise<void> {
    this.#closing.abort(new CountersealError('unavailable', 'the prover was closed'));
    this.#witnesses.close();
    await this.#turns.idle();
  }
}
