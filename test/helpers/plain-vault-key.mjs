/**
 * A vault key that protects nothing, for processes that a test starts fifty times: stretching a passphrase takes half a
 * second of a processor, and what is tested there is not the vault. No option of a program can name it.
 */
export const plainVaultKey = {
  kind: 'test',
  wrap: (dataKey) => Promise.resolve({ key: Buffer.from(dataKey).toString('hex') }),
  unwrap: ({ key }) => Promise.resolve(Buffer.from(String(key), 'hex')),
};
