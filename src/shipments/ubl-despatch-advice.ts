import { kilograms } from './money.js';
import { grossOf, packagesOf, type Part, type Shipment, sum } from './shipment.js';
import { cac, cbc, party, ublRoot } from './ubl.js';
import { xmlFile } from './xml.js';

/** The seller's packing list of a part: what is in which containers, and what it weighs. */
export const ublDespatchAdvice = (shipment: Shipment, part: Part): string =>
  xmlFile(
    ublRoot('DespatchAdvice', [
      cbc('UBLVersionID', shipment.spelling.ublVersion),
      cbc('ID', part.packingListNumber),
      cbc('IssueDate', shipment.invoiceDate),
      cac('OrderReference', cbc('ID', part.orderNumber)),
      party('DespatchSupplierParty', shipment.seller),
      party('DeliveryCustomerParty', shipment.buyer),
      cac(
        'Shipment',
        cbc('ID', '1'),
        cbc('GrossWeightMeasure', kilograms(grossOf(part)), { unitCode: 'KGM' }),
        cbc('NetWeightMeasure', kilograms(sum(part.goods.map(({ netGrams }) => netGrams))), {
          unitCode: 'KGM',
        }),
        cbc('TotalTransportHandlingUnitQuantity', String(packagesOf(part))),
        ...part.containers.map((container, i) =>
          cac(
            'TransportHandlingUnit',
            cbc('ID', String(i + 1)),
            cac('TransportEquipment', cbc('ID', container)),
          ),
        ),
      ),
      ...part.goods.map((goods, i) =>
        cac(
          'DespatchLine',
          cbc('ID', String(i + 1)),
          cbc('DeliveredQuantity', String(goods.pieces), { unitCode: 'H87' }),
          cac('OrderLineReference', cbc('LineID', String(i + 1))),
          cac('Item', cbc('Name', goods.name)),
        ),
      ),
    ]),
  );
