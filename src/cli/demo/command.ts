import type { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { numberOption } from '../number-option.js';
import { action, errorJson, EXIT, print, printJson, progress } from '../output.js';
import { stopSignal } from '../service.js';
import { insurersOf } from './cover-cast.js';
import type { Step, Telling } from './step.js';

/** A step as it is reported. */
const line = ({ actor, name, verdict, expected, ms }: Step): string =>
  `${verdict === expected ? 'ok  ' : 'FAIL'}  ${actor.padEnd(9)} ${name.padEnd(52)} ${verdict.padEnd(18)} ${(ms / 1000).toFixed(1).padStart(5)} s` +
  (verdict === expected ? '' : `  (expected ${expected})`);

interface DemoOptions {
  json?: boolean;
  keep?: boolean;
}

interface Story {
  readonly introduction: readonly string[];
  /** Runs it in an empty folder; returns what is shown after its steps. */
  readonly tell: (folder: string, telling: Telling) => Promise<readonly string[]>;
}

const BANKS: Story = {
  introduction: [
    'A node, three evaluators (any two answer) and three banks, as processes of their own on this machine.',
    'Bank A and Bank B hold the same invoice, one as UBL and one as CII. Neither shows it to anybody.',
  ],
  tell: async (folder, telling) => [
    "What the operator's database shows of it:",
    ...(await (await import('./story.js')).tell(folder, telling)).map((text) => `  ${text}`),
  ],
};

const CUSTOMS: Story = {
  introduction: [
    'A node and three evaluators as processes of their own; seller, carrier, insurer, two brokers, lender, tax and',
    "customs office in this one. The documents are synthetic. Customs sees which papers agree, and nobody's values.",
  ],
  tell: async (folder, telling) => (await import('./customs-story.js')).tellCustoms(folder, telling),
};

const cover = (threshold: number): Story => ({
  introduction: [
    `A node and three evaluators as processes of their own; ${insurersOf(threshold)} insurers in this one. The network finds ${threshold} life`,
    'policies of one person usual. The papers are synthetic, and no insurer shows one to another.',
  ],
  tell: async (folder, telling) =>
    (await import('./cover-story.js')).tellCover(folder, telling, { threshold }),
});

export function demoCommand(program: Command): void {
  const demo = program
    .command('demo')
    .description('two banks, one invoice, one verdict: a whole network on this machine, in a minute')
    .option('--json', 'print JSON lines: each step, and the summary last')
    .option('--keep', "keep the demo's folder, and say where it is")
    .addHelpText(
      'after',
      '\nExample:\n  counterseal demo\n  counterseal demo customs\n  counterseal demo cover',
    )
    .action(action((options: DemoOptions) => run(BANKS, options)));

  demo
    .command('customs')
    .description('three shipments, eight members, and a customs office that is shown who disagrees')
    .option('--json', 'print JSON lines: each step, and the summary last')
    .option('--keep', "keep the demo's folder, and say where it is")
    .addHelpText('after', '\nExample:\n  counterseal demo customs')
    .action(
      action((_: DemoOptions, command: Command) => run(CUSTOMS, command.optsWithGlobals<DemoOptions>())),
    );

  demo
    .command('cover')
    .description(
      'one person at more life insurers than is usual, one car at two, one loss claimed twice, one ship shared up to its value',
    )
    .addOption(
      numberOption(
        '--threshold <number>',
        'so many life policies of one person are usual; one insurer more takes part, or three',
        { min: 1, max: 20 },
      ).default(10),
    )
    .option('--json', 'print JSON lines: each step, and the summary last')
    .option('--keep', "keep the demo's folder, and say where it is")
    .addHelpText('after', '\nExample:\n  counterseal demo cover --threshold 3')
    .action(
      action((_: DemoOptions, command: Command) => {
        const options = command.optsWithGlobals<DemoOptions & { threshold: number }>();
        return run(cover(options.threshold), options);
      }),
    );
}

async function run({ introduction, tell }: Story, options: DemoOptions): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'counterseal-demo-'));
  const started = Date.now();
  const stop = stopSignal();
  if (!options.json) print(...introduction, '');
  const steps: Step[] = [];
  try {
    const after = await tell(folder, {
      signal: stop,
      onProgress: (what) => progress(options.json ? '' : `      ${what} ...`),
      onStep: (step) => {
        steps.push(step);
        progress('');
        if (options.json) printJson({ step });
        else print(line(step));
      },
    });
    const wrong = steps.filter(({ verdict, expected }) => verdict !== expected).length;
    if (options.json) printJson({ steps, ok: wrong === 0 });
    else
      print(
        '',
        ...after,
        '',
        wrong === 0
          ? `All ${steps.length} steps as expected, in ${((Date.now() - started) / 1000).toFixed(0)} s.`
          : `${wrong} of ${steps.length} steps were not as expected.`,
      );
    return wrong === 0 ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!options.json) throw error;
    printJson({ steps, ok: false, error: errorJson(error) });
    return EXIT.failed;
  } finally {
    if (options.keep) process.stderr.write(`the demo's folder: ${folder}\n`);
    else await rm(folder, { recursive: true, force: true });
  }
}
