import { contextsOf, credentialName, words } from './credential.js';
import { isObject, type JsonValue, own } from './json.js';
import { valuesAt } from './json-path.js';

/** JSON that is of a known format and of no kind that can be registered: what it is, to say so. Undefined for others. */
export function knownOther(value: JsonValue): string | undefined {
  if (!isObject(value)) return undefined;
  const credential = credentialName(value);
  if (credential !== undefined) return credential;
  // Contexts of JSON-LD are URLs, or objects that give prefixes to URLs.
  const context = own(value, '@context');
  const prefixes = isObject(context) ? Object.values(context) : [];
  const isOneRecord = [...contextsOf(value), ...prefixes].some(
    (url) => typeof url === 'string' && url.startsWith('https://onerecord.iata.org/'),
  );
  if (isOneRecord) {
    const [type] = valuesAt({ object: value, field: '' }, '@type');
    return `ONE Record ${words(type?.value.replace(/^.*[:#/]/, '') ?? 'object')}`;
  }
  return own(value, 'carrier_id') !== undefined && Array.isArray(own(value, 'records'))
    ? 'openIDL batch of statistical records'
    : undefined;
}
