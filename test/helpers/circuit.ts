import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { circomVersion, compile, ROOT, sha256, sourcesOf } from '../../scripts/circuits.mjs';
import type { CircuitInputs } from '../../src/proofs/prover.js';
import {
  ConstraintSystem,
  readable,
  readKept,
  readSymbols,
  readWitness,
  type Witness,
} from './constraint-system.js';

/** A change to the hints of a prover's own program: file name -> [what it says, what the prover says instead]. */
export type Tampering = Readonly<Record<string, readonly (readonly [string, string])[]>>;

const CACHE = join(ROOT, '.cache', 'circuits');

/** Runs `make` on a new folder unless one with this key is there already. An interrupted run leaves nothing. */
async function cached(key: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(CACHE, key);
  if (existsSync(folder)) return folder;
  mkdirSync(CACHE, { recursive: true });
  const unfinished = mkdtempSync(join(CACHE, 'unfinished-'));
  try {
    await make(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Somebody else was faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

const keyOf = (...parts: string[]): string => sha256([circomVersion(), ...parts].join('\n')).slice(0, 24);

/** The sources of a circuit as name -> text. */
function sourceTexts(main: string): [name: string, text: string][] {
  return [...sourcesOf(main)].map(([name, path]) => [name, readFileSync(path, 'utf8')]);
}

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');

/**
 * A source without its `===`: what it assigns is the same and has the same numbers, and nothing is asserted any more,
 * so that a prover's lies travel through it as far as they get.
 */
const stripped = (text: string): string =>
  withoutComments(text)
    .split(';')
    .map((statement) =>
      statement.includes('===') ? statement.replace(/[^{}]*===[^]*$/, '') : `${statement};`,
    )
    .join('')
    .replace(/;$/, '');

function tampered(name: string, text: string, tampering: Tampering): string {
  for (const [from, to] of tampering[basename(name)] ?? []) {
    if (!text.includes(from)) throw new Error(`${name} does not say "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

/** Paths of the constraint system of a main circuit, a path below the repository root. */
async function constraintsOf(main: string, level: '--O0' | '--O2'): Promise<{ r1cs: string; sym: string }> {
  const name = basename(main, '.circom');
  const key = keyOf('constraints', level, ...sourceTexts(main).flat());
  const folder = await cached(
    key,
    async (out) => void (await compile(main, out, ['--r1cs', '--sym', level])),
  );
  return { r1cs: join(folder, `${name}.r1cs`), sym: join(folder, `${name}.sym`) };
}

/** The constraints that proofs are made for, to which a witness of --O0 is put. */
export async function optimisedViolations(main: string): Promise<(witness: Witness) => number[]> {
  const { r1cs, sym } = await constraintsOf(main, '--O2');
  const system = ConstraintSystem.read(r1cs, sym);
  const kept = readKept(sym);
  return (witness) => system.violations(kept.map((signal) => witness[signal]!));
}

/** What circom writes beside its programs. */
type BuildCalculator = (
  wasm: Uint8Array,
) => Promise<{ calculateBinWitness(inputs: CircuitInputs, sanityCheck: boolean): Promise<Uint8Array> }>;

/** A prover's own witness program: the circuit without its assertions, with the hints of `tampering`. */
async function dishonestProgram(main: string, tampering: Tampering) {
  const name = basename(main, '.circom');
  const sources = sourceTexts(main).map(
    ([name, text]) => [name, tampered(name, stripped(text), tampering)] as const,
  );
  const folder = await cached(keyOf('dishonest', ...sources.flat()), async (out) => {
    for (const [name, text] of sources) {
      const path = join(out, 'sources', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    await compile(
      relative(ROOT, join(out, 'sources', main)),
      out,
      ['--wasm', '--sym', '--O0'],
      join(out, 'sources'),
    );
    rmSync(join(out, 'sources'), { recursive: true });
    // The package is one of ES modules, and what circom writes is not.
    renameSync(join(out, `${name}_js`, 'witness_calculator.js'), join(out, `${name}_js`, 'calculator.cjs'));
  });
  const build = createRequire(import.meta.url)(
    join(folder, `${name}_js`, 'calculator.cjs'),
  ) as BuildCalculator;
  const calculator = await build(readFileSync(join(folder, `${name}_js`, `${name}.wasm`)));
  return {
    sym: join(folder, `${name}.sym`),
    witness: async (inputs: CircuitInputs) =>
      readWitness(await calculator.calculateBinWitness(inputs, false)),
  };
}

export interface Attackable {
  readonly system: ConstraintSystem;
  /** The file of the constraint system, for snarkjs. */
  readonly r1cs: string;
  /** A witness for any inputs, true or not. */
  readonly witness: (inputs: CircuitInputs) => Promise<Witness>;
}

/** A circuit, and the program of a prover who asserts nothing and tampers with hints. */
export async function attackable(main: string, tampering: Tampering = {}): Promise<Attackable> {
  const { r1cs, sym } = await constraintsOf(main, '--O0');
  const program = await dishonestProgram(main, tampering);
  const system = ConstraintSystem.read(r1cs, sym);
  // Otherwise the numbers of one's signals would not be those of the other's.
  if (readSymbols(program.sym).some((name, i) => readable(name) !== readable(system.names[i]!)))
    throw new Error(`${main}: other signals when stripped`);
  return { system, r1cs, witness: program.witness };
}
