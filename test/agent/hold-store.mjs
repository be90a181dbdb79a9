// Holds an agent's store until its standard input ends.
import { once } from 'node:events';
import { AgentStore } from '../../dist/agent/store.js';

await new AgentStore(process.argv[2], new Uint8Array(32).fill(7)).use(async (session) => {
  process.stdout.write('held\n');
  process.stdin.resume();
  await once(process.stdin, 'end');
  session.putSealed('own/thing/child', 42);
});
