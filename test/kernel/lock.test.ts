/** Who may take a running host: root, once, whatever others do with the name of earlier versions. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { type KernelWorld, kernelWorld, kernelWorldObstacle, sysctlSpec } from '../support/kernel-world.ts';

vi.setConfig({ testTimeout: 180_000 });
const obstacle = kernelWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

const WAIT = { timeout: 60_000, interval: 20 };
const KEY = 'net.ipv4.tcp_retries2';
const HOLDER = { pid: 1, version: '9', command: 'run', rank: 'cluster' };

/** Listens under the old name as root of an earlier version, or as nobody, and says that it is the agent. */
async function squat(world: KernelWorld, uid: number): Promise<number> {
  const script = `
    import { createServer } from 'node:net';
    process.setgroups?.([]); process.setgid(${uid}); process.setuid(${uid});
    createServer((socket) => socket.on('error', () => {}).end(${JSON.stringify(`${JSON.stringify(HOLDER)}\n`)}))
      .listen('\\0nodeprep', () => console.log(process.pid));`;
  const child = spawn('nsenter', [...world.enter, process.execPath, '--input-type=module', '-e', script]);
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Promise((resolve) => child.stdout.once('data', (text: Buffer) => resolve(Number(String(text)))));
}

async function world(): Promise<KernelWorld> {
  const made = await kernelWorld();
  made.sh(`mkdir -p /etc/nodeprep; echo '${sysctlSpec({ [KEY]: '7' })}' > /etc/nodeprep/nodeprep.yaml`);
  return made;
}

describe.skipIf(obstacle !== undefined)('a running host', () => {
  it('is managed in spite of a stranger with the old name, who is named and not believed', async () => {
    const made = await world();
    const stranger = await squat(made, 65_534);

    const before = made.nodeprep(['status']);
    const daemon = made.start(['run', '--metrics-port', '0']);
    await expect.poll(() => made.sh(`sysctl -n ${KEY}`), WAIT).toBe('7');
    await expect.poll(daemon.output, WAIT).toContain('Condition changed');

    expect(before).toMatchObject({ code: 2, stderr: expect.stringContaining(`process ${stranger} `) });
    expect(before.stderr).toContain('of uid 65534');
    expect(before.stdout).not.toContain('Managed by');
    expect(daemon.output()).toContain(`process ${stranger} `);
    expect(made.nodeprep(['status']).stdout).toContain('Managed by process');
    expect(made.nodeprep(['bootstrap'])).toMatchObject({ code: 1, stderr: expect.stringContaining('"run"') });
  });

  it('has one writer beside an earlier version, which knows only the old name', async () => {
    const made = await world();
    await squat(made, 0);

    expect(made.nodeprep(['bootstrap'])).toMatchObject({ code: 1, stderr: expect.stringContaining('agent of the') });
    expect(made.sh(`sysctl -n ${KEY}`)).not.toBe('7');
  });

  it('has one writer across two network namespaces', async () => {
    const made = await world();
    const daemon = made.start(['run', '--metrics-port', '0']);
    await expect.poll(daemon.output, WAIT).toContain('Condition changed');

    const program = `${process.execPath} ${join(inject('program'))}`;
    const elsewhere = made.sh(`unshare --net ${program} bootstrap 2>&1 || echo "exit code $?"`);

    expect(elsewhere).toContain('Cannot take the host: process');
    expect(elsewhere).toContain('exit code 1');
  });
});
