/** A command that never answers, on a running kernel. */
import { describe, expect, it, vi } from 'vitest';
import { kernelWorld, kernelWorldObstacle, sysctlSpec } from '../support/kernel-world.ts';

vi.setConfig({ testTimeout: 90_000 });
const obstacle = kernelWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('a command that hangs', () => {
  it('is given up and named, and the rest of the host is looked at', async () => {
    const world = await kernelWorld();
    // systemd seems to run here, and its systemctl never answers.
    world.sh(`mkdir -p /run/systemd/system /run/fake
      printf '#!/bin/sh\\nsleep 600 & wait\\n' > /run/fake/systemctl; chmod 755 /run/fake/systemctl
      mount --bind /run/fake /usr/local/sbin`);
    const spec = sysctlSpec({ 'net.ipv4.tcp_fin_timeout': '33' }, { swap: { behavior: 'Disabled' } });

    world.sh(`cat > /run/fake/node.yaml <<'END'\n${spec}\nEND`);

    // At the same time: each waits until it gives the command up.
    const explained = world.start(['explain', 'swap', '--file', '/run/fake/node.yaml']);
    const plan = world.nodeprep(['plan', '--file', '/run/fake/node.yaml']);

    expect(plan.code).toBe(2);
    expect(plan.stdout).toContain('net.ipv4.tcp_fin_timeout');
    await expect.poll(explained.output, { timeout: 30_000 }).toContain('systemctl did not answer');
  });
});
