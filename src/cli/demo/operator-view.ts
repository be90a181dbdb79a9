import { join } from 'node:path';
import { LevelStore } from '../../engine/index.js';
import { decodeRecord } from '../../ledger/index.js';
import { table } from '../output.js';

const ALL = { gte: '', lt: '~' };
const RECORDS = { gte: 'r/', lt: 'r0' };

/** What the database of a node says, to whoever reads all of it: its log, as text, and its size. */
export async function operatorLines(database: string): Promise<string[]> {
  const store = await LevelStore.open(join(database, 'ledger'));
  try {
    let keys = 0;
    let bytes = 0;
    for await (const [key, value] of store.iterate(ALL)) {
      keys++;
      bytes += key.length + value.length;
    }
    const rows: string[][] = [['time', 'entry', 'what', 'told', 'tag', 'near tag']];
    for await (const [, value] of store.iterate(RECORDS)) {
      const { time, body } = decodeRecord(value);
      const at = new Date(time).toISOString().slice(11, 19);
      const short = (x: bigint) => `${x.toString(16).padStart(64, '0').slice(0, 16)}…`;
      if (body.type === 'register')
        rows.push([
          at,
          String(body.entry),
          `registered for ${body.purpose}, kind ${body.documentKind}`,
          body.verdict.label,
          ...body.tags.map(short),
        ]);
      else if (body.type === 'action')
        rows.push([at, String(body.entry), body.action, body.outcome === 'refused' ? 'refused' : body.state]);
      else if (body.type === 'fingerprint')
        rows.push([at, String(body.entry), `shows ${body.name}`, body.verdict.label, short(body.tag), '']);
      else if (body.type === 'open-capacity' || body.type === 'draw')
        rows.push([at, String(body.entry), body.type === 'draw' ? 'draw' : 'opens draws', '', '', '']);
      else if (body.type === 'message')
        rows.push([at, '', `message for ${body.purpose}, kind ${body.documentKind}`, '', '', '']);
    }
    return [
      ...table(rows),
      `${keys} keys, ${Math.round(bytes / 1024)} KiB: tags, commitments, ciphertexts, proofs and tree nodes. No names, numbers, amounts or authors.`,
    ];
  } finally {
    await store.close();
  }
}
