import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { live, pod, unit, WAIT, world } from '../support/hand-over.ts';
import { podWorldObstacle } from '../support/pod-world.ts';

vi.setConfig({ testTimeout: 180_000 });
const obstacle = podWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

describe.skipIf(obstacle !== undefined)('the hand-over between unit and pod', () => {
  it('gives the host to the pod and back, and says so', async () => {
    const made = await world();
    const service = unit(made, '--metrics-port', '9752');
    await expect.poll(() => live(made), WAIT).toBe('7');
    const originals = made.sh('cat /var/lib/nodeprep/ledger.json');

    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');
    await expect.poll(() => service.output(), WAIT).toContain('Standing by');
    const during = made.onHost(['status']);
    const metrics = () => made.sh('curl -s http://127.0.0.1:9752/metrics');
    const ready = made.sh('curl -s -w "%{http_code}" http://127.0.0.1:9752/readyz');
    expect(metrics()).toMatch(/^nodeprep_standby 1$/m);
    agent.kill('KILL');
    await expect.poll(() => live(made), WAIT).toBe('7');

    expect(during.stdout).toContain(`Managed by the agent of the cluster, process ${agent.pid()}`);
    expect(during.stdout).toContain(`process ${service.pid()} ("run"`);
    expect(ready).toMatch(/^standing by: behind the agent of the cluster, process \d+ .*\n200$/);
    expect(metrics()).toMatch(/^nodeprep_standby 0$/m);
    expect(service.output()).toContain('Handed the host over');
    // What was there before NodePrep is known by the first original, however many write later.
    expect(JSON.parse(made.sh('cat /var/lib/nodeprep/ledger.json'))).toMatchObject({
      areas: { sysctls: originalsIn(originals) },
    });
  });

  it('does not begin a round of its own while the pod has the host, whatever drifts', async () => {
    const made = await world();
    const service = unit(made);
    await expect.poll(() => live(made), WAIT).toBe('7');
    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');
    await expect.poll(() => service.output(), WAIT).toContain('Standing by');

    agent.kill('STOP');
    made.sh('echo 5 > /proc/sys/net/ipv4/tcp_retries2');
    await sleep(6000);

    expect(live(made)).toBe('5');
    agent.kill('CONT');
    await expect.poll(() => live(made), WAIT).toBe('8');
  });

  it('refuses one-shot commands while the pod has the host, and names it', async () => {
    const made = await world();
    const agent = pod(made);
    await expect.poll(() => live(made), WAIT).toBe('8');

    const bootstrap = made.onHost(['bootstrap']);
    const uninstall = made.onHost(['uninstall']);
    const service = made.onHost(['bootstrap', '--service', '--timeout', '5s']);

    for (const { code, stderr } of [bootstrap, uninstall]) {
      expect(code).toBe(1);
      expect(stderr).toContain(`process ${agent.pid()} `);
      expect(stderr).toContain('agent of the cluster');
    }
    // The host is ready, which is all that the kubelet waits for.
    expect(service.code).toBe(0);
    expect(live(made)).toBe('8');
  });
});

function originalsIn(ledger: string): unknown {
  const { areas } = JSON.parse(ledger) as { areas: { sysctls: Record<string, { original: unknown }> } };
  return Object.fromEntries(Object.entries(areas.sysctls).map(([key, { original }]) => [key, { original }]));
}
