// Does something under an audit log, and is killed in the middle of it.
import { AuditLog } from '../../dist/agent/audit-log.js';
import { AgentStore } from '../../dist/agent/store.js';

const [path, database] = process.argv.slice(2);
const store = new AgentStore(database, new Uint8Array(32).fill(1));
const log = new AuditLog(path, new Uint8Array(32).fill(7), store);
await log.around(
  { command: 'entry settle', entry: 4 },
  () => process.kill(process.pid, 'SIGKILL'),
  () => ({ result: 'settled' }),
);
