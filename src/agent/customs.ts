import { kindInfo } from '../documents/index.js';
import { CountersealError, ensure } from '../errors.js';
import type { Sequence } from '../ledger/index.js';
import { makeCrosscheckRequest, requestDigest } from './crosscheck-request.js';
import type { SideParts } from './crosscheck-sides.js';
import { verifyCrosscheck, type VerifiedCrosscheck } from './crosscheck-verify.js';
import {
  CUSTOMS_RULES,
  keepAnswer,
  keepComparison,
  keptComparison,
  type CustomsRules,
} from './customs-file.js';
import { pageOf, type CustomsPage } from './customs-page.js';

/** A question to whoever made a declaration. */
export interface CustomsQuestion {
  readonly rules: CustomsRules;
  /** The content of the file for the prover: see `crosscheck prove`. */
  readonly text: string;
  /** ISO 8601. */
  readonly expires: string;
}

export interface AskOptions {
  /** The declaration is one of several of its bill of lading. */
  readonly part?: boolean;
  /** These alone, although they were asked before; left out: all that were not asked, or too long ago. */
  readonly rules?: readonly CustomsRules[];
}

/** A customs office's work on declarations: it asks, verifies the answers, and sees one page for each. */
export class Customs {
  constructor(private readonly parts: SideParts) {}

  /**
   * Makes the requests that a declaration's page still needs. The insurance is asked about once the invoice is known,
   * whose value it must cover. Throws `not_found`, `invalid_argument` for an entry that is no declaration.
   */
  async ask(declaration: number, { part = false, rules }: AskOptions = {}): Promise<CustomsQuestion[]> {
    const { store } = this.parts;
    await this.ensureDeclaration(declaration);
    const kept = await this.kept(declaration);
    const transport = part ? 'customs/transport-part@1' : 'customs/transport@1';
    const wanted = CUSTOMS_RULES.filter((name) =>
      rules ? rules.includes(name) : (!isTransport(name) || name === transport) && isUnasked(kept.get(name)),
    );
    const invoice = kept.get('customs/invoice@1')?.answer?.b?.entry;
    const questions: CustomsQuestion[] = [];
    for (const name of wanted) {
      const subject = name === 'invoice/insurance@1' ? invoice : declaration;
      if (subject === undefined) {
        ensure(
          !rules,
          'failed_precondition',
          `${name} is about the invoice, which no answer has named yet`,
          'rules',
        );
        continue;
      }
      const { text, expires } = await makeCrosscheckRequest(this.parts, { rules: name, subjects: [subject] });
      await store.use((session) =>
        keepComparison(session, declaration, name, { request: text, expires: Date.parse(expires) }),
      );
      questions.push({ rules: name, text, expires });
    }
    return questions;
  }

  /**
   * Verifies an answer to one of the requests about a declaration, and keeps it for the page; one that was kept is not
   * verified again. Throws as {@link verifyCrosscheck}; `not_found` where nothing is asked of it that has no answer.
   */
  async receive(declaration: number, result: string): Promise<VerifiedCrosscheck> {
    const { store } = this.parts;
    const kept = [...(await this.kept(declaration))];
    const answerFile = requestDigest(result);
    const known = kept.find(([, comparison]) => comparison.answerFile === answerFile)?.[1].answer;
    if (known) return known;
    const open = kept.filter(([, { answer }]) => answer === undefined);
    ensure(
      open.length > 0,
      'not_found',
      `nothing about declaration ${declaration} waits for an answer: see "customs ask"`,
      'entry',
    );
    // An answer does not say in the clear which request it is to: its proof holds for that one alone.
    const failures: CountersealError[] = [];
    for (const [name, comparison] of open) {
      try {
        const answer = await verifyCrosscheck(this.parts, result, comparison.request);
        await store.use((session) =>
          keepAnswer(session, declaration, name, { ...comparison, answer, answerFile }),
        );
        return answer;
      } catch (error) {
        if (!(error instanceof CountersealError)) throw error;
        failures.push(error);
      }
    }
    // With several requests it is an answer to none of them; what is wrong with it by itself comes first.
    throw (
      failures.find(({ code }) => code === 'invalid_argument' || code === 'decryption_failed') ?? failures[0]!
    );
  }

  /** What is known of a declaration now. Throws `not_found`, `invalid_argument` for an entry that is no declaration. */
  async page(declaration: number): Promise<CustomsPage> {
    const { network, copy, store } = this.parts;
    await this.ensureDeclaration(declaration);
    const kept = await this.kept(declaration);
    const part = kept.has('customs/transport-part@1');
    const shown = CUSTOMS_RULES.filter(
      (name) => !isTransport(name) || name === (part ? 'customs/transport-part@1' : 'customs/transport@1'),
    );
    return store.use((session) =>
      pageOf(
        { network, copy },
        session,
        declaration,
        shown.map((name) => [name, kept.get(name)] as const),
      ),
    );
  }

  private kept(declaration: number) {
    return this.parts.store.use(
      (session) =>
        new Map(
          CUSTOMS_RULES.flatMap((name) => {
            const kept = keptComparison(session, declaration, name);
            return kept ? [[name, kept] as const] : [];
          }),
        ),
    );
  }

  private async ensureDeclaration(declaration: number): Promise<void> {
    const { copy, store } = this.parts;
    await copy.sync();
    const entry = await store.use((session) => copy.replica(session).entry(declaration as Sequence));
    ensure(entry, 'not_found', `the ledger has no entry ${declaration}`, 'entry');
    ensure(
      entry.purpose === 'declare',
      'invalid_argument',
      `entry ${declaration} is no declaration: its kind is ${kindInfo(entry.documentKind).name}, for ${entry.purpose}`,
      'entry',
    );
  }
}

const isTransport = (name: CustomsRules): boolean => name.startsWith('customs/transport');

const isUnasked = (kept: { readonly expires: number; readonly answer?: unknown } | undefined): boolean =>
  kept === undefined || (kept.answer === undefined && Date.now() > kept.expires);
