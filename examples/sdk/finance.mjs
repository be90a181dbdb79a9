// @ts-check
// Finances an invoice if nobody has: checks it, registers it, engages the entry, and keeps a receipt.
//
//   node examples/sdk/finance.mjs FOLDER PASSPHRASE-FILE INVOICE RECEIPT
//
// Exits with 3 where the invoice, or one of the same deal, is known already.
import { readFile, writeFile } from 'node:fs/promises';
import { Agent, CountersealError, defaultProver, parseDocument } from 'counterseal';

const [folder, passphraseFile, invoice, receiptFile] = process.argv.slice(2);
if (!folder || !passphraseFile || !invoice || !receiptFile) {
  console.error('usage: node finance.mjs FOLDER PASSPHRASE-FILE INVOICE RECEIPT');
  process.exit(2);
}

const [passphrase] = (await readFile(passphraseFile, 'utf8')).split(/\r?\n/);
const agent = await Agent.open(folder, /** @type {string} */ (passphrase));
const prover = defaultProver();

/**
 * @param {string} invoice
 * @param {string} receiptFile
 * @returns {Promise<number>} what to exit with
 */
async function finance(invoice, receiptFile) {
  const { document, fileHash } = await parseDocument(await readFile(invoice));

  const checked = await agent.check(document, 'finance');
  console.log(`checked: ${checked.verdict}`);
  if (checked.verdict !== 'unique') return 3;

  const registered = await agent.register(document, fileHash, 'finance', prover, (step) =>
    console.log(`... ${step}`),
  );
  console.log(`registered as entry ${registered.sequence}: ${registered.verdict}`);
  await agent.audit({
    command: 'example finance',
    file: fileHash,
    entry: registered.sequence,
    result: registered.verdict,
  });

  // Somebody may have been faster: the ledger decides, and accepts no other verdict than these.
  const engaged = await agent.engage(registered.sequence, ['unique']);
  console.log(`engagement: ${engaged.outcome}; the entry is ${engaged.state}`);
  if (engaged.outcome === 'refused') return 3;

  const { text } = await agent.receipt(registered.sequence);
  await writeFile(receiptFile, text);
  const { entry, position } = agent.verify(text);
  console.log(`receipt of entry ${entry}: number ${position + 1} with this document`);
  return 0;
}

try {
  process.exitCode = await finance(invoice, receiptFile);
} catch (error) {
  if (!(error instanceof CountersealError)) throw error;
  console.error(`${error.message} [${error.code}]`);
  process.exitCode = 1;
} finally {
  agent.close();
  await prover.close();
}
