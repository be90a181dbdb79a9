import { decimalOf } from './money.js';
import { type Part, type Shipment, valueOf } from './shipment.js';
import { cac, cbc, party, ublRoot } from './ubl.js';
import { type Xml, xmlFile } from './xml.js';

/** Where a copy of an invoice is not what the seller wrote. */
export interface InvoiceChange {
  readonly number?: string;
  /** Minor units, by goods. */
  readonly amounts?: readonly bigint[];
  readonly sellerBy?: 'vat' | 'lei';
}

/** The seller's invoice for a part: an export, so without tax. */
export function ublInvoice(shipment: Shipment, part: Part, change: InvoiceChange = {}): string {
  const { currency } = shipment;
  const amounts = change.amounts ?? part.goods.map(({ amount }) => amount);
  const total = amounts.reduce((a, b) => a + b, 0n);
  const money = (name: string, minorUnits: bigint): Xml =>
    cbc(name, decimalOf(minorUnits, currency), { currencyID: currency });
  const exempt = (...reason: Xml[]): Xml[] => [
    cbc('ID', 'G'),
    cbc('Percent', '0'),
    ...reason,
    cac('TaxScheme', cbc('ID', 'VAT')),
  ];
  return xmlFile(
    ublRoot('Invoice', [
      cbc('UBLVersionID', shipment.spelling.ublVersion),
      cbc('ID', change.number ?? part.invoiceNumber),
      cbc('IssueDate', shipment.invoiceDate),
      cbc('DueDate', shipment.dueDate),
      cbc('InvoiceTypeCode', '380'),
      cbc('DocumentCurrencyCode', currency),
      cac('OrderReference', cbc('ID', part.orderNumber)),
      cac('DespatchDocumentReference', cbc('ID', part.packingListNumber)),
      party('AccountingSupplierParty', shipment.seller, change.sellerBy),
      party('AccountingCustomerParty', shipment.buyer),
      cac(
        'TaxTotal',
        money('TaxAmount', 0n),
        cac(
          'TaxSubtotal',
          money('TaxableAmount', total),
          money('TaxAmount', 0n),
          cac('TaxCategory', ...exempt(cbc('TaxExemptionReason', 'Export'))),
        ),
      ),
      cac(
        'LegalMonetaryTotal',
        money('LineExtensionAmount', total),
        money('TaxExclusiveAmount', total),
        money('TaxInclusiveAmount', total),
        money('PayableAmount', total),
      ),
      ...part.goods.map((goods, i) =>
        cac(
          'InvoiceLine',
          cbc('ID', String(i + 1)),
          cbc('InvoicedQuantity', String(goods.pieces), { unitCode: 'H87' }),
          money('LineExtensionAmount', amounts[i]!),
          cac(
            'Item',
            cbc('Name', goods.name),
            cac('CommodityClassification', cbc('ItemClassificationCode', goods.code, { listID: 'HS' })),
            cac('ClassifiedTaxCategory', ...exempt()),
          ),
          cac('Price', money('PriceAmount', amounts[i]! / BigInt(goods.pieces))),
        ),
      ),
    ]),
  );
}

/** The buyer's order of a part. */
export function ublOrder(shipment: Shipment, part: Part): string {
  const { currency } = shipment;
  const money = (name: string, minorUnits: bigint): Xml =>
    cbc(name, decimalOf(minorUnits, currency), { currencyID: currency });
  const total = valueOf(part);
  return xmlFile(
    ublRoot('Order', [
      cbc('UBLVersionID', shipment.spelling.ublVersion),
      cbc('ID', part.orderNumber),
      cbc('IssueDate', shipment.orderDate),
      cbc('DocumentCurrencyCode', currency),
      party('BuyerCustomerParty', shipment.buyer),
      party('SellerSupplierParty', shipment.seller),
      cac('AnticipatedMonetaryTotal', money('LineExtensionAmount', total), money('PayableAmount', total)),
      ...part.goods.map((goods, i) =>
        cac(
          'OrderLine',
          cac(
            'LineItem',
            cbc('ID', String(i + 1)),
            cbc('Quantity', String(goods.pieces), { unitCode: 'H87' }),
            money('LineExtensionAmount', goods.amount),
            cac('Price', money('PriceAmount', goods.price)),
            cac('Item', cbc('Name', goods.name)),
          ),
        ),
      ),
    ]),
  );
}
