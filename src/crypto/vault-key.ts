import { randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { CountersealError, ensure } from '../errors.js';
import { open, seal } from './aead.js';

/** What a secret file holds of its data key: a JSON object of which only the vault key that made it knows the form. */
export type WrappedKey = Readonly<Record<string, unknown>>;

/**
 * What keeps the data keys of secret files. Every file is sealed under a random 32-byte data key of its own, and the
 * file holds that key wrapped: by a passphrase ({@link passphraseKey}), or by whatever else implements this. A token
 * (PKCS#11: C_WrapKey, C_UnwrapKey) or a key service (KMS: Encrypt, Decrypt) fits, because neither has to give its own
 * key out: it sees data keys and purposes and nothing of what is sealed.
 *
 * A wrapper must authenticate: another key, another purpose or a changed value must throw `decryption_failed`, a value
 * that it did not make `data_corrupted`, and a device that does not answer `unavailable`.
 */
export interface VaultKey {
  /** Written into the file: which kind of vault key opens it. */
  readonly kind: string;
  /** `purpose` says what the file holds, and is to be bound. */
  wrap(dataKey: Uint8Array, purpose: string): Promise<WrappedKey>;
  unwrap(wrapped: WrappedKey, purpose: string): Promise<Uint8Array>;
}

/** What opens secret files: a passphrase, or another vault key. */
export type VaultAccess = string | VaultKey;

/** scrypt (RFC 7914) at 128 MiB and some 0.4 s: OWASP's first choice for it. */
const COST = { N: 2 ** 17, r: 8, p: 1 } as const;
const SALT_BYTES = 16;

const Wrapped = z.strictObject({
  // Bounds, so that a changed file cannot make its reader take all memory.
  N: z.union([z.literal(2 ** 17), z.literal(2 ** 18)]),
  r: z.literal(8),
  p: z.literal(1),
  salt: z.base64(),
  sealed: z.base64(),
});

async function keyOf(
  passphrase: string,
  { N, r, p }: { N: number; r: number; p: number },
  salt: Uint8Array,
): Promise<Uint8Array> {
  ensure(passphrase.length > 0, 'invalid_argument', 'the passphrase is empty');
  // NFKC, so that one passphrase typed on two keyboards is one.
  const secret = Buffer.from(passphrase.normalize('NFKC'));
  const derive = promisify<Buffer, Buffer, number, object, Buffer>(scrypt);
  return derive(secret, Buffer.from(salt), 32, { N, r, p, maxmem: 256 * N * r });
}

const bound = (purpose: string): Uint8Array => new TextEncoder().encode(`counterseal data key\n${purpose}`);

/**
 * The vault key that a passphrase is: scrypt and XChaCha20-Poly1305. It stretches the passphrase once for all files of
 * one salt, and gives a file that it writes the salt of the last one that it wrote or opened: whoever has one passphrase
 * for several files has them guessed at once, whatever their salts.
 */
export function passphraseKey(passphrase: string): VaultKey {
  const stretched = new Map<string, Promise<Uint8Array>>();
  let current: string | undefined;
  const stretch = (cost: { N: number; r: number; p: number }, salt: string): Promise<Uint8Array> => {
    const of = `${cost.N} ${salt}`;
    const key = stretched.get(of) ?? keyOf(passphrase, cost, Buffer.from(salt, 'base64'));
    stretched.set(of, key);
    return key;
  };
  return {
    kind: 'scrypt',
    async wrap(dataKey, purpose) {
      const salt = (current ??= randomBytes(SALT_BYTES).toString('base64'));
      const sealed = seal(await stretch(COST, salt), dataKey, bound(purpose));
      return {
        ...COST,
        salt,
        sealed: Buffer.from(sealed).toString('base64'),
      } satisfies z.infer<typeof Wrapped>;
    },
    async unwrap(wrapped, purpose) {
      const parsed = Wrapped.safeParse(wrapped);
      if (!parsed.success)
        throw new CountersealError('data_corrupted', 'the key of the file is not wrapped as it must be');
      const { salt, sealed, ...cost } = parsed.data;
      const dataKey = open(await stretch(cost, salt), Buffer.from(sealed, 'base64'), bound(purpose));
      // Only now is it known that the salt is one that this passphrase's owner chose.
      if (cost.N === COST.N) current = salt;
      return dataKey;
    },
  };
}

export const vaultKeyOf = (access: VaultAccess): VaultKey =>
  typeof access === 'string' ? passphraseKey(access) : access;
