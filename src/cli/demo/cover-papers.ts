import { createHash } from 'node:crypto';
import { readDocument } from '../../documents/index.js';
import { lei, Random } from '../../shipments/index.js';

const SEED = 'cover';
export const PERSON = '7f3a9c';
const CAR = '1M8GDM9AXKP042788';
const SHIP = '9074729';

/** What the story's papers differ in. */
interface Content {
  readonly kind: 'insurance-policy' | 'claim';
  readonly insurer: number;
  readonly number: string;
  readonly peril: string;
  readonly objects: readonly { readonly type: string; readonly id: string }[];
  readonly startDate: string;
  readonly endDate?: string;
  readonly amount?: string;
}

/** A paper in Counterseal's plain form, by an insurer that does not exist. */
const paper = ({ insurer, ...content }: Content) => {
  const bytes = Buffer.from(
    JSON.stringify({
      counterseal: 1,
      amount: '50000.00',
      ...content,
      issueDate: '2026-02-02',
      issuer: {
        name: `Insurer ${insurer}`,
        country: 'FR',
        lei: lei(new Random(SEED).fork(`insurer ${insurer}`)),
      },
      currency: 'EUR',
    }),
  );
  return { document: readDocument(bytes).document, hash: createHash('sha256').update(bytes).digest('hex') };
};

/** A life policy of the person, together with a relative who is on no other one: as a whole no two are alike. */
export const lifePolicy = (insurer: number) =>
  paper({
    ...{ kind: 'insurance-policy', insurer, number: `LIFE-${1000 + 7 * insurer}`, peril: 'life' },
    objects: [
      { type: 'person', id: PERSON },
      { type: 'person', id: `relative${insurer}` },
    ],
    startDate: '2026-03-01',
    endDate: '2036-03-01',
  });

export const motorPolicy = (insurer: number, startDate: string, endDate: string) =>
  paper({
    ...{ kind: 'insurance-policy', insurer, number: `MOTOR-${startDate}`, peril: 'motor hull' },
    objects: [{ type: 'vin', id: CAR }],
    ...{ startDate, endDate },
  });

export const motorClaim = (insurer: number, lossDate: string) =>
  paper({
    ...{ kind: 'claim', insurer, number: `CLAIM-${lossDate}`, peril: 'motor hull' },
    objects: [{ type: 'vin', id: CAR }],
    startDate: lossDate,
  });

/** The policy of a ship that insurer 1 leads and others share, with the value that a copy of it states. */
export const sharedPolicy = (amount: string) =>
  paper({
    ...{ kind: 'insurance-policy', insurer: 1, number: 'HULL-2026-14', peril: 'marine hull', amount },
    objects: [{ type: 'imo', id: SHIP }],
    startDate: '2026-03-01',
    endDate: '2027-02-28',
  });

/** A paper and the hash of its file. */
export type CoverPaper = ReturnType<typeof paper>;
