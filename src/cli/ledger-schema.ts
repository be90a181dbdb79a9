import type { Command } from 'commander';
import { action, print, printJson, table } from './output.js';

/** Adds `schema` to the noun `ledger`. */
export function schemaCommand(ledger: Command): void {
  ledger
    .command('schema')
    .description('what the network registers: its purposes, with kinds of documents, roles, quotas and terms')
    .requiredOption('--genesis <file>', "the network's genesis.json")
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nAn entry that nobody engages lapses after its term. The encrypted document is kept for the days given, unless' +
        '\nits author erases it before. Who can open an entry: with "owner" whom its author lets, with "convergent"' +
        '\nwhoever holds the same document.\n\nExample:\n  counterseal ledger schema --genesis network/genesis.json',
    )
    .action(action(schema));
}

async function schema(options: { genesis: string; json?: boolean }): Promise<void> {
  const [{ readText }, { messageRetainDays, messagesPerDay, parseGenesis }, { kindInfo }] = await Promise.all(
    [import('../crypto/index.js'), import('../ledger/index.js'), import('../documents/index.js')],
  );
  const content = await readText(options.genesis, 'name the genesis.json of the network with --genesis');
  const { networkId, schema: rules } = parseGenesis(content);
  const purposes = rules.purposes.map(({ kinds, ...purpose }) => ({
    ...purpose,
    kinds: kinds.map(({ kind, roles }) => ({ kind, name: kindInfo(kind).name, roles })),
  }));
  if (options.json) {
    printJson({
      networkId,
      canon: rules.canon,
      purposes,
      messages: { retainDays: messageRetainDays(rules), perDay: messagesPerDay(rules) },
    });
    return;
  }
  print(
    `${networkId}: ${purposes.length} purposes; messages are kept for ${messageRetainDays(rules)} days, ${messagesPerDay(rules)} a day and purpose at the most`,
    '',
    ...table([
      ['purpose', 'entries a day', 'opened by', 'lapses after', 'kept for', 'a check also looks at'],
      ...purposes.map(({ name, quota, saltPolicy, ttlDays, retainDays, consults }) => [
        name,
        String(quota),
        saltPolicy,
        `${ttlDays} days`,
        `${retainDays} days`,
        consults.filter((other) => other !== name).join(', ') || '-',
      ]),
    ]),
    '',
    ...table([
      ['purpose', 'fingerprints beside exact, near and possession (`entry fingerprint`)'],
      ...purposes.map(({ name, fingerprints }) => [
        name,
        fingerprints
          .map((one) =>
            one.threshold === undefined ? one.name : `${one.name} (multiple cover above ${one.threshold})`,
          )
          .join(', ') || '-',
      ]),
    ]),
    '',
    ...table([
      ['purpose', 'kind', 'document', 'registered by'],
      ...purposes.flatMap(({ name, kinds }) =>
        kinds.map(({ kind, name: document, roles }, i) => [
          i === 0 ? name : '',
          String(kind),
          document,
          roles.join(', '),
        ]),
      ),
    ]),
  );
}
