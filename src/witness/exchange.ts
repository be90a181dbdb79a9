import { ensure } from '../errors.js';
import type { AddCheckpoint } from './witness.js';

/** The bodies of C2SP tlog-witness, `add-checkpoint`. */

/** What a request holds at most: a note, and 63 lines of proof. */
export const REQUEST_MAX_BYTES = 24_576;
export const SIZE_CONTENT_TYPE = 'text/x.tlog.size';
const PROOF_MAX = 63;

export function formatRequest({ oldSize, proof, checkpoint }: AddCheckpoint): string {
  const hashes = proof.map((hash) => `${Buffer.from(hash).toString('base64')}\n`).join('');
  return `old ${oldSize}\n${hashes}\n${checkpoint}`;
}

/** Throws `invalid_argument`. */
export function parseRequest(body: string): AddCheckpoint {
  const end = body.indexOf('\n\n');
  const [old, ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
  const size = /^old (0|[1-9]\d{0,14})$/.exec(old ?? '')?.[1];
  ensure(
    size !== undefined,
    'invalid_argument',
    'expected a line "old" with a size, a proof and an empty line',
  );
  ensure(lines.length <= PROOF_MAX, 'invalid_argument', 'a consistency proof has at most 63 lines');
  const proof = lines.map((line) => {
    const hash = Buffer.from(line, 'base64');
    ensure(
      hash.length === 32 && hash.toString('base64') === line,
      'invalid_argument',
      'a line of the proof is not the base64 of 32 bytes',
    );
    return new Uint8Array(hash);
  });
  return { oldSize: Number(size), proof, checkpoint: body.slice(end + 2) };
}
