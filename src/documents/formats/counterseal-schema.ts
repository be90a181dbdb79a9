import { z } from 'zod';
import { PLAIN_KINDS } from './plain.js';

/** The version of the plain form: the value of `counterseal` in every document of it. */
const PLAIN_VERSION = 1;

const text = z.string().min(1).max(1000);
/** Numbers may be written as numbers or, safe with every tool, as strings. */
const decimal = z.union([
  z
    .string()
    .regex(/^[+-]?[0-9]+(?:\.[0-9]+)?$/)
    .max(60),
  z.number(),
]);
const identifier = z.union([text, z.number()]);
const date = z.string().regex(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/);
const kind = z.enum([...PLAIN_KINDS.keys()] as [string, ...string[]]);

const party = z.strictObject({
  name: text.optional().describe('Used only if there is no identifier: it identifies weakly'),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .describe('ISO 3166-1 alpha-2'),
  vat: identifier
    .optional()
    .describe('The tax number that the law puts on invoices, with or without country'),
  tax: identifier.optional().describe('Another number of a tax office'),
  registration: identifier.optional().describe('Number in a register of companies'),
  eori: identifier.optional(),
  lei: identifier.optional(),
  duns: identifier.optional(),
  gln: identifier.optional(),
});

/** The plain form: for systems that speak none of the other formats. Its JSON Schema is in the package. */
export const plainDocument = z
  .strictObject({
    counterseal: z.literal(PLAIN_VERSION),
    kind,
    number: identifier.optional().describe('The number on the document'),
    issueDate: date.optional(),
    issuer: party.optional().describe('Seller, carrier, declarant, insurer, cedent; of an order, the buyer'),
    counterparty: party.optional().describe('Buyer, consignee, insured, reinsurer'),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .optional()
      .describe('ISO 4217'),
    amount: decimal.optional().describe('Total with tax, sum insured, claimed, limit'),
    startDate: date.optional().describe('Shipped on board, inception, date of loss'),
    endDate: date.optional().describe('Due, expiry'),
    references: z
      .array(
        z.strictObject({
          kind,
          number: identifier,
          issuer: z
            .enum(['issuer', 'counterparty', 'unknown'])
            .optional()
            .describe('Which party of this document numbered the other'),
        }),
      )
      .max(64)
      .optional(),
    lines: z
      .array(
        z.strictObject({
          name: text,
          quantity: decimal.optional(),
          amount: decimal.optional().describe('Net'),
        }),
      )
      .optional(),
    transport: z
      .strictObject({
        carrier: z
          .string()
          .regex(/^[A-Za-z0-9]{2,4}$/)
          .optional()
          .describe('SCAC (four letters) or SMDG (three)'),
        carrierScheme: z.enum(['SCAC', 'SMDG']).optional(),
        number: identifier.describe('The number of the bill of lading or waybill'),
      })
      .optional(),
    objects: z
      .array(
        z.strictObject({
          type: z
            .string()
            .regex(/^[A-Za-z0-9]{1,20}$/)
            .describe('container, vin, imo, or any other word: lot, location, plate'),
          id: identifier,
        }),
      )
      .max(64)
      .optional(),
    hsCode: identifier.optional().describe('Six digits or more'),
    peril: text.optional().describe('Peril insured, cause of a loss'),
    grossMass: z
      .strictObject({
        value: decimal,
        unit: z.enum(['KGM', 'TNE', 'GRM', 'LBR']).optional().describe('KGM if absent'),
      })
      .optional(),
    packages: z.union([z.string().regex(/^[0-9]{1,10}$/), z.int().min(0).max(4294967295)]).optional(),
    sharePercent: decimal.optional().describe('Of a cession: above 0, at most 100'),
  })
  .describe('A trade document for Counterseal');

/** The JSON Schema (draft 2020-12) of the plain form. */
export function plainJsonSchema(): Record<string, unknown> {
  return {
    $id: 'urn:counterseal:schema:document:1',
    title: 'Counterseal document',
    ...z.toJSONSchema(plainDocument),
  };
}
