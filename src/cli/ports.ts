import { createServer, type Server } from 'node:net';
import { CountersealError } from '../errors.js';

/** Below those that systems give to outgoing connections (RFC 6335; 32768 and up on Linux): nobody gets one by chance. */
const FIRST = 16_384;
const COUNT = 16_384;
/** Where a process begins: apart from others that ask at the same time. */
const APART = 64;
let next = (process.pid * APART) % COUNT;

/** Ports that were free a moment ago, all different, none given before. Throws `unavailable` where there are none. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const servers: Server[] = [];
  for (let tried = 0; ports.length < count; tried++) {
    if (tried === COUNT) throw new CountersealError('unavailable', 'there are no free ports on this machine');
    const port = FIRST + next;
    next = (next + 1) % COUNT;
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, 'localhost', () => resolve(true));
    });
    if (!free) continue;
    ports.push(port);
    servers.push(server);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
