import { readFileSync } from 'node:fs';

const parsed = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
  engines: { node: string };
};

/** Of this program. */
export const VERSION = parsed.version;
/** The versions of Node that it runs on, as npm writes a range. */
export const NODE_RANGE = parsed.engines.node;
