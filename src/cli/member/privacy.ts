import type { Command } from 'commander';
import type { PrivacyConfig } from '../../agent/privacy.js';
import { ensure } from '../../errors.js';
import { homeOption } from '../home-option.js';
import { numberOption } from '../number-option.js';
import { action, print, printJson, table, usage } from '../output.js';

interface ShowOptions {
  home: string;
  json?: boolean;
}
interface SetOptions extends ShowOptions {
  submitWithin?: number;
  pad?: number;
  cover?: number;
}

/** What the member does against those who watch when it asks and submits. Holds no secret, so needs no passphrase. */
export function privacyCommands(member: Command): void {
  const privacy = member.command('privacy').description('what hides when this member asks and submits');

  homeOption(privacy.command('show'))
    .description('show the settings')
    .option('--json', 'print JSON instead of a table')
    .addHelpText('after', '\nExample:\n  counterseal member privacy show --home bank-a')
    .action(action(show));

  homeOption(privacy.command('set'))
    .description('change settings; commands that run already keep theirs until they are started again')
    .addOption(
      numberOption(
        '--submit-within <minutes>',
        'submit entries at a random time within so many minutes; 0: at once. No verdict and no priority until then',
        { min: 0, max: 12 * 60, unit: 'minutes' },
      ),
    )
    .addOption(
      numberOption(
        '--pad <evaluations>',
        'fill requests to the evaluators up to a multiple of so many; 1: not at all. Charged to the quota',
        { min: 1, max: 64 },
      ),
    )
    .addOption(
      numberOption(
        '--cover <requests>',
        'requests of dummies that `watch` sends a day. Charged to the quota',
        { min: 0, max: 1000 },
      ),
    )
    .option('--json', 'print JSON instead of a table')
    .addHelpText(
      'after',
      '\nExample:\n  counterseal member privacy set --submit-within 240 --pad 3 --cover 48 --home bank-a',
    )
    .action(action(set));
}

async function show({ home, json }: ShowOptions): Promise<void> {
  const { readPrivacy } = await import('../../agent/index.js');
  tell(await readPrivacy(home), json);
}

async function set({ home, json, submitWithin, pad, cover }: SetOptions): Promise<void> {
  const change: Partial<PrivacyConfig> = {
    ...(submitWithin === undefined ? {} : { submitWithinMinutes: submitWithin }),
    ...(pad === undefined ? {} : { padEvaluationsTo: pad }),
    ...(cover === undefined ? {} : { coverPerDay: cover }),
  };
  usage(() =>
    ensure(
      Object.keys(change).length > 0,
      'invalid_argument',
      'nothing to set: give --submit-within, --pad or --cover',
    ),
  );
  const { writePrivacy } = await import('../../agent/index.js');
  tell(await writePrivacy(home, change), json);
}

function tell(privacy: PrivacyConfig, json: boolean | undefined): void {
  if (json) {
    printJson(privacy);
    return;
  }
  const { submitWithinMinutes, padEvaluationsTo, coverPerDay } = privacy;
  print(
    ...table([
      ['setting', 'value', 'meaning'],
      [
        'submit-within',
        String(submitWithinMinutes),
        submitWithinMinutes === 0
          ? 'entries are submitted at once'
          : `entries are submitted at a random time within ${submitWithinMinutes} minutes, while watch runs, or by the next command after it`,
      ],
      [
        'pad',
        String(padEvaluationsTo),
        padEvaluationsTo === 1
          ? 'requests show how many evaluations they need'
          : `requests are filled up to a multiple of ${padEvaluationsTo} evaluations`,
      ],
      [
        'cover',
        String(coverPerDay),
        coverPerDay === 0
          ? 'no dummy requests'
          : `watch sends ${coverPerDay} dummy requests a day at random times: ${coverPerDay * padEvaluationsTo} evaluations of the quota`,
      ],
    ]),
  );
}
