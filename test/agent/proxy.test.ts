import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { agentFixture } from './fixture.js';

afterEach(() => {
  delete process.env['grpc_proxy'];
});

it('an agent reads the ledger through an HTTP CONNECT proxy, which sees its addresses and TLS', async () => {
  const asked: string[] = [];
  let seen = Buffer.alloc(0);
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url!);
    const onward = connect(Number(request.url!.split(':')[1]), 'localhost', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.on('data', (data: Buffer) => (seen = Buffer.concat([seen, data])));
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  proxy.listen(0);
  await once(proxy, 'listening');
  process.env['grpc_proxy'] = `http://localhost:${(proxy.address() as AddressInfo).port}`;
  const { home, copy } = await agentFixture('proxied');
  await copy.sync();
  expect(asked).toEqual(home.config.nodes);
  // A TLS handshake is the first that it is given to pass on.
  expect([...seen.subarray(0, 2)]).toEqual([0x16, 0x03]);
  proxy.close();
});
