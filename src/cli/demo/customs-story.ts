import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Agent, type CustomsPage, type CustomsRules, type RegisterResult } from '../../agent/index.js';
import { readDocument, type CanonicalDocument } from '../../documents/index.js';
import { CountersealError } from '../../errors.js';
import type { Role } from '../../ledger/index.js';
import { batchProver, defaultParallel } from '../../proofs/index.js';
import { generateSet, type ShipmentSet } from '../../shipments/index.js';
import { pageLines } from '../customs/page-output.js';
import { createLocalNetwork, networkPaths, startLocalNetwork } from '../local-network.js';
import { freePorts } from '../ports.js';
import type { Service } from '../processes.js';
import { CUSTOMS_SEED } from './customs-seed.js';
import { stepsOf, type Telling } from './step.js';

const MEMBERS = {
  seller: 'seller',
  carrier: 'carrier',
  insurer: 'insurer',
  broker: 'forwarder',
  'broker-b': 'forwarder',
  lender: 'lender',
  tax: 'tax-office',
  customs: 'customs-office',
} as const satisfies Readonly<Record<string, Role>>;
type Member = keyof typeof MEMBERS;
const NAMES = Object.keys(MEMBERS) as Member[];

/** The papers of the story by the names of their files. */
const papersOf = (...sets: readonly ShipmentSet[]) => {
  const papers = sets.map(
    (set) =>
      new Map(
        set.papers.map(({ file, text }) => {
          const bytes = new TextEncoder().encode(text);
          const hash = createHash('sha256').update(bytes).digest('hex');
          return [file, { document: readDocument(bytes).document, hash }] as const;
        }),
      ),
  );
  return (set: number, file: string) => papers[set]!.get(file)!;
};
const INVOICE = 'invoice.ubl.xml';
const PACKING_LIST = 'packing-list.ubl.xml';
const BILL = 'bill-of-lading.dcsa.json';
const INSURANCE = 'insurance.counterseal.json';
const DECLARATION = 'declaration.wco.xml';

const SHORT: Readonly<Record<CustomsRules, string>> = {
  'customs/invoice@1': 'invoice',
  'customs/packing-list@1': 'packing list',
  'customs/transport@1': 'bill',
  'customs/transport-part@1': 'bill',
  'invoice/insurance@1': 'insurance',
};

/** The story's sets: one that is in order, one declared wrongly in several ways, one in three parts. */
const enum Sets {
  clean,
  again,
  undervalued,
  overweight,
  container,
  forged,
  split,
}

/**
 * Runs the whole story in an empty folder: services as processes of their own, members in this one. Returns the pages
 * that the customs office ends with. A step that cannot be done is reported like the others; then this throws why.
 */
export async function tellCustoms(folder: string, telling: Telling): Promise<string[]> {
  const { onProgress } = telling;
  const step = stepsOf(telling);
  const network = join(folder, 'network');
  const passphrase = randomBytes(24).toString('base64url');
  const paper = papersOf(
    generateSet(CUSTOMS_SEED, 0, null),
    generateSet(CUSTOMS_SEED, 0, 'goods-declared-twice'),
    generateSet(CUSTOMS_SEED, 1, 'undervalued-declaration'),
    generateSet(CUSTOMS_SEED, 1, 'weight-beyond-tolerance'),
    generateSet(CUSTOMS_SEED, 1, 'container-not-on-bill'),
    generateSet(CUSTOMS_SEED, 1, 'forged-invoice-copy'),
    generateSet(CUSTOMS_SEED, 2, 'split-bill-of-lading'),
  );
  const prover = batchProver(defaultParallel());
  const answers: string[] = [];
  let services: Service[] = [];
  const agents = new Map<Member, Agent>();
  const of = (name: Member): Agent => agents.get(name)!;

  /** Registers one after the other as far as the prover allows; its entries, by file. */
  const register = async (name: Member, purpose: string, papers: readonly (readonly [Sets, string])[]) =>
    Promise.all(
      papers.map(([set, file]): Promise<RegisterResult> => {
        const { document, hash } = paper(set, file);
        return of(name).register(document, hash, purpose, prover);
      }),
    );
  const verdicts = (results: readonly RegisterResult[]): string =>
    [...new Set(results.map(({ verdict }) => verdict))].join(', ');

  /** The office asks, the broker proves from its own copies of the papers, the office verifies. */
  const compare = async (
    declaration: number,
    copies: Readonly<Partial<Record<CustomsRules, CanonicalDocument>>>,
    { part = false, share, by = 'broker' }: { part?: boolean; share?: string; by?: Member } = {},
  ): Promise<CustomsPage> => {
    const questions = await of('customs').customs.ask(declaration, { part });
    for (const { rules, text } of questions) {
      const document = copies[rules];
      if (document === undefined) continue;
      const a =
        rules === 'invoice/insurance@1'
          ? ({ from: 'share', text: share! } as const)
          : ({ from: 'own', entry: declaration } as const);
      const { text: answer } = await of(by).crosschecks.prove(
        text,
        { a, b: { from: 'document', document } },
        prover,
      );
      await of('customs').customs.receive(declaration, answer);
      answers.push(answer);
    }
    return of('customs').customs.page(declaration);
  };
  const told = ({ comparisons, conclusion }: CustomsPage): string => {
    const wrong = comparisons.filter(({ status }) => status === 'disagrees').map(({ rules }) => SHORT[rules]);
    return wrong.length > 0 ? `${wrong.join(', ')} disagrees` : conclusion;
  };

  try {
    await step('network', 'genesis, certificates, key generation, start', 'ready', async () => {
      await createLocalNetwork({
        folder: network,
        name: 'customs',
        passphrase,
        members: NAMES.map((name) => ({ name, role: MEMBERS[name] })),
        evaluators: 3,
        threshold: 2,
        ports: await freePorts(4),
        onProgress,
      });
      onProgress('starting the node and three evaluators');
      services = await startLocalNetwork(network, passphrase);
      for (const name of NAMES)
        agents.set(name, await Agent.open(networkPaths(network).member(name), passphrase));
      return 'ready';
    });

    let invoice = -1;
    await step('seller', 'attests two invoices and a packing list', 'unique', async () => {
      const results = await register('seller', 'attest', [
        [Sets.clean, INVOICE],
        [Sets.clean, PACKING_LIST],
        [Sets.undervalued, INVOICE],
      ]);
      invoice = results[0]!.sequence;
      return verdicts(results);
    });
    await step('carrier', 'registers three bills of lading', 'unique', async () =>
      verdicts(
        await register('carrier', 'carry', [
          [Sets.clean, BILL],
          [Sets.undervalued, BILL],
          [Sets.split, BILL],
        ]),
      ),
    );
    let declaration = -1;
    let parts: number[] = [];
    let share = '';
    await step('insurer', 'registers a certificate, shares it with the broker', 'unique', async () => {
      const results = await register('insurer', 'cover', [[Sets.clean, INSURANCE]]);
      share = (await of('insurer').share(results[0]!.sequence, of('broker').card())).text;
      return verdicts(results);
    });
    await step('broker', 'declares one shipment; another one in three parts', 'unique', async () => {
      const results = await register('broker', 'declare', [
        [Sets.clean, DECLARATION],
        [Sets.split, 'declaration-1.wco.xml'],
        [Sets.split, 'declaration-2.wco.xml'],
        [Sets.split, 'declaration-3.wco.xml'],
      ]);
      [declaration, ...parts] = results.map(({ sequence }) => sequence) as [number, ...number[]];
      return verdicts(results);
    });

    const clean = {
      'customs/invoice@1': paper(Sets.clean, INVOICE).document,
      'customs/packing-list@1': paper(Sets.clean, PACKING_LIST).document,
      'customs/transport@1': paper(Sets.clean, BILL).document,
      'invoice/insurance@1': paper(Sets.clean, INVOICE).document,
    } as const;
    await step('customs', 'asks; broker proves: invoice, packing list, bill', 'open', async () =>
      told(await compare(declaration, clean)),
    );
    await step('customs', 'asks about the insurance of that invoice', 'clear', async () =>
      told(await compare(declaration, clean, { share })),
    );

    /** A document opens the entry of its kind that somebody else registered, or does not. */
    const opens = async (name: Member, document: CanonicalDocument): Promise<string> =>
      (await of(name).openConvergent(document)).entries.map(({ status }) => status).join(', ');
    await step('lender', "opens the seller's entry with its copy", 'opened', () =>
      opens('lender', paper(Sets.clean, INVOICE).document),
    );
    await step('tax', 'is given a forged copy of the other invoice', 'closed', () =>
      opens('tax', paper(Sets.forged, 'invoice-copy-of-broker.ubl.xml').document),
    );

    let page: CustomsPage | undefined;
    const wrongly = async (set: Sets, copies: Parameters<typeof compare>[1]): Promise<string> => {
      const [result] = await register('broker', 'declare', [[set, DECLARATION]]);
      page = await compare(result!.sequence, copies);
      return told(page);
    };
    const withdrawn = async (): Promise<string> => (await of('broker').cancel(page!.declaration.entry)).state;
    const bill = paper(Sets.undervalued, BILL).document;
    await step('customs', 'declared: a weight beyond the tolerance', 'bill disagrees', () =>
      wrongly(Sets.overweight, { 'customs/transport@1': bill }),
    );
    await step('broker', 'withdraws it', 'cancelled', withdrawn);
    await step('customs', 'declared: a container not on the bill', 'bill disagrees', () =>
      wrongly(Sets.container, { 'customs/transport@1': bill }),
    );
    await step('broker', 'withdraws it', 'cancelled', withdrawn);
    await step('customs', 'declared: less than the invoice', 'invoice disagrees', () =>
      wrongly(Sets.undervalued, { 'customs/invoice@1': paper(Sets.undervalued, INVOICE).document }),
    );
    await step('broker', 'tries to prove it with a forged invoice', 'does not open', async () => {
      const { entry } = page!.declaration;
      const questions = await of('customs').customs.ask(entry, { rules: ['customs/invoice@1'] });
      const document = paper(Sets.forged, 'invoice-copy-of-broker.ubl.xml').document;
      const sides = { a: { from: 'own', entry }, b: { from: 'document', document } } as const;
      return of('broker')
        .crosschecks.prove(questions[0]!.text, sides, prover)
        .then(() => 'proved')
        .catch((error: unknown) => {
          if (error instanceof CountersealError && error.code === 'failed_precondition')
            return 'does not open';
          throw error;
        });
    });

    await step('broker', 'sends the answer about the first declaration', 'refused', () =>
      of('customs')
        .customs.receive(page!.declaration.entry, answers[0]!)
        .then(() => 'accepted')
        .catch((error: unknown) => {
          if (error instanceof CountersealError && error.code === 'permission_denied') return 'refused';
          throw error;
        }),
    );

    let again = -1;
    await step('broker B', 'declares the first goods again', 'near-duplicate', async () => {
      const results = await register('broker-b', 'declare', [[Sets.again, 'declaration-again.wco.xml']]);
      again = results[0]!.sequence;
      return verdicts(results);
    });
    await step('customs', 'asks broker B, and is shown the same invoice', 'for another', async () => {
      const copies = { 'customs/invoice@1': clean['customs/invoice@1'] };
      const { comparisons } = await compare(again, copies, { by: 'broker-b' });
      const others = comparisons.flatMap(({ alsoFor }) => alsoFor);
      return others.length === 1 && others[0] === declaration ? 'for another' : 'for this one';
    });
    let first: CustomsPage | undefined;
    await step('customs', 'sees it on the page of the first declaration', 'same goods', async () => {
      first = await of('customs').customs.page(declaration);
      return first.matches.map(({ same }) => `same ${same}`).join(', ');
    });
    await step('customs', 'asks about the three parts of one bill', 'agrees, no alarm', async () => {
      const pages: CustomsPage[] = [];
      for (const part of parts)
        pages.push(
          await compare(
            part,
            { 'customs/transport-part@1': paper(Sets.split, BILL).document },
            { part: true },
          ),
        );
      const agrees = pages.every(({ comparisons }) =>
        comparisons.some(({ rules, status }) => rules === 'customs/transport-part@1' && status === 'agrees'),
      );
      return `${agrees ? 'agrees' : 'disagrees'}, ${pages.some(({ conclusion }) => conclusion === 'alarm') ? 'alarm' : 'no alarm'}`;
    });
    await step('customs', "finds the invoice's entry and no value of it", 'entry only', () => {
      const text = JSON.stringify([first, page]);
      const values = [Sets.clean, Sets.undervalued]
        .flatMap((set) => [INVOICE, DECLARATION].map((file) => paper(set, file).document.strings))
        .flatMap(({ number, amount, issuer }) => [number, amount, issuer])
        .filter((value): value is string => typeof value === 'string');
      const shown = first!.comparisons.some(({ entries }) => entries.some(({ entry }) => entry === invoice));
      return Promise.resolve(
        shown && values.every((value) => !text.includes(value)) ? 'entry only' : 'values',
      );
    });
    return [
      'The page of the first declaration:',
      ...indented(first!),
      '',
      'The page of the undervalued one:',
      ...indented(page!),
    ];
  } finally {
    for (const agent of agents.values()) agent.close();
    await prover.close();
    await Promise.all(services.map((service) => service.stop()));
  }
}

const indented = (page: CustomsPage): string[] => pageLines(page).map((text) => `  ${text}`.trimEnd());
