import type { XmlFormat } from './format.js';
import { ublCustoms } from './ubl-customs.js';
import { ublDespatchAdvice, ublOrder } from './ubl-order.js';
import { ublTransport } from './ubl-transport.js';
import { ublXml } from './ubl-xml.js';

/** Every document type of UBL that is read, in either syntax. */
export const UBL_FORMATS: readonly XmlFormat[] = [
  ublXml,
  ublOrder,
  ublDespatchAdvice,
  ublTransport,
  ublCustoms,
];
