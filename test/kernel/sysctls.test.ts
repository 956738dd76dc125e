import { describe, expect, it, vi } from 'vitest';
import { type KernelWorld, kernelWorld, kernelWorldObstacle, sysctlSpec } from '../support/kernel-world.ts';

vi.setConfig({ testTimeout: 90_000 });
const obstacle = kernelWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

const OURS = '/etc/sysctl.d/99-zz-nodeprep.conf';
const FILE = '/etc/nodeprep/nodeprep.yaml';
const WAIT = { timeout: 15_000, interval: 10 };
const live = (world: KernelWorld, key: string) => world.sh(`cat /proc/sys/${key.replaceAll('.', '/')}`);
const write = (world: KernelWorld, path: string, text: string) =>
  world.sh(`mkdir -p $(dirname ${path}); cat > ${path} <<'END'\n${text}\nEND`);
const bootstrap = (world: KernelWorld, spec: string, ...args: string[]) =>
  world.nodeprep(['bootstrap', '--file', '-', '--timeout', '1s', ...args], { stdin: spec });

describe.skipIf(obstacle !== undefined)('on a running kernel', () => {
  it('applies live and persistent values, and has nothing to do the second time', async () => {
    const world = await kernelWorld();
    const spec = sysctlSpec({
      'net.ipv4.ip_forward': '1',
      'net.ipv4.tcp_rmem': '4096 131072 6291456',
      'net.ipv4.ip_local_reserved_ports': { value: '30000-32767,8080', match: 'Contains' },
      'net/ipv4/conf/lo/rp_filter': '2',
    });

    const first = bootstrap(world, spec);
    const second = bootstrap(world, spec);

    expect([first.code, second.code]).toEqual([0, 0]);
    expect(live(world, 'net.ipv4.ip_forward')).toBe('1');
    expect(live(world, 'net.ipv4.ip_local_reserved_ports')).toBe('8080,30000-32767');
    expect(world.sh(`grep -c = ${OURS}`)).toBe('4');
    expect(second.stdout).toContain('in sync');
    expect(second.stdout).not.toContain('✓ sysctls');
  });

  it('never persists what the kernel refused, and applies the rest', async () => {
    const world = await kernelWorld();

    const { code, stdout } = bootstrap(
      world,
      sysctlSpec({
        'net.ipv4.ip_local_port_range': '60000 1000',
        'net.ipv4.tcp_wmem': '4096',
        'net.ipv4.ip_forward': '1',
      }),
    );

    expect(code).toBe(2);
    expect(stdout).toContain('SysctlRejected');
    expect(world.sh(`grep = ${OURS}`)).toBe('net.ipv4.ip_forward = 1');
    expect(live(world, 'net.ipv4.tcp_wmem').split(/\s+/)).toHaveLength(3);
  });

  it('says that a parameter does not exist and does not persist it', async () => {
    const world = await kernelWorld();

    const { code, stdout } = bootstrap(
      world,
      sysctlSpec({ 'net.ipv4.no_such_key': '1', 'net.ipv4.conf.nope0.forwarding': { value: '1', optional: true } }),
    );

    expect(code).toBe(2);
    expect(stdout).toContain('SysctlUnsupported');
    expect(world.sh(`cat ${OURS} 2>/dev/null || true`)).toBe('');
  });

  it('is ready although an entry that is not required is missing', async () => {
    const world = await kernelWorld();

    expect(bootstrap(world, sysctlSpec({ 'net.ipv4.no_such_key': { value: '1', optional: true } })).code).toBe(0);
  });

  it('never lowers what an administrator raised', async () => {
    const world = await kernelWorld();
    world.sh('echo 4096 > /proc/sys/net/ipv4/tcp_max_syn_backlog');

    const { code } = bootstrap(
      world,
      sysctlSpec({ 'net.ipv4.tcp_max_syn_backlog': { value: '1024', match: 'AtLeast' } }),
    );

    expect(code).toBe(0);
    expect(live(world, 'net.ipv4.tcp_max_syn_backlog')).toBe('4096');
  });

  it('does not touch per-interface forwarding by writing an equal value', async () => {
    const world = await kernelWorld();
    world.sh('echo 1 > /proc/sys/net/ipv4/ip_forward; echo 0 > /proc/sys/net/ipv4/conf/lo/forwarding');

    bootstrap(world, sysctlSpec({ 'net.ipv4.ip_forward': '1' }));

    expect(live(world, 'net.ipv4.conf.lo.forwarding')).toBe('0');
  });

  it('names the file and line that beats it at boot, and does not edit it', async () => {
    const world = await kernelWorld();
    write(world, '/etc/sysctl.d/999-other.conf', '# theirs\nnet.ipv4.ip_forward = 0');

    const { code, stdout } = bootstrap(world, sysctlSpec({ 'net.ipv4.ip_forward': '1' }));
    const plan = world.nodeprep(['plan', '--file', '-', '-o', 'json'], {
      stdin: sysctlSpec({ 'net.ipv4.ip_forward': '1' }),
    });

    expect(code).toBe(2);
    expect(stdout).toContain('/etc/sysctl.d/999-other.conf:2');
    expect(JSON.parse(plan.stdout).conflicts).toMatchObject([
      { reason: 'OverriddenBySysctlD', file: '/etc/sysctl.d/999-other.conf', line: 2 },
    ]);
    expect(world.sh('cat /etc/sysctl.d/999-other.conf')).toBe('# theirs\nnet.ipv4.ip_forward = 0');
  });

  it('restores what is safe to restore on uninstall, and says what it leaves', async () => {
    const world = await kernelWorld();
    const before = live(world, 'net.ipv4.tcp_keepalive_time');
    bootstrap(world, sysctlSpec({ 'net.ipv4.ip_forward': '1', 'net.ipv4.tcp_keepalive_time': '4321' }));
    expect(live(world, 'net.ipv4.tcp_keepalive_time')).toBe('4321');

    const { code, stdout } = world.nodeprep(['uninstall']);

    expect(code).toBe(0);
    expect(live(world, 'net.ipv4.tcp_keepalive_time')).toBe(before);
    expect(live(world, 'net.ipv4.ip_forward')).toBe('1');
    expect(stdout).toMatch(/Left on purpose[\s\S]*net\.ipv4\.ip_forward/);
    expect(world.sh(`ls ${OURS} /var/lib/nodeprep /run/nodeprep 2>/dev/null || true`)).toBe('');
  });

  it('keeps or restores the live value of a removed entry as deletionPolicy says', async () => {
    const world = await kernelWorld();
    const key = 'net.ipv4.tcp_keepalive_time';
    const before = live(world, key);
    bootstrap(world, sysctlSpec({ [key]: '4321', 'net.ipv4.tcp_fin_timeout': '33' }));

    bootstrap(world, sysctlSpec({ 'net.ipv4.tcp_fin_timeout': '33' }, { deletionPolicy: 'Keep' }));
    expect(live(world, key)).toBe('4321');
    expect(world.sh(`grep = ${OURS}`)).toBe('net.ipv4.tcp_fin_timeout = 33');

    world.sh(`echo ${before} > /proc/sys/${key.replaceAll('.', '/')}`);
    bootstrap(world, sysctlSpec({ [key]: '4321' }));
    bootstrap(world, sysctlSpec({}, { deletionPolicy: 'Restore' }));
    expect(live(world, key)).toBe(before);
  });
});

describe.skipIf(obstacle !== undefined)('the daemon on a running kernel', () => {
  async function daemon(spec: string) {
    const world = await kernelWorld();
    write(world, FILE, spec);
    const running = world.start(['run', '--metrics-port', '0']);
    await expect.poll(() => running.output(), WAIT).toContain('"Ready"');
    return { world, running };
  }

  it('restores a changed value within two seconds and says what it did', async () => {
    const { world, running } = await daemon(sysctlSpec({ 'net.ipv4.ip_forward': '1' }));

    world.sh('echo 0 > /proc/sys/net/ipv4/ip_forward');

    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), { timeout: 2000, interval: 5 }).toBe('1');
    await expect.poll(() => running.output(), WAIT).toContain('Drift corrected');
  });

  it('notices what no event tells: a side effect of another parameter', async () => {
    const { world } = await daemon(sysctlSpec({ 'net.ipv4.ip_forward': '1' }));

    world.sh('echo 0 > /proc/sys/net/ipv4/conf/all/forwarding');

    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), { timeout: 3000, interval: 5 }).toBe('1');
  });

  async function fought() {
    const { world, running } = await daemon(sysctlSpec({ 'net.ipv4.ip_forward': '1' }));
    for (let n = 1; n <= 2; n += 1) {
      world.sh('echo 0 > /proc/sys/net/ipv4/ip_forward');
      // What is flipped back before the daemon has looked was never corrected.
      await expect.poll(() => running.output().match(/"live","from":"0"/g), WAIT).toHaveLength(1 + n);
      await expect.poll(() => live(world, 'net.ipv4.ip_forward'), WAIT).toBe('1');
    }
    world.sh('echo 0 > /proc/sys/net/ipv4/ip_forward');
    await expect.poll(() => world.sh('cat /run/nodeprep/status.json'), WAIT).toContain('"Contested"');
    return { world, running };
  }

  it('holds off a value that is flipped three times, until it is reloaded', async () => {
    const { world, running } = await fought();
    expect(live(world, 'net.ipv4.ip_forward')).toBe('0');

    process.kill(running.pid, 'SIGHUP');

    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), WAIT).toBe('1');
  });

  it('holds it off after a restart too, until it is told to retry', async () => {
    const { world, running } = await fought();
    process.kill(running.pid, 'SIGTERM');
    await running.ended;
    const next = world.start(['run', '--metrics-port', '0']);
    await expect.poll(() => next.output(), WAIT).toContain('"Conflicting","status":"True"');
    expect(live(world, 'net.ipv4.ip_forward')).toBe('0');

    const { code, stdout } = world.nodeprep(['retry', 'sysctls/net.ipv4.ip_forward']);

    expect([code, stdout]).toEqual([0, expect.stringContaining('net.ipv4.ip_forward')]);
    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), WAIT).toBe('1');
  });

  it('shows drift of an entry with drift: Report and leaves it', async () => {
    const { world } = await daemon(sysctlSpec({ 'net.ipv4.tcp_fin_timeout': { value: '33', drift: 'Report' } }));

    world.sh('echo 44 > /proc/sys/net/ipv4/tcp_fin_timeout');

    await expect.poll(() => world.sh('cat /run/nodeprep/status.json'), WAIT).toContain('"LiveDrift"');
    expect(live(world, 'net.ipv4.tcp_fin_timeout')).toBe('44');
  });
});
