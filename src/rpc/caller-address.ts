import { isIPv4, isIPv6 } from 'node:net';

const GROUPS = 8;
const NETWORK_GROUPS = 4;

/**
 * Whom a rate limit counts a connection to, of `host:port` as gRPC names its other end: an IPv4 address, or the /64
 * of an IPv6 address, because a single subscriber has 2^64 of those. Anything else is its own.
 */
export function callerAddress(peer: string): string {
  const host = peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  const [address = ''] = host.split('%');
  const [, mapped = ''] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (isIPv4(mapped)) return mapped;
  return isIPv6(address) ? `${networkOf(address)}::/64` : host;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  // The last two groups may be written as an IPv4 address: they are not in the network.
  const written = [groups(head), groups(tail ?? '')] as const;
  const count = written.flat().length + (address.includes('.') ? 1 : 0);
  const zeros = tail === undefined ? [] : Array.from({ length: GROUPS - count }, () => '0');
  return [...written[0], ...zeros, ...written[1]]
    .slice(0, NETWORK_GROUPS)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}
