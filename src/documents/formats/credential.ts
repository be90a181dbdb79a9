import { CountersealError } from '../../errors.js';
import type { CanonicalDocument } from '../document.js';
import { KINDS } from '../kinds.js';
import { type JsonObject, own } from './json.js';
import { type FoundObject, objectsAt, valuesAt } from './json-path.js';

/** What a W3C Verifiable Credential (also OpenAttestation 3 and 4) says, and of what. */
export interface Credential {
  /** What is credited: the document itself. */
  readonly subject: FoundObject;
  /** What the subject says that it is, else what the credential does: `Invoice`, `MasterBillOfLading`. */
  readonly types: readonly string[];
  readonly warnings: readonly string[];
}

/** Types that say nothing about the document. */
const WRAPPERS = new Set(['VerifiableCredential', 'OpenAttestationCredential']);

const whole = (object: JsonObject): FoundObject => ({ object, field: '' });

const typesOf = (found: FoundObject): readonly string[] => valuesAt(found, 'type').map(({ value }) => value);

/** Whether the object is a credential: it says so itself, as the data model has it (VCDM 2.0 section 4.5). */
export function isCredential(object: JsonObject): boolean {
  return (
    own(object, 'credentialSubject') !== undefined && typesOf(whole(object)).includes('VerifiableCredential')
  );
}

/** The URLs of its contexts, which name its vocabulary; none is ever fetched. */
export function contextsOf(object: JsonObject): readonly string[] {
  return valuesAt(whole(object), '@context').map(({ value }) => value);
}

/**
 * The content of a credential. Whether it is signed, by whom, revoked or expired is not looked at: that needs the
 * network, and a document is the same document whatever its status.
 *
 * @throws invalid_document if it has not exactly one subject
 */
export function credentialOf(object: JsonObject): Credential {
  const [subject, ...more] = objectsAt(whole(object), 'credentialSubject');
  if (subject === undefined || more.length > 0) {
    throw new CountersealError(
      'invalid_document',
      `credentialSubject holds ${subject === undefined ? 'no object' : `${more.length + 1} documents`}: one is needed`,
      { field: 'credentialSubject' },
    );
  }
  const types = typesOf(subject);
  const outer = typesOf(whole(object))
    .filter((type) => !WRAPPERS.has(type))
    .map((type) => type.replace(/(?<=.)Credential$/, ''));
  return {
    subject,
    types: types.length > 0 ? types : outer,
    warnings: [...unverified(own(object, 'proof') !== undefined), ...hidden(object)],
  };
}

/** What its owner should know of a document out of a signed envelope. */
export function unverified(signed: boolean): readonly string[] {
  return signed ? ['the signature was not verified: the content is taken as it stands'] : [];
}

/** Fields that the sender removed (OpenAttestation obfuscation); other selective disclosure leaves no trace. */
function hidden(object: JsonObject): readonly string[] {
  const found = objectsAt(whole(object), 'proof.privacy').flatMap((privacy) =>
    valuesAt(privacy, 'obfuscated'),
  );
  return hiddenWarning(found.length);
}

export function hiddenWarning(count: number): readonly string[] {
  return count === 0
    ? []
    : [`the sender has hidden ${count} fields: identities that need one of them are missing`];
}

/** `ShipsDeliveryOrder` and `PROMISSORY_NOTE` as words. */
export function words(name: string): string {
  const type = name.slice(0, 200);
  return (/[a-z]/.test(type) ? type.replace(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, ' ') : type)
    .replace(/[_-]+/g, ' ')
    .toLowerCase()
    .trim()
    .slice(0, 60);
}

/** A document that is known to be something that is registered under no kind. */
export function noKind(name: string, field: string): CountersealError {
  const kinds = [...new Set([...KINDS.values()].map((kind) => kind.name))].join(', ');
  return new CountersealError(
    'unsupported_format',
    `a document of the type ${JSON.stringify(name)} is none of the kinds that are read: ${kinds}`,
    { field },
  );
}

/** What the subject of any credential is, for the error about one that no importer knows; undefined for other objects. */
export function credentialName(object: JsonObject): string | undefined {
  if (!isCredential(object)) return undefined;
  const [subject] = objectsAt(whole(object), 'credentialSubject');
  const types = [...(subject === undefined ? [] : typesOf(subject)), ...typesOf(whole(object))];
  return words(types.find((type) => !WRAPPERS.has(type)) ?? 'credential of no stated type');
}

/** Of a vocabulary: what reads a subject of each type. */
export type CredentialReaders = Readonly<Record<string, (credential: Credential) => CanonicalDocument>>;

/** Reads a credential by the one type of its subject. Throws as {@link credentialOf}, and where nothing reads the type. */
export function readCredential(object: JsonObject, readers: CredentialReaders): CanonicalDocument {
  const credential = credentialOf(object);
  const { subject, types } = credential;
  const [type = ''] = types;
  const reader = types.length === 1 && Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (reader === undefined) throw noKind(words(type), `${subject.field}.type`);
  return reader(credential);
}
