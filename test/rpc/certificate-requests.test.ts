import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  certifyRequest,
  checkCertificate,
  checkRenewal,
  createRequest,
  daysLeft,
  identityOf,
  readRequest,
  signRenewal,
} from '../../src/rpc/certificate-requests.js';
import {
  CERTIFICATE_DAYS,
  createAuthority,
  createTlsKey,
  issueIdentity,
  type Identity,
} from '../../src/rpc/certificates.js';
import { code } from '../helpers/vectors.js';

const NETWORK = 'request-net';
const member = (id: string) => ({ kind: 'member', id }) as const;
let authority: Identity;
let key: string;
beforeAll(async () => {
  authority = await createAuthority(NETWORK);
  key = await createTlsKey();
});
const thrown = (expected: Parameters<typeof code>[0]) => expect.objectContaining(code(expected)) as Error;
const flip = (pem: string, at: number): string => {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[at < 0 ? der.length + at : at]! ^= 1;
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
};

describe('a certificate request', () => {
  it('names its party, and gets a certificate for its key alone', async () => {
    const request = await createRequest(NETWORK, member('42'), key);
    expect((await readRequest(request, NETWORK)).party).toEqual(member('42'));
    const certificate = await certifyRequest(authority, NETWORK, request);
    const expected = { ca: authority.certificate, networkId: NETWORK, party: member('42') };
    checkCertificate(certificate, { ...expected, keys: [await createTlsKey(), key] });
    expect(identityOf(certificate, [await createTlsKey(), key], 'x').privateKey).toBe(key);
    const refusal = (change: Partial<typeof expected & { keys: string[] }>) =>
      expect(() => checkCertificate(certificate, { ...expected, keys: [key], ...change })).toThrow(
        thrown('permission_denied'),
      );
    refusal({ party: member('43') });
    refusal({ networkId: 'another-net' });
    refusal({ ca: (await createAuthority(NETWORK)).certificate });
    refusal({ keys: [await createTlsKey()] });
  });

  it('is refused where it was changed, is of another network, or is none', async () => {
    const request = await createRequest(NETWORK, member('42'), key);
    await expect(readRequest(flip(request, -3), NETWORK)).rejects.toThrow(thrown('invalid_argument'));
    await expect(readRequest(request, 'another-net')).rejects.toThrow(thrown('permission_denied'));
    for (const bad of ['', 'x', authority.certificate, key])
      await expect(readRequest(bad, NETWORK)).rejects.toThrow(thrown('invalid_argument'));
  });
});

describe('a renewal', () => {
  const asked = async (days: number, party = member('42'), by = authority) => {
    const old = await issueIdentity(by, NETWORK, party, { days, hosts: ['node.example'] });
    const request = await createRequest(NETWORK, member('42'), key);
    const signature = await signRenewal(NETWORK, request, old);
    return { old, request, renewal: { certificate: old.certificate, signature } };
  };

  it('is by the key of a certificate of the same party, and keeps its hosts', async () => {
    const { request, renewal } = await asked(5);
    expect(await checkRenewal(authority.certificate, NETWORK, request, renewal)).toEqual(['node.example']);
    const other = await asked(5, member('43'));
    const foreign = await asked(5, member('42'), await createAuthority(NETWORK));
    for (const bad of [
      other.renewal,
      foreign.renewal,
      { ...renewal, signature: other.renewal.signature },
      { ...renewal, certificate: other.renewal.certificate },
    ])
      await expect(checkRenewal(authority.certificate, NETWORK, request, bad)).rejects.toThrow(
        thrown('permission_denied'),
      );
    // The signature is over the new key too.
    const elsewhere = await createRequest(NETWORK, member('42'), await createTlsKey());
    await expect(checkRenewal(authority.certificate, NETWORK, elsewhere, renewal)).rejects.toThrow(
      thrown('permission_denied'),
    );
  });

  it('is possible some time after the end, and no longer', async () => {
    const late = await asked(-80);
    await checkRenewal(authority.certificate, NETWORK, late.request, late.renewal);
    const tooLate = await asked(-100);
    await expect(
      checkRenewal(authority.certificate, NETWORK, tooLate.request, tooLate.renewal),
    ).rejects.toThrow(thrown('permission_denied'));
  });
});

describe('validity', () => {
  it('is 398 days, never longer than the authority, and warned about in the last 30', async () => {
    const certificate = (by: Identity, days?: number) =>
      issueIdentity(by, NETWORK, member('1'), days === undefined ? {} : { days }).then((i) => i.certificate);
    const whole = await certificate(authority);
    const day = 86_400_000;
    expect(Math.round((Date.parse(new X509Certificate(whole).validTo) - Date.now()) / day)).toBe(
      CERTIFICATE_DAYS,
    );
    expect(daysLeft(whole)).toBeUndefined();
    expect(daysLeft(whole, Date.now() + 380 * day)).toBe(17);
    expect(daysLeft(await certificate(authority, -2))).toBe(-3);
    const short = await createAuthority(NETWORK, 20);
    expect(new X509Certificate(await certificate(short)).validTo).toBe(
      new X509Certificate(short.certificate).validTo,
    );
    const over = await certificate(authority, -2);
    expect(() =>
      checkCertificate(over, { ca: authority.certificate, networkId: NETWORK, party: member('1'), keys: [] }),
    ).toThrow(thrown('permission_denied'));
  });
});
