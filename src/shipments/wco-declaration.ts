import { decimalOf, kilograms } from './money.js';
import { type Declaration, fullBillNumber, packagesOf, type Part, type Shipment, sum } from './shipment.js';
import { type Xml, xml, xmlFile } from './xml.js';

/** UN/CEFACT 1001, as data element 2/3 names documents. */
const DOCUMENTS = { invoice: '380', packingList: '271', billOfLading: '705' } as const;

const produced = (typeCode: string, id: string): Xml =>
  xml('AdditionalDocument', [xml('CategoryCode', 'N'), xml('ID', id), xml('TypeCode', typeCode)]);

function item(shipment: Shipment, part: Part, declaration: Declaration, i: number): Xml {
  const goods = part.goods[i]!;
  return xml('GovernmentAgencyGoodsItem', [
    xml('SequenceNumeric', String(i + 1)),
    ...(i === 0
      ? [
          produced(DOCUMENTS.invoice, part.invoiceNumber),
          produced(DOCUMENTS.packingList, part.packingListNumber),
        ]
      : []),
    xml('Commodity', [
      xml('Description', goods.name),
      xml('Classification', [xml('ID', goods.code), xml('IdentificationTypeCode', 'TSP')]),
      xml('GoodsMeasure', [
        xml('GrossMassMeasure', kilograms(declaration.grossGrams[i]!), { unitCode: 'KGM' }),
        xml('NetNetWeightMeasure', kilograms(goods.netGrams), { unitCode: 'KGM' }),
      ]),
      xml('InvoiceLine', [
        xml('ItemChargeAmount', decimalOf(declaration.amounts[i]!, shipment.currency), {
          currencyID: shipment.currency,
        }),
      ]),
    ]),
    xml('Packaging', [
      xml('SequenceNumeric', '1'),
      xml('QuantityQuantity', String(goods.packages)),
      xml('TypeCode', 'CT'),
    ]),
  ]);
}

/** The broker's import declaration of a part (WCO Data Model 3.6), for the consignee. */
export function wcoDeclaration(shipment: Shipment, part: Part, declaration = part.declaration): string {
  const totals = shipment.spelling.totalsDeclared;
  const content: (Xml | undefined)[] = [
    xml('FunctionCode', '9'),
    xml('FunctionalReferenceID', declaration.number),
    xml('TypeCode', 'IMA'),
    xml('IssueDateTime', [xml('DateTimeString', declaration.date.replaceAll('-', ''))]),
    totals
      ? xml('InvoiceAmount', decimalOf(sum(declaration.amounts), shipment.currency), {
          currencyID: shipment.currency,
        })
      : undefined,
    totals
      ? xml('TotalGrossMassMeasure', kilograms(sum(declaration.grossGrams)), { unitCode: 'KGM' })
      : undefined,
    totals ? xml('TotalPackageQuantity', String(packagesOf(part))) : undefined,
    xml('Declarant', [xml('ID', declaration.broker.eori)]),
    xml('GoodsShipment', [
      xml('Consignment', [
        xml('ContainerCode', '1'),
        xml('TransportContractDocument', [
          xml('ID', fullBillNumber(shipment)),
          xml('TypeCode', DOCUMENTS.billOfLading),
        ]),
        ...declaration.containers.map((container, i) =>
          xml('TransportEquipment', [xml('SequenceNumeric', String(i + 1)), xml('ID', container)]),
        ),
      ]),
      ...part.goods.map((_, i) => item(shipment, part, declaration, i)),
      xml('Importer', [xml('ID', shipment.buyer.eori)]),
    ]),
  ];
  return xmlFile(
    xml(
      'md:MetaData',
      [
        xml('md:WCODataModelVersionCode', '3.6'),
        xml('Declaration', content, { xmlns: 'urn:wco:datamodel:WCO:DEC-DMS:2' }),
      ],
      { 'xmlns:md': 'urn:wco:datamodel:WCO:DocumentMetaData-DMS:2' },
    ),
  );
}
