// Loaded before the programs of a network that a test starts, and by the test itself: scrypt at a 128th of its cost. A
// run of all tests starts hundreds of processes, each of which would stretch the passphrase of the tests for 0.4 s.
// What it costs to guess a passphrase is tested in test/crypto/secret-file.test.ts, where this is not loaded.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';

const { scrypt } = crypto;
crypto.scrypt = (password, salt, length, options, callback) =>
  scrypt(password, salt, length, { ...options, N: options.N / 128 }, callback);
syncBuiltinESMExports();
