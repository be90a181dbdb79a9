import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto, X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { createAuthority, issueIdentity, type Identity } from '../../src/rpc/certificates.js';
import { partyOf } from '../../src/rpc/party.js';

const NETWORK = 'test-net';
const denied = expect.objectContaining({ code: 'permission_denied' }) as Error;
const der = (pem: string) => new X509Certificate(pem).raw;

/** A certificate with any names, as a careless authority could issue it. */
async function certificateWith(names: x509.JsonGeneralNames | undefined): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: ['member 7'] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: names ? [new x509.SubjectAlternativeNameExtension(names)] : [],
  });
  return new Uint8Array(certificate.rawData);
}
const uris = (...values: string[]) => certificateWith(values.map((value) => ({ type: 'url', value })));

describe('the party that a certificate names', () => {
  let authority: Identity;
  beforeAll(async () => {
    authority = await createAuthority(NETWORK);
  });

  it.each(['member', 'evaluator', 'node'] as const)('is a %s where it says so', async (kind) => {
    const { certificate } = await issueIdentity(
      authority,
      NETWORK,
      { kind, id: '7' },
      { hosts: ['localhost'] },
    );
    expect(partyOf(der(certificate), NETWORK)).toEqual({ kind, id: '7' });
    expect(() => partyOf(der(certificate), 'another-net')).toThrow(denied);
    expect(() => partyOf(der(certificate), 'test')).toThrow(denied);
  });

  it('is nobody in the certificate of the authority', () => {
    expect(() => partyOf(der(authority.certificate), NETWORK)).toThrow(denied);
  });

  it('is one of this network, whatever other networks it also names', async () => {
    const both = await uris(
      'counterseal://other/member/1',
      `counterseal://${NETWORK}/member/2`,
      'https://bank.example',
    );
    expect(partyOf(both, NETWORK)).toEqual({ kind: 'member', id: '2' });
  });

  it.each([
    ['two parties', [`counterseal://${NETWORK}/member/1`, `counterseal://${NETWORK}/evaluator/1`]],
    ['one party twice', [`counterseal://${NETWORK}/member/1`, `counterseal://${NETWORK}/member/1`]],
    ['a kind that is none', [`counterseal://${NETWORK}/auditor/1`]],
    ['a property of all objects', [`counterseal://${NETWORK}/constructor/1`]],
    ['no id', [`counterseal://${NETWORK}/member/`]],
    ['nothing behind the network', [`counterseal://${NETWORK}/`]],
    ['more than an id', [`counterseal://${NETWORK}/member/1/2`]],
    ['another scheme', [`https://${NETWORK}/member/1`]],
    ['a network that begins alike', [`counterseal://${NETWORK}-2/member/1`]],
  ])('is nobody where it names %s', async (_, values) => {
    const certificate = await uris(...values);
    expect(() => partyOf(certificate, NETWORK)).toThrow(denied);
  });

  it('is nobody without names, and not what a DNS name or the subject says', async () => {
    const none = await certificateWith(undefined);
    expect(() => partyOf(none, NETWORK)).toThrow(denied);
    const dns = await certificateWith([{ type: 'dns', value: `counterseal://${NETWORK}/member/1` }]);
    expect(() => partyOf(dns, NETWORK)).toThrow(denied);
  });

  const uri = `counterseal://${NETWORK}/member/1`;
  it.each<[string, x509.JsonGeneralNames]>([
    ['DNS name', [{ type: 'dns', value: `a, URI:${uri}` }]],
    ['mail address', [{ type: 'email', value: `a@b.example, URI:${uri}` }]],
    ['directory name', [{ type: 'dn', value: `CN="a, URI:${uri}"` }]],
    ['URI', [{ type: 'url', value: `https://bank.example/, URI:${uri}` }]],
    ['URI with quotation marks', [{ type: 'url', value: `https://bank.example/", URI:${uri}, URI:"` }]],
    ['DNS name that ends in a backslash', [{ type: 'dns', value: `a\\", URI:${uri}` }]],
  ])('is nobody where a %s holds what reads like another name', async (_, names) => {
    const certificate = await certificateWith(names);
    expect(() => partyOf(certificate, NETWORK)).toThrow(denied);
    const beside = await certificateWith([
      ...names,
      { type: 'url', value: `counterseal://${NETWORK}/node/2` },
    ]);
    expect(partyOf(beside, NETWORK)).toEqual({ kind: 'node', id: '2' });
  });

  it('has the id that the certificate says, also where that is not plain', async () => {
    for (const id of ['a, b', '"', '\\', 'a\u0000', "'"])
      expect(partyOf(await uris(`counterseal://${NETWORK}/member/${id}`), NETWORK)).toEqual({
        kind: 'member',
        id,
      });
  });
});
