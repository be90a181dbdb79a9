/**
 * English names of countries as people write them into addresses, for formats that have no code. Pinned, because the
 * tables of the runtime change with its version. Of two usual names both are here; marks and case do not count.
 */
const TABLE = `
AE United Arab Emirates|UAE;AF Afghanistan;AL Albania;AM Armenia;AO Angola;AR Argentina;AT Austria;AU Australia;
AZ Azerbaijan;BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;
BI Burundi;BJ Benin;BM Bermuda;BN Brunei|Brunei Darussalam;BO Bolivia;BR Brazil|Brasil;BS Bahamas|The Bahamas;BT Bhutan;
BW Botswana;BY Belarus;BZ Belize;CA Canada;CD Democratic Republic of the Congo;CF Central African Republic;
CG Congo|Republic of the Congo;CH Switzerland;CI Cote d'Ivoire|Ivory Coast;CL Chile;CM Cameroon;
CN China|People's Republic of China|PR China|PRC;CO Colombia;CR Costa Rica;CU Cuba;CV Cabo Verde|Cape Verde;CY Cyprus;
CZ Czechia|Czech Republic;DE Germany|Deutschland;DJ Djibouti;DK Denmark;DO Dominican Republic;DZ Algeria;EC Ecuador;
EE Estonia;EG Egypt;ER Eritrea;ES Spain;ET Ethiopia;FI Finland;FJ Fiji;FR France;GA Gabon;
GB United Kingdom|UK|Great Britain|England|Scotland|Wales|Northern Ireland;GE Georgia;GH Ghana;GI Gibraltar;GM Gambia;
GN Guinea;GQ Equatorial Guinea;GR Greece|EL;GT Guatemala;GY Guyana;HK Hong Kong|Hong Kong SAR|Hong Kong SAR China;
HN Honduras;HR Croatia;HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;IN India;IQ Iraq;IR Iran;IS Iceland;
IT Italy|Italia;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KG Kyrgyzstan;KH Cambodia;KM Comoros;KP North Korea;
KR South Korea|Korea|Republic of Korea;KW Kuwait;KY Cayman Islands;KZ Kazakhstan;LA Laos;LB Lebanon;LI Liechtenstein;
LK Sri Lanka;LR Liberia;LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;MA Morocco;MC Monaco;MD Moldova;
ME Montenegro;MG Madagascar;MH Marshall Islands;MK North Macedonia;ML Mali;MM Myanmar|Burma;MN Mongolia;
MO Macao|Macau|Macao SAR;MR Mauritania;MT Malta;MU Mauritius;MV Maldives;MW Malawi;MX Mexico;MY Malaysia;MZ Mozambique;
NA Namibia;NE Niger;NG Nigeria;NI Nicaragua;NL Netherlands|The Netherlands|Holland;NO Norway;NP Nepal;NZ New Zealand;
OM Oman;PA Panama;PE Peru;PG Papua New Guinea;PH Philippines|The Philippines;PK Pakistan;PL Poland;PR Puerto Rico;
PT Portugal;PY Paraguay;QA Qatar;RO Romania;RS Serbia;RU Russia|Russian Federation;RW Rwanda;SA Saudi Arabia|KSA;
SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;SI Slovenia;SK Slovakia|Slovak Republic;SL Sierra Leone;
SN Senegal;SO Somalia;SR Suriname;SS South Sudan;SV El Salvador;SY Syria;SZ Eswatini;TD Chad;TG Togo;TH Thailand;
TJ Tajikistan;TL Timor-Leste;TM Turkmenistan;TN Tunisia;TR Turkey|Turkiye;TT Trinidad and Tobago;TW Taiwan;
TZ Tanzania;UA Ukraine;UG Uganda;US United States|United States of America|USA|U.S.A.|U.S.;UY Uruguay;UZ Uzbekistan;
VE Venezuela;VN Vietnam|Viet Nam;VU Vanuatu;WS Samoa;XK Kosovo;YE Yemen;ZA South Africa;ZM Zambia;ZW Zimbabwe
`;

const plain = (name: string): string =>
  name
    .normalize('NFKD')
    .replace(/&/g, 'and')
    .replace(/[^A-Za-z]/g, '')
    .toUpperCase();

const CODES: ReadonlyMap<string, string> = new Map(
  TABLE.split(';').flatMap((entry) => {
    const code = entry.trim().slice(0, 2);
    return entry
      .trim()
      .slice(3)
      .split('|')
      .map((name): [string, string] => [plain(name), code]);
  }),
);

/** The ISO 3166-1 alpha-2 code of a country that is written as its code or its English name; undefined for any other. */
export function countryCode(written: string | undefined): string | undefined {
  if (written === undefined || written.length > 100) return undefined;
  const text = plain(written);
  return CODES.get(text) ?? (/^[A-Z]{2}$/.test(text) && written.trim().length === 2 ? text : undefined);
}
