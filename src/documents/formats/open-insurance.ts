import { CountersealError } from '../../errors.js';
import { alphanumeric } from '../canonical/number.js';
import type { CanonicalDocument } from '../document.js';
import { CLAIM, POLICY } from '../kinds.js';
import { canonicalFields, type IssuerFields, type ObjectFields } from './document-fields.js';
import type { JsonFormat } from './format.js';
import { isObject, type JsonObject, type JsonValue, own } from './json.js';
import { type FoundObject, objectAt, objectsAt, valueAt, valuesAt } from './json-path.js';
import type { Found } from './slot-builder.js';

/**
 * Open Insurance Brasil: answers of the policy-info and claim interfaces, and claim notifications. The answers do not
 * say which insurer gives them, except a policy that others lead: the host of the interface stands in, weakly.
 */
export const openInsurance: JsonFormat = {
  name: 'open-insurance-json',
  recognises: (object) => bodies(object).length > 0,
  read(object): CanonicalDocument {
    const found = bodies(object);
    const [body] = found;
    if (body === undefined || found.length > 1) {
      throw new CountersealError(
        'invalid_document',
        `data holds ${found.length} documents: put each in a file of its own, so that it is clear which one is meant`,
        { field: 'data' },
      );
    }
    const whole: FoundObject = { object, field: '' };
    const answer: FoundObject = { object: body, field: 'data' };
    return isClaim(body) ? readClaim(whole, answer) : readPolicy(whole, answer);
  },
};

function bodies(object: JsonObject): readonly JsonObject[] {
  const data = own(object, 'data');
  const values: readonly JsonValue[] = Array.isArray(data)
    ? (data as readonly JsonValue[])
    : data === undefined
      ? []
      : [data];
  return values.filter(isObject).filter((body) => isPolicy(body) || isClaim(body));
}

const has = (object: JsonObject, key: string): boolean => own(object, key) !== undefined;

/** Claims and notifications of one both say when the loss occurred. */
function isClaim(body: JsonObject): boolean {
  return has(body, 'occurrenceDate') && (has(body, 'warningDate') || has(body, 'occurrenceDescription'));
}

function isPolicy(body: JsonObject): boolean {
  return has(body, 'policyId') && has(body, 'termStartDate') && has(body, 'termEndDate');
}

function readPolicy(whole: FoundObject, policy: FoundObject): CanonicalDocument {
  const lead = valueAt(policy, 'leadInsurerCode');
  const issuer: IssuerFields | undefined =
    lead === undefined
      ? insurerByHost(whole)
      : { code: `SUSEP|${alphanumeric(lead.value, lead.field)}`, weak: false, field: lead.field };
  return canonicalFields({
    kind: POLICY,
    issuer,
    number: valueAt(policy, 'policyId'),
    issueDate: valueAt(policy, 'issuanceDate'),
    startDate: valueAt(policy, 'termStartDate'),
    endDate: valueAt(policy, 'termEndDate'),
    ...money(objectAt(policy, 'maxLMG')),
    objects: insuredObjects(policy),
    peril: mainPeril(policy),
    warnings: weakness(issuer),
    names: { issuer: 'data.leadInsurerCode', number: 'data.policyId' },
  });
}

function readClaim(whole: FoundObject, claim: FoundObject): CanonicalDocument {
  const issuer = insurerByHost(whole);
  const policy = valueAt(claim, 'policyId');
  return canonicalFields({
    kind: CLAIM,
    issuer,
    number: valueAt(claim, 'identification'),
    issueDate: valueAt(claim, 'warningDate'),
    startDate: valueAt(claim, 'occurrenceDate'),
    ...money(objectAt(claim, 'amount')),
    objects: distinct(
      [...valuesAt(claim, 'coverages.insuredObjectId'), ...valuesAt(claim, 'insuredObjectId')].map(
        insuredObject,
      ),
    ),
    peril: valueAt(claim, 'branchInfo.occurrenceCause') ?? lowest(valuesAt(claim, 'coverages.code')),
    references: policy === undefined ? [] : [{ ...policy, kind: POLICY, issuer: 'issuer' }],
    warnings: weakness(issuer),
    names: { issuer: 'links.self', number: 'data.identification' },
  });
}

/** The host of `links.self`: each insurer serves the interface under its own name. */
function insurerByHost(whole: FoundObject): IssuerFields | undefined {
  const self = valueAt(whole, 'links.self');
  const [, host] = /^https:\/\/([A-Za-z0-9.-]+)(?::[0-9]+)?\//.exec(self?.value ?? '') ?? [];
  return self === undefined || host === undefined
    ? undefined
    : { code: `HOST|${host.toUpperCase().replace(/\.$/, '')}`, weak: true, field: self.field };
}

function weakness(issuer: IssuerFields | undefined): readonly string[] {
  return issuer !== undefined && 'code' in issuer && issuer.weak
    ? [
        `${issuer.field}: the insurer is known by the host of its interface only, which is weak: leadInsurerCode would say who it is`,
      ]
    : [];
}

/** An amount in a currency that `unit.description` names; a percentage or a number of hours has none. */
function money(amount: FoundObject | undefined): { currency?: Found; amount?: Found } {
  if (amount === undefined) return {};
  const value = valueAt(amount, 'amount');
  const description = valueAt(amount, 'unit.description');
  if (value === undefined || description === undefined || !/^[A-Za-z]{3}$/.test(description.value)) return {};
  return { currency: description, amount: value };
}

/** Things insured; persons are not registered in the clear. */
function insuredObjects(policy: FoundObject): readonly ObjectFields[] {
  return distinct(
    objectsAt(policy, 'insuredObjects')
      .filter((object) => !/PESSOA/i.test(valueAt(object, 'type')?.value ?? ''))
      .flatMap((object) => valuesAt(object, 'identification'))
      .map(insuredObject),
  );
}

/** Seventeen characters of a chassis are a VIN; anything else is the insurer's own name for the thing. */
function insuredObject(found: Found): ObjectFields {
  return { ...found, type: /^[A-HJ-NPR-Z0-9]{17}$/i.test(found.value) ? 'VIN' : 'OBJECT' };
}

function distinct(objects: readonly ObjectFields[]): readonly ObjectFields[] {
  return [...new Map(objects.map((object) => [`${object.type}|${object.value}`, object])).values()];
}

/** The peril of the main coverage; if several or none are marked, the lowest, in whatever order they stand. */
function mainPeril(policy: FoundObject): Found | undefined {
  const coverages = objectsAt(policy, 'insuredObjects.coverages');
  const main = coverages.filter(({ object }) => own(object, 'isMainCoverage') === true);
  return (
    lowest((main.length > 0 ? main : coverages).flatMap((coverage) => valuesAt(coverage, 'code'))) ??
    lowest(valuesAt(policy, 'coverages.code'))
  );
}

function lowest(found: readonly Found[]): Found | undefined {
  return [...found].sort((a, b) => (a.value < b.value ? -1 : 1))[0];
}
