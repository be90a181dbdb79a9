import { createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLocalNetwork } from '../../src/cli/local-network.js';
import { freePorts } from '../../src/cli/ports.js';

it('a network of which one evaluator cannot listen is not made, and says so at once', async () => {
  const root = mkdtempSync(join(tmpdir(), 'counterseal-local-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const ports = await freePorts(4);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(ports[2], 'localhost', resolve));
  onTestFinished(() => void taken.close());
  const made = createLocalNetwork({
    ...{ folder: join(root, 'network'), name: 'test', passphrase: 'for trying out', ports },
    ...{ members: [], evaluators: 3, threshold: 2 },
  });
  // Well before the two others give up to wait for it.
  await expect(made).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining(`key generation failed at evaluator 2: `) as string,
  });
  await expect(made).rejects.toThrow(`localhost:${ports[2]}`);
}, 60_000);
