import type { VaultKey } from '../../src/crypto/index.js';

export const plainVaultKey: VaultKey;
