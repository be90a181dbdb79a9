import type { Command } from 'commander';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { VaultKey } from '../crypto/index.js';
import { CountersealError, ensure } from '../errors.js';
import { numberOption } from './number-option.js';

export interface PassphraseOptions {
  passphraseFile?: string;
  passphraseFd?: number;
}

/** Adds the ways to give a passphrase. There is none by argument: other users of a machine can read arguments. */
export function passphraseOptions(command: Command): Command {
  return command
    .option('--passphrase-file <file>', 'read the passphrase from the first line of a file')
    .addOption(
      numberOption('--passphrase-fd <number>', 'read the passphrase from an open file descriptor', {
        min: 0,
        max: 9999,
      }).conflicts('passphraseFile'),
    );
}

const firstLine = (content: string) => content.split(/\r?\n/, 1)[0]!;

async function prompt(question: string): Promise<string> {
  ensure(
    process.stdin.isTTY,
    'invalid_argument',
    'a passphrase is needed: give --passphrase-file or --passphrase-fd, or run on a terminal',
  );
  let muted = false;
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (!muted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      const none = () => reject(new CountersealError('invalid_argument', 'no passphrase was given'));
      lines.on('SIGINT', none);
      // The end of the input, Ctrl-D.
      lines.on('close', none);
      lines.question(question, resolve);
      muted = true;
    });
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}

/** The passphrase: from a file, a descriptor or the terminal; with `confirm`, typed twice. */
export async function readPassphrase(options: PassphraseOptions, confirm = false): Promise<string> {
  let passphrase: string;
  if (options.passphraseFile !== undefined) {
    const path = options.passphraseFile;
    passphrase = firstLine(
      await readFile(path, 'utf8').catch((cause: unknown) => {
        throw new CountersealError('io', `cannot read the passphrase file ${path}`, { cause });
      }),
    );
  } else if (options.passphraseFd !== undefined) {
    const fd = options.passphraseFd;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of createReadStream('', { fd })) chunks.push(chunk as Buffer);
    } catch (cause) {
      throw new CountersealError('io', `cannot read a passphrase from descriptor ${fd}`, { cause });
    }
    passphrase = firstLine(Buffer.concat(chunks).toString('utf8'));
  } else {
    passphrase = await prompt('Passphrase: ');
    if (confirm)
      ensure((await prompt('Again: ')) === passphrase, 'invalid_argument', 'the two passphrases differ');
  }
  ensure(passphrase.length > 0, 'invalid_argument', 'the passphrase is empty');
  return passphrase;
}

/** As {@link readPassphrase}, for all secret files of a folder: so it is stretched once. */
export async function readVaultKey(options: PassphraseOptions, confirm = false): Promise<VaultKey> {
  const [{ passphraseKey }, passphrase] = await Promise.all([
    import('../crypto/index.js'),
    readPassphrase(options, confirm),
  ]);
  return passphraseKey(passphrase);
}
