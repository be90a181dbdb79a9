import { CountersealError } from '../../errors.js';
import type { CurrencyNumber } from '../units.js';

export interface Currency {
  /** ISO 4217 alphabetic code. */
  readonly code: string;
  readonly number: CurrencyNumber;
  /** Digits of the minor unit. */
  readonly digits: number;
}

/**
 * ISO 4217 list one (with the amendments up to number 179) and the codes of list three that were withdrawn
 * after 2005, as `code number` with `/digits` where the minor unit has not two. Pinned here because the tables
 * of the runtime differ from the standard (0 digits for HUF, IQD, COP, IDR) and change with its version.
 */
const TABLE = `
AED784 AFN971 ALL008 AMD051 ANG532 AOA973 ARS032 AUD036 AWG533 AZN944 BAM977 BBD052 BDT050 BGN975 BHD048/3
BIF108/0 BMD060 BND096 BOB068 BOV984 BRL986 BSD044 BTN064 BWP072 BYN933 BZD084 CAD124 CDF976 CHE947 CHF756
CHW948 CLF990/4 CLP152/0 CNY156 COP170 COU970 CRC188 CUP192 CVE132 CZK203 DJF262/0 DKK208 DOP214 DZD012 EGP818
ERN232 ETB230 EUR978 FJD242 FKP238 GBP826 GEL981 GHS936 GIP292 GMD270 GNF324/0 GTQ320 GYD328 HKD344 HNL340
HTG332 HUF348 IDR360 ILS376 INR356 IQD368/3 IRR364 ISK352/0 JMD388 JOD400/3 JPY392/0 KES404 KGS417 KHR116
KMF174/0 KPW408 KRW410/0 KWD414/3 KYD136 KZT398 LAK418 LBP422 LKR144 LRD430 LSL426 LYD434/3 MAD504 MDL498
MGA969 MKD807 MMK104 MNT496 MOP446 MRU929 MUR480 MVR462 MWK454 MXN484 MXV979 MYR458 MZN943 NAD516 NGN566 NIO558
NOK578 NPR524 NZD554 OMR512/3 PAB590 PEN604 PGK598 PHP608 PKR586 PLN985 PYG600/0 QAR634 RON946 RSD941 RUB643
RWF646/0 SAR682 SBD090 SCR690 SDG938 SEK752 SGD702 SHP654 SLE925 SOS706 SRD968 SSP728 STN930 SVC222 SYP760
SZL748 THB764 TJS972 TMT934 TND788/3 TOP776 TRY949 TTD780 TWD901 TZS834 UAH980 UGX800/0 USD840 USN997 UYI940/0
UYU858 UYW927/4 UZS860 VED926 VES928 VND704/0 VUV548/0 WST882 XAF950/0 XCD951 XCG532 XOF952/0 XPF953/0 YER886
ZAR710 ZMW967 ZWG924
AZM031 BYR974/0 CSD891 CUC931 CYP196 EEK233 GHC288 HRK191 LTL440 LVL428 MRO478 MTL470 MZM508 ROL642 SDD736
SIT705 SKK703 SLL694 SRG740 STD678 TMM795 TRL792 VEB862 VEF937 ZMK894 ZWD716 ZWL932 ZWR935
`;

const CURRENCIES: ReadonlyMap<string, Currency> = new Map(
  TABLE.trim()
    .split(/\s+/)
    .map((entry) => {
      const code = entry.slice(0, 3);
      const number = BigInt(entry.slice(3, 6)) as CurrencyNumber;
      return [code, { code, number, digits: Number(entry.slice(7) || '2') }];
    }),
);

/**
 * The currency of an ISO 4217 alphabetic code.
 *
 * @throws invalid_document for a code that is not in the pinned table
 */
export function currencyOf(code: string, field: string): Currency {
  const found = CURRENCIES.get(code.trim().toUpperCase());
  if (found === undefined) {
    throw new CountersealError(
      'invalid_document',
      `${field} is ${JSON.stringify(code.slice(0, 20))}, which is no ISO 4217 currency code such as EUR`,
      { field },
    );
  }
  return found;
}

/** Every currency of the table, for its test and for documentation. */
export function allCurrencies(): readonly Currency[] {
  return [...CURRENCIES.values()];
}
