import { type Company, fullBillNumber, containersOf, type Part, type Shipment } from './shipment.js';
import { kilograms } from './money.js';

const dcsaParty = (company: Company, code: { provider: string; name: string; value: string }) => ({
  partyName: company.name,
  address: { street: company.street, city: company.city, countryCode: company.country },
  identifyingCodes: [{ codeListProvider: code.provider, codeListName: code.name, partyCode: code.value }],
});
const byLei = (company: Company) =>
  dcsaParty(company, { provider: 'GLEIF', name: 'LEI', value: company.lei });

/** The cargo of a part: its goods, spread over its containers; a container can hold several of them. */
function consignmentItems(shipment: Shipment, part: Part, weighing: bigint) {
  return part.goods.map((goods, i) => ({
    carrierBookingReference: shipment.bookingNumber,
    descriptionOfGoods: [goods.name],
    HSCodes: [goods.code.slice(0, 6)],
    cargoItems: [
      {
        equipmentReference: part.containers[i % part.containers.length],
        cargoGrossWeight: {
          value: Number(kilograms(goods.grossGrams + (i === 0 ? weighing : 0n))),
          unit: 'KGM',
        },
        outerPackaging: { numberOfPackages: goods.packages, packageCode: 'CT' },
      },
    ],
  }));
}

/** The carrier's bill of lading (DCSA eBL 3) for all parts of a shipment. */
export function dcsaBillOfLading(shipment: Shipment): string {
  const { carrier, spelling } = shipment;
  const bill = {
    transportDocumentReference: spelling.prefixOnBill ? fullBillNumber(shipment) : shipment.billNumber,
    transportDocumentTypeCode: 'BOL',
    transportDocumentStatus: 'ISSUED',
    isShippedOnBoardType: true,
    isElectronic: true,
    isToOrder: false,
    freightPaymentTermCode: 'PRE',
    cargoMovementTypeAtOrigin: 'FCL',
    cargoMovementTypeAtDestination: 'FCL',
    shippedOnBoardDate: shipment.onBoardDate,
    issueDate: shipment.onBoardDate,
    carrierCode: carrier.code,
    carrierCodeListProvider: carrier.codeList,
    transports: {
      plannedDepartureDate: shipment.onBoardDate,
      portOfLoading: { UNLocationCode: shipment.ports.loading },
      portOfDischarge: { UNLocationCode: shipment.ports.discharge },
    },
    documentParties: {
      shipper: byLei(shipment.seller),
      consignee: byLei(shipment.buyer),
      issuingParty: byLei(carrier),
    },
    consignmentItems: shipment.parts.flatMap((part, i) =>
      consignmentItems(shipment, part, i === 0 ? spelling.weighing : 0n),
    ),
    utilizedTransportEquipments: containersOf(shipment).map((equipmentReference) => ({
      equipment: { equipmentReference, ISOEquipmentCode: '42G1' },
      isShipperOwned: false,
    })),
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}
