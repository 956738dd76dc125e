import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { DAEMON_TEST, OURS, WAIT, daemon, hostWithSpec, ours, spec, status } from '../../../support/daemon-process.ts';
import { nodeprep, startNodeprep, temporaryDirectory } from '../../../support/nodeprep-process.ts';

vi.setConfig(DAEMON_TEST);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('the daemon', () => {
  it('converges, reports, and stops cleanly on SIGTERM', async () => {
    const root = hostWithSpec(spec('10'));
    const { child, finished } = await daemon(root);

    expect(ours(root)).toMatch(/vm\.swappiness\s*=\s*10/);
    child.kill('SIGTERM');

    expect((await finished).code).toBe(0);
  });

  it('outlives a SIGHUP that comes while it starts', async () => {
    const root = hostWithSpec(spec('10'));
    const { child, finished } = startNodeprep(['run', '--root', root, '--metrics-port', '0']);
    await expect
      .poll(() => readFileSync(`/proc/${child.pid}/comm`, 'utf8'), { ...WAIT, interval: 1 })
      .toMatch(/^nodeprep/);

    child.kill('SIGHUP');
    await expect.poll(() => ours(root), WAIT).toMatch(/vm\.swappiness\s*=\s*10/);
    child.kill('SIGTERM');

    expect((await finished).code).toBe(0);
  });

  it('writes one JSON line per fact when it is not on a terminal', async () => {
    const root = hostWithSpec(spec('10'));
    const { child, finished } = await daemon(root);
    child.kill('SIGTERM');

    const lines = (await finished).stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({
        time: expect.any(String),
        level: expect.any(String),
        message: expect.any(String),
      });
  });

  it('puts its own file back when an administrator deletes or edits it', async () => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);
    const content = ours(root);

    rmSync(join(root, OURS));
    await expect.poll(() => ours(root), WAIT).toBe(content);
    writeFileSync(join(root, OURS), 'vm.swappiness = 99\n');
    await expect.poll(() => ours(root), WAIT).toBe(content);
  });

  it('never lets a second writer in, and says who holds the host', async () => {
    const root = hostWithSpec(spec('10'));
    const { child } = await daemon(root);

    const second = await nodeprep(['bootstrap', '--root', root]);

    expect(second.code).toBe(1);
    expect(second.stderr).toContain(String(child.pid));
  });

  it.each(['removed', 'replaced by a FIFO'])('brings its status back at once when it was %s', async (how) => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);
    const before = status(root);

    const path = join(root, 'run/nodeprep/status.json');

    if (how === 'removed') rmSync(path);
    else {
      execFileSync('mkfifo', [`${path}.fifo`]);
      renameSync(`${path}.fifo`, path);
    }

    await expect.poll(() => statSync(path, { throwIfNoEntry: false })?.isFile(), WAIT).toBe(true);
    expect(status(root)).toEqual(before);
  });

  it('is what status shows while it runs', async () => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);
    writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), spec('20'));
    // A fresh look knows nothing of generations and always says 1.
    await expect.poll(() => status(root)?.metadata.generation, WAIT).toBe(2);

    const { stdout } = await nodeprep(['status', '--root', root, '-o', 'json']);

    expect(JSON.parse(stdout)).toMatchObject({ metadata: { generation: 2 } });
  });

  it('serves metrics and health on loopback', async () => {
    const root = hostWithSpec(spec('10'));
    const port = await freePort();
    await daemon(root, '--metrics-port', String(port));

    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const health = await fetch(`http://127.0.0.1:${port}/healthz`);
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`);

    expect(metrics).toMatch(/^nodeprep_condition\{type="Ready",status="False"\} 1$/m);
    expect(metrics).toMatch(/^nodeprep_entries\{area="sysctls",state="Pending"\} 1$/m);
    expect(health.status).toBe(200);
    expect(ready.status).toBe(503);
  });

  it('takes care of the host although its metrics port is taken, and says how to go on', async () => {
    const root = hostWithSpec(spec('10'));
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const port = (server.address() as { port: number }).port;

    const { stdout } = await daemon(root, '--metrics-port', String(port));

    expect(ours(root)).toMatch(/vm\.swappiness\s*=\s*10/);
    await expect.poll(stdout, WAIT).toContain('--metrics-port');
  });

  it('is judged by its own spec when its status is lost', async () => {
    const root = hostWithSpec(spec('10'));
    const file = join(temporaryDirectory(), 'node.yaml');
    writeFileSync(file, spec('30'));
    await daemon(root, '--file', file);
    rmSync(join(root, 'run/nodeprep'), { recursive: true });

    const { stdout } = await nodeprep(['status', '--root', root, '-o', 'json']);

    expect(JSON.parse(stdout).spec.sysctls).toEqual([{ name: 'vm.swappiness', value: 30 }]);
  });

  it('is followed by status --watch until that is interrupted', async () => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);
    const watching = startNodeprep(['status', '--watch', '--root', root, '-o', 'yaml']);
    await expect.poll(() => watching.stdout(), WAIT).toContain('generation: 1');

    writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), spec('20'));
    await expect.poll(() => watching.stdout(), WAIT).toContain('generation: 2');
    watching.child.kill('SIGINT');

    expect((await watching.finished).code).toBe(2);
  });
});
