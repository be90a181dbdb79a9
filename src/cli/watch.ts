import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import type { Following, ResolutionKind, WatchEvent, Webhook } from '../agent/index.js';
import { CountersealError, ensure } from '../errors.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { metricsOption, type MetricsOptions } from './metrics.js';
import { action, print, printJson, usage } from './output.js';
import { stopSignal } from './service.js';
import { openWatchMetrics } from './watch-metrics.js';

export function watchCommand(program: Command): void {
  metricsOption(memberOptions(program.command('watch')), false)
    .description(
      'what concerns this member: others with the same document, what they write, and changes of own entries',
    )
    .option('--all', 'also what concerns matches that were resolved: see "match resolve"')
    .option('--once', 'print what happened since the last watch, and stop')
    .option('--webhook <url>', 'also post each event as JSON: https, or http to localhost')
    .option(
      '--webhook-secret-file <file>',
      'its first line is "whsec_" and 24 to 64 random bytes in base64, which calls are signed with (HMAC-SHA256, Standard Webhooks)',
    )
    .addHelpText(
      'after',
      '\nA webhook is called until it answers 2xx, longer and longer apart; the watch goes on behind an event only then.\n' +
        'An event can come twice, with one webhook-id. Redirects are not followed.\n\n' +
        'Examples:\n  counterseal watch --home bank-a\n' +
        '  counterseal watch --home bank-a --webhook https://erp.example.org/counterseal --webhook-secret-file hook.secret',
    )
    .action(action(watch));
}

const resolved = (event: { resolved?: ResolutionKind }): string =>
  event.resolved === undefined ? '' : `, resolved as ${event.resolved}`;

/** What is done beside changing an entry's state. */
const DEEDS: Readonly<Record<string, string>> = {
  erase: 'has had its payload erased',
  'open-capacity': 'has opened draws from its document',
  draw: 'has drawn from its document, and is engaged: see "entry capacity"',
};

/** What an action did. */
const done = ({
  action: what,
  outcome,
  state,
}: {
  action: string;
  outcome: string;
  state: string;
}): string => (outcome === 'refused' ? `was refused: ${what}` : (DEEDS[what] ?? `is ${state}`));

function describe(event: WatchEvent): string {
  const when = event.time.replace('T', ' ').slice(0, 19);
  switch (event.event) {
    case 'registered-again':
      return event.via === 'exact'
        ? `${when}  entry ${event.entry}: somebody else registered the same document (entry ${event.other}, told "${event.verdict}")${resolved(event)}`
        : `${when}  entry ${event.entry}: somebody else registered a document of the same deal (entry ${event.other})${resolved(event)}`;
    case 'other-acted':
      return `${when}  entry ${event.entry}: entry ${event.other}, a match${resolved(event)}, ${done(event)}`;
    case 'fingerprint-shared':
      return `${when}  entry ${event.entry}: entry ${event.other} shows the same ${event.fingerprint} (told "${event.label}")`;
    case 'message':
      return `${when}  entry ${event.entry}: the holder of entry ${event.other} ${event.kind === 'text' ? 'wrote: see "match show"' : 'has what you wrote'}`;
    case 'reveal-requested':
      return `${when}  entry ${event.entry}: the holder of entry ${event.other} offers to reveal itself, if you do: see "match reveal"`;
    case 'revealed':
      return event.memberId === null
        ? `${when}  entry ${event.entry}: the holder of entry ${event.other} sent a card that is not good: see "match show"`
        : `${when}  entry ${event.entry}: the holder of entry ${event.other} is member ${event.memberId}`;
    case 'own-acted':
      return `${event.ordered ? '' : 'ALARM, not ordered from this folder: '}${when}  entry ${event.entry}: ${done(event)}`;
  }
}

/** On standard error: what is on standard output concerns the member alone. */
function tell(state: Following): void {
  process.stderr.write(state === 'following' ? 'following the ledger\n' : 'no node answers: trying again\n');
}

interface WatchOptions extends MemberOptions, MetricsOptions {
  once?: boolean;
  all?: boolean;
  webhook?: string;
  webhookSecretFile?: string;
}

/** With --once there is no waiting for a receiver that is gone. */
const TRIES_ONCE = 5;

/** What posts events, where they are to be posted. Judges the command line before a passphrase is asked for. */
async function webhookOf(
  { webhook: url, webhookSecretFile: file, once }: WatchOptions,
  signal: AbortSignal,
): Promise<((networkId: string) => Webhook) | undefined> {
  usage(() =>
    ensure(
      (url === undefined) === (file === undefined),
      'invalid_argument',
      '--webhook and --webhook-secret-file go together',
    ),
  );
  if (url === undefined || file === undefined) return undefined;
  const { parseWebhookSecret, parseWebhookUrl, Webhook: Calls } = await import('../agent/index.js');
  const content = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CountersealError('io', `cannot read the webhook's secret file ${file}`, { cause });
  });
  const common = usage(() => ({ url: parseWebhookUrl(url), secret: parseWebhookSecret(content) }));
  return (networkId) =>
    new Calls({
      ...common,
      networkId,
      signal,
      ...(once ? { tries: TRIES_ONCE } : {}),
      onTrouble: (why, pause) =>
        process.stderr.write(`webhook: ${why}: trying again in ${Math.ceil(pause / 1000)} s\n`),
    });
}

async function watch(options: WatchOptions): Promise<void> {
  const { isQuiet } = await import('../agent/index.js');
  const stop = stopSignal();
  const webhook = await webhookOf(options, stop);
  await withAgent(options, async (agent) => {
    const calls = webhook?.(agent.network.id);
    const show = async (events: readonly WatchEvent[]): Promise<void> => {
      for (const event of events.filter((one) => options.all === true || !isQuiet(one))) {
        if (options.json) printJson(event);
        else print(describe(event));
        await calls?.deliver(event);
      }
    };
    const address = options.once ? undefined : options.metrics;
    const metrics = await openWatchMetrics(address, options.home, agent);
    if (metrics) process.stderr.write(`metrics on port ${metrics.port}\n`);
    const deliver = async (events: readonly WatchEvent[]) => {
      await show(events);
      metrics?.events(events);
    };
    const changed = (state: Following) => {
      tell(state);
      metrics?.following(state);
    };
    if (options.once) await agent.watch(deliver, undefined, changed);
    else {
      const { withBackground } = await import('./background.js');
      try {
        await withBackground(agent, stop, (signal) => agent.watch(deliver, signal, changed));
      } catch (error) {
        // Told to end while a receiver was gone: what it was not told comes again.
        if (!stop.aborted || !(error instanceof CountersealError) || error.code !== 'unavailable')
          throw error;
      }
    }
    await metrics?.close();
  });
}
