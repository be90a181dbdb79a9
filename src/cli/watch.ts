import type { Command } from 'commander';
import type { Following, ResolutionKind, WatchEvent } from '../agent/index.js';
import { memberOptions, withAgent, type MemberOptions } from './home-option.js';
import { metricsOption, type MetricsOptions } from './metrics.js';
import { action, print, printJson } from './output.js';
import { stopSignal } from './service.js';
import { openWatchMetrics } from './watch-metrics.js';

export function watchCommand(program: Command): void {
  metricsOption(memberOptions(program.command('watch')), false)
    .description('what concerns this member: others with the same document, and changes of own entries')
    .option('--all', 'also what concerns matches that were resolved: see "match resolve"')
    .option('--once', 'print what happened since the last watch, and stop')
    .addHelpText('after', '\nExample:\n  counterseal watch --home bank-a')
    .action(action(watch));
}

const resolved = (event: { resolved?: ResolutionKind }): string =>
  event.resolved === undefined ? '' : `, resolved as ${event.resolved}`;

/** What an action did: to erase a payload changes no state. */
const done = ({
  action: what,
  outcome,
  state,
}: {
  action: string;
  outcome: string;
  state: string;
}): string =>
  outcome === 'refused'
    ? `was refused: ${what}`
    : what === 'erase'
      ? 'has had its payload erased'
      : `is ${state}`;

function describe(event: WatchEvent): string {
  const when = event.time.replace('T', ' ').slice(0, 19);
  switch (event.event) {
    case 'registered-again':
      return event.via === 'exact'
        ? `${when}  entry ${event.entry}: somebody else registered the same document (entry ${event.other}, told "${event.verdict}")${resolved(event)}`
        : `${when}  entry ${event.entry}: somebody else registered a document of the same deal (entry ${event.other})${resolved(event)}`;
    case 'other-acted':
      return `${when}  entry ${event.entry}: entry ${event.other}, a match${resolved(event)}, ${done(event)}`;
    case 'own-acted':
      return `${event.ordered ? '' : 'ALARM, not ordered from this folder: '}${when}  entry ${event.entry}: ${done(event)}`;
  }
}

/** On standard error: what is on standard output concerns the member alone. */
function tell(state: Following): void {
  process.stderr.write(state === 'following' ? 'following the ledger\n' : 'no node answers: trying again\n');
}

async function watch(
  options: MemberOptions & MetricsOptions & { once?: boolean; all?: boolean },
): Promise<void> {
  const { isQuiet } = await import('../agent/index.js');
  const stop = stopSignal();
  const show = (events: readonly WatchEvent[]): Promise<void> => {
    for (const event of events.filter((one) => options.all === true || !isQuiet(one)))
      if (options.json) printJson(event);
      else print(describe(event));
    return Promise.resolve();
  };
  await withAgent(options, async (agent) => {
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
      await withBackground(agent, stop, (signal) => agent.watch(deliver, signal, changed));
    }
    await metrics?.close();
  });
}
