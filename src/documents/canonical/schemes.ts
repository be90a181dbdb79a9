/** What an identifier of a party identifies it in, in the order in which they are preferred. */
export const PARTY_SCHEMES = ['VAT', 'TAX', 'REG', 'EORI', 'LEI', 'DUNS', 'GLN'] as const;
export type PartyScheme = (typeof PARTY_SCHEMES)[number];

/** The register behind a scheme code, and its country where the code says it. */
export interface Register {
  readonly scheme: PartyScheme;
  readonly country?: string;
}

/**
 * Codes of ISO/IEC 6523 (ICD), of the EAS list of CEF eInvoicing, and national ones. `VAT` is the tax identifier
 * that the law puts on invoices, `TAX` any other number of a tax office, `REG` a register of legal entities.
 * Addresses (9958 Leitweg-ID, 0202 PEC, 0205 CODDEST, e-mail) and bank identifiers (SEPA) are none of them.
 */
const TABLE = `
VAT 0198:DK 0211:IT 0213:FI 0221:JP 0223:FR 0235:AE 0244:NG
VAT 9904:DK 9906:IT 9909:NO 9910:HU 9914:AT 9920:ES 9922:AD 9923:AL 9924:BA 9925:BE 9926:BG 9927:CH 9928:CY 9929:CZ
VAT 9930:DE 9931:EE 9932:GB 9933:GR 9934:HR 9935:IE 9936:LI 9937:LT 9938:LU 9939:LV 9940:MC 9941:ME 9942:MK
VAT 9943:MT 9944:NL 9945:PL 9946:PT 9947:RO 9948:RS 9949:SI 9950:SK 9951:SM 9952:TR 9953:VA 9955:SE 9957:FR
VAT VKN:TR TCKN:TR GSTIN:IN CNPJ:BR CPF:BR RFC:MX RUC RUT NIT CUIT:AR USCC:CN TIN GST SE:DK VAT VA
TAX 0210:IT 9907:IT FC LOC SST:MY
REG 0002:FR 0007:SE 0009:FR 0037:FI 0106:NL 0151:AU 0183:CH 0184:DK 0188:JP 0190:NL 0191:EE 0192:NO 0195:SG
REG 0196:IS 0200:LT 0208:BE 0212:FI 0216:FI 0218:LV 0240:LU 9902:DK 9908:NO 9917:IS 9919:AT 9956:BE
REG CVR:DK SIREN:FR SIRENE:FR SIRET:FR KVK:NL OVT:FI ABN:AU UEN:SG CRN:SA BRN:MY MERSISNO:TR TICARETSICILNO:TR ORGNR
DUNS 0060 DUNS
GLN 0088 GLN EAN ILN
LEI 0199 LEI
EORI EORI
`;

const REGISTERS: ReadonlyMap<string, Register> = new Map(
  TABLE.trim()
    .split('\n')
    .flatMap((row) => {
      const [scheme, ...codes] = row.split(' ');
      return codes.map((entry): [string, Register] => {
        const [code = '', country] = entry.split(':');
        return [
          code,
          country === undefined
            ? { scheme: scheme as PartyScheme }
            : { scheme: scheme as PartyScheme, country },
        ];
      });
    }),
);

/**
 * The register that a scheme code names: `0088`, `9930`, `GLN`, `DK:CVR`, `DKVAT`, `NO:ORGNR`, `UK VAT`.
 * Undefined for codes that identify no party to others (a seller's own numbering, addresses).
 */
export function registerOf(schemeId: string | undefined): Register | undefined {
  if (schemeId === undefined) return undefined;
  const code = schemeId.trim().toUpperCase();
  const direct = REGISTERS.get(code);
  if (direct !== undefined) return direct;
  const [, prefix, name] = /^([A-Z]{2})[: -]?([A-Z]{2,8})$/.exec(code) ?? [];
  if (prefix === undefined || name === undefined) return undefined;
  const country = prefix === 'UK' ? 'GB' : prefix === 'EL' ? 'GR' : prefix;
  const named = REGISTERS.get(name);
  return named === undefined ? undefined : { scheme: named.scheme, country };
}
