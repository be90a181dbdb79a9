import { decimalOf } from './money.js';
import { type Claim, type Company, containersOf, type Cover, type Shipment } from './shipment.js';

/** Institute Cargo Clauses (A): all risks. */
const PERIL = 'Institute Cargo Clauses A';
const CAUSE = 'Entry of sea water into container';

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const containers = (shipment: Shipment) => containersOf(shipment).map((id) => ({ type: 'container', id }));
const transport = ({ carrier, billNumber }: Shipment) => ({
  carrier: carrier.code,
  carrierScheme: carrier.codeList === 'NMFTA' ? 'SCAC' : 'SMDG',
  number: billNumber,
});
const byLei = ({ name, country, lei }: Company) => ({ name, country, lei });
const byVat = ({ name, country, vat }: Company) => ({ name, country, vat });

/** The insurance certificate of a shipment in Counterseal's plain form. */
export const plainCertificate = (shipment: Shipment, cover: Cover): string =>
  json({
    counterseal: 1,
    kind: 'insurance-certificate',
    number: cover.number,
    issueDate: cover.date,
    issuer: byLei(cover.insurer),
    counterparty: byVat(shipment.buyer),
    currency: shipment.currency,
    amount: decimalOf(cover.sum, shipment.currency),
    startDate: cover.from,
    endDate: cover.until,
    references: shipment.parts.map(({ invoiceNumber }) => ({ kind: 'invoice', number: invoiceNumber })),
    transport: transport(shipment),
    objects: containers(shipment),
    peril: PERIL,
  });

/** A claim under it. */
export const plainClaim = (shipment: Shipment, claim: Claim): string =>
  json({
    counterseal: 1,
    kind: 'claim',
    number: claim.number,
    issueDate: claim.date,
    issuer: byLei(claim.cover.insurer),
    counterparty: byVat(shipment.buyer),
    currency: shipment.currency,
    amount: decimalOf(claim.amount, shipment.currency),
    startDate: claim.lossDate,
    references: [{ kind: 'insurance-certificate', number: claim.cover.number, issuer: 'issuer' }],
    transport: transport(shipment),
    objects: containers(shipment),
    peril: CAUSE,
  });

const money = (minorUnits: bigint, currency: string) => ({
  amount: decimalOf(minorUnits, currency),
  unitType: 'MONETARIO',
  unit: { code: currency, description: currency },
});
const answer = (data: unknown, { code }: Cover, path: string) =>
  json({
    data: [data],
    links: { self: `https://api.insurer-${code}.example/open-insurance/${path}` },
    meta: { totalRecords: 1, totalPages: 1 },
  });

/** The same cover as a policy of Open Insurance Brasil. */
export const openInsurancePolicy = (shipment: Shipment, cover: Cover): string =>
  answer(
    {
      documentType: 'APOLICE_INDIVIDUAL',
      policyId: cover.number,
      issuanceDate: cover.date,
      termStartDate: cover.from,
      termEndDate: cover.until,
      maxLMG: money(cover.sum, shipment.currency),
      insuredObjects: containersOf(shipment).map((identification) => ({
        identification,
        type: 'CARGA',
        description: 'Container',
        coverages: [{ branch: '0622', code: 'TRANSPORTE_INTERNACIONAL', isMainCoverage: true }],
      })),
    },
    cover,
    'insurance-transport/v1/insurance-transport/policy-info',
  );

/** A claim under it, in the same interface. */
export const openInsuranceClaim = (shipment: Shipment, claim: Claim): string =>
  answer(
    {
      identification: claim.number,
      status: 'ABERTO',
      occurrenceDate: claim.lossDate,
      warningDate: claim.date,
      policyId: claim.cover.number,
      amount: money(claim.amount, shipment.currency),
      coverages: containersOf(shipment).map((insuredObjectId) => ({
        insuredObjectId,
        branch: '0622',
        code: 'TRANSPORTE_INTERNACIONAL',
      })),
      branchInfo: { occurrenceCause: 'ALAGAMENTO' },
    },
    claim.cover,
    'insurance-transport/v1/insurance-transport/claim',
  );

/** The letter of credit that the buyer's bank opens for a shipment, in Counterseal's plain form. */
export const plainLetterOfCredit = (shipment: Shipment, amount: bigint): string =>
  json({
    counterseal: 1,
    kind: 'letter-of-credit',
    number: shipment.creditNumber,
    issueDate: shipment.creditDate,
    issuer: byLei(shipment.bank),
    counterparty: byVat(shipment.seller),
    currency: shipment.currency,
    amount: decimalOf(amount, shipment.currency),
    endDate: shipment.creditExpiry,
    references: shipment.parts.map(({ orderNumber }) => ({ kind: 'purchase-order', number: orderNumber })),
  });
