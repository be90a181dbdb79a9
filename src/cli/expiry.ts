import { daysLeft } from '../rpc/certificate-requests.js';
import type { Logger } from '../rpc/logger.js';
import { DAY_MS } from '../time.js';

/** Warns on standard error, in one line, of a member's certificate that ends soon. */
export function warnOfExpiry(certificate: string): void {
  const days = daysLeft(certificate);
  if (days === undefined) return;
  const when = days < 0 ? 'is over' : `ends in ${days} days`;
  process.stderr.write(`warning: the certificate ${when}: see \`counterseal member renew --help\`\n`);
}

/** Logs the same of a service's own certificate, now and every day that it runs. */
export function logExpiry(log: Logger, certificate: string): void {
  const look = () => {
    if (daysLeft(certificate) !== undefined) log.warn({}, 'the certificate expires within 30 days: renew it');
  };
  look();
  setInterval(look, DAY_MS).unref();
}
