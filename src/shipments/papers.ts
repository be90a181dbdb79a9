import { dcsaBillOfLading } from './dcsa-bill-of-lading.js';
import {
  openInsuranceClaim,
  openInsurancePolicy,
  plainCertificate,
  plainClaim,
  plainLetterOfCredit,
} from './insurance.js';
import { type Claim, type Cover, type Declaration, type Part, type Shipment, valueOf } from './shipment.js';
import type { TruthDocument } from './truth.js';
import { ublDespatchAdvice } from './ubl-despatch-advice.js';
import { type InvoiceChange, ublInvoice, ublOrder } from './ubl-invoice.js';
import { wcoDeclaration } from './wco-declaration.js';

/** A written document and what it is. */
export interface Paper extends TruthDocument {
  readonly text: string;
}

/** The name of a part's file: numbered where there are several parts. */
const named = (shipment: Shipment, part: Part, stem: string, ending: string): string =>
  shipment.parts.length === 1 ? `${stem}.${ending}` : `${stem}-${shipment.parts.indexOf(part) + 1}.${ending}`;

export const orderPaper = (shipment: Shipment, part: Part): Paper => ({
  file: named(shipment, part, 'order', 'ubl.xml'),
  kind: 'purchase-order',
  role: 'seller',
  purpose: 'attest',
  text: ublOrder(shipment, part),
});

export const invoicePaper = (shipment: Shipment, part: Part): Paper => ({
  file: named(shipment, part, 'invoice', 'ubl.xml'),
  kind: 'invoice',
  role: 'seller',
  purpose: 'attest',
  text: ublInvoice(shipment, part),
});

/** Another paper that says it is the invoice. */
export const otherInvoicePaper = (
  shipment: Shipment,
  part: Part,
  { file, role, purpose, ...change }: InvoiceChange & Pick<Paper, 'file' | 'role' | 'purpose'>,
): Paper => ({ file, kind: 'invoice', role, purpose, text: ublInvoice(shipment, part, change) });

export const packingListPaper = (shipment: Shipment, part: Part): Paper => ({
  file: named(shipment, part, 'packing-list', 'ubl.xml'),
  kind: 'packing-list',
  role: 'seller',
  purpose: 'attest',
  text: ublDespatchAdvice(shipment, part),
});

export const billPaper = (shipment: Shipment): Paper => ({
  file: 'bill-of-lading.dcsa.json',
  kind: 'bill-of-lading',
  role: 'carrier',
  purpose: 'carry',
  text: dcsaBillOfLading(shipment),
});

export const declarationPaper = (shipment: Shipment, part: Part): Paper => ({
  file: named(shipment, part, 'declaration', 'wco.xml'),
  kind: 'import-declaration',
  role: 'forwarder',
  purpose: 'declare',
  text: wcoDeclaration(shipment, part),
});

/** A second declaration of a part. */
export const otherDeclarationPaper = (shipment: Shipment, part: Part, declaration: Declaration): Paper => ({
  file: 'declaration-again.wco.xml',
  kind: 'import-declaration',
  role: 'forwarder',
  purpose: 'declare',
  text: wcoDeclaration(shipment, part, declaration),
});

export function coverPaper(shipment: Shipment, cover: Cover, stem = 'insurance'): Paper {
  const plain = shipment.spelling.insurance === 'counterseal';
  return {
    file: `${stem}.${shipment.spelling.insurance}.json`,
    kind: plain ? 'insurance-certificate' : 'insurance-policy',
    role: 'insurer',
    purpose: 'cover',
    text: plain ? plainCertificate(shipment, cover) : openInsurancePolicy(shipment, cover),
  };
}

export const claimPaper = (shipment: Shipment, claim: Claim, stem = 'claim'): Paper => ({
  file: `${stem}.${shipment.spelling.insurance}.json`,
  kind: 'claim',
  role: 'insurer',
  purpose: 'claim',
  text:
    shipment.spelling.insurance === 'counterseal'
      ? plainClaim(shipment, claim)
      : openInsuranceClaim(shipment, claim),
});

export const creditPaper = (shipment: Shipment): Paper => ({
  file: 'letter-of-credit.counterseal.json',
  kind: 'letter-of-credit',
  role: 'bank',
  purpose: 'attest',
  text: plainLetterOfCredit(shipment, valueOf(...shipment.parts)),
});
