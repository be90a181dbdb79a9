import { Argument, Option, type Command } from 'commander';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CustomsRules } from '../../agent/index.js';
import { CountersealError, ensure } from '../../errors.js';
import { parseEntryNumber } from '../entry-number.js';
import { memberOptions, withAgent, type MemberOptions } from '../home-option.js';
import { action, ofFile, print, printJson, progress, table, usage } from '../output.js';
import { readTextFile } from '../text-file.js';

/** What rule sets are called on the command line. */
const PAPERS: Readonly<Record<string, CustomsRules>> = {
  invoice: 'customs/invoice@1',
  'packing-list': 'customs/packing-list@1',
  transport: 'customs/transport@1',
  'transport-part': 'customs/transport-part@1',
  insurance: 'invoice/insurance@1',
};
const nameOf = (rules: CustomsRules): string =>
  Object.keys(PAPERS).find((paper) => PAPERS[paper] === rules) ?? rules;

export function customsCommands(program: Command): void {
  const customs = program
    .command('customs')
    .description("declarations as a customs office sees them: which papers agree, and no party's values");
  const declaration = () => new Argument('<declaration>', 'number of its entry').argParser(parseEntryNumber);

  memberOptions(customs.command('ask'))
    .description('ask for what the page of a declaration still needs: a request for each other paper')
    .addArgument(declaration())
    .requiredOption('--out <folder>', 'where the requests go: mail them to the declarant')
    .option('--part', 'the declaration is one of several of its bill of lading')
    .addOption(new Option('--paper <list>', `ask again, for these alone: ${Object.keys(PAPERS).join(', ')}`))
    .addHelpText(
      'after',
      '\nThe insurance is asked about once the invoice is known: run it again then.' +
        '\nEach request is answered with "crosscheck prove", and the answer is for this office alone.' +
        '\n\nExample:\n  counterseal customs ask 4 --out asked --home customs',
    )
    .action(action(ask));

  memberOptions(customs.command('page'))
    .description('verify answers about a declaration, keep them, and show all that is known of it')
    .addArgument(declaration())
    .argument('[answers...]', 'files made by "crosscheck prove" that are new')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal customs page 4 answers/*.json --home customs' +
        '\n  counterseal customs page 4 --json --home customs',
    )
    .action(action(page));
}

interface AskOptions extends MemberOptions {
  out: string;
  part?: boolean;
  paper?: string;
}

async function ask(declaration: number, options: AskOptions): Promise<void> {
  const rules = usage(() => options.paper?.split(',').map(rulesOf));
  progress('asking ...');
  const asked = await withAgent(options, async (agent) => {
    const questions = await agent.customs.ask(declaration, {
      part: options.part === true,
      ...(rules ? { rules } : {}),
    });
    const { writeFileDurable } = await import('../../crypto/index.js');
    if (questions.length > 0) await mkdir(options.out, { recursive: true, mode: 0o700 });
    const written = [];
    for (const { rules: name, text, expires } of questions) {
      const file = join(options.out, `declaration-${declaration}-${nameOf(name)}.request.json`);
      await writeFileDurable(file, text, 0o600);
      written.push({ rules: name, file, expires });
    }
    await agent.audit(
      ...written.map(({ rules: name }) => ({
        command: 'customs ask',
        result: `declaration ${declaration}: ${name}`,
      })),
    );
    return written;
  });
  progress('');
  if (options.json) printJson({ declaration, asked });
  else if (asked.length === 0) print('nothing is left to ask: see "customs page"');
  else print(...table([['rules', 'request', 'until'], ...asked.map((each) => Object.values(each))]));
}

function rulesOf(paper: string): CustomsRules {
  const rules = Object.hasOwn(PAPERS, paper.trim()) ? PAPERS[paper.trim()] : undefined;
  if (rules) return rules;
  throw new CountersealError(
    'invalid_argument',
    `--paper: there is no ${JSON.stringify(paper.slice(0, 40))}: use ${Object.keys(PAPERS).join(', ')}`,
  );
}

async function page(declaration: number, answers: readonly string[], options: MemberOptions): Promise<void> {
  ensure(answers.length <= 64, 'invalid_argument', 'too many answers for one declaration');
  const found = await withAgent(options, async (agent) => {
    for (const file of answers) {
      progress(`verifying ${file} ...`);
      const text = await readTextFile(file, MAX_ANSWER_BYTES, 'an answer to a request');
      const { set, holds } = await ofFile(file, () => agent.customs.receive(declaration, text));
      await agent.audit({
        command: 'customs page',
        result: `declaration ${declaration}: ${set} ${holds ? 'agrees' : 'disagrees'}`,
      });
    }
    return agent.customs.page(declaration);
  });
  progress('');
  if (options.json) printJson(found);
  else print(...(await import('./page-output.js')).pageLines(found));
}

/** As large as an answer can be, and room. */
const MAX_ANSWER_BYTES = 256 * 1024;
