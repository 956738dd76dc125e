import { dirname, relative } from 'node:path';
import { describe, expect, inject, it, vi } from 'vitest';
import { kernelWorld, kernelWorldObstacle, sysctlSpec } from '../support/kernel-world.ts';

vi.setConfig({ testTimeout: 90_000 });
const obstacle = kernelWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

const SPEC = sysctlSpec({ 'net.ipv4.tcp_fin_timeout': '33' });
const ARGS = ['bootstrap', '--file', '-', '--timeout', '1s'];
const LIVE = 'cat /proc/sys/net/ipv4/tcp_fin_timeout';
const OURS = '/etc/sysctl.d/99-zz-nodeprep.conf';

describe.skipIf(obstacle !== undefined)('on a host that says no', () => {
  it('reports a read-only /etc, keeps the live value right, and recovers when the cause goes', async () => {
    const world = await kernelWorld();
    world.sh('mount -o remount,ro /etc');

    const refused = world.nodeprep(ARGS, { stdin: SPEC });
    world.sh('mount -o remount,rw /etc');
    const after = world.nodeprep(ARGS, { stdin: SPEC });

    expect(refused.code).toBe(2);
    expect(refused.stdout).toMatch(/read-only/i);
    expect(after.code).toBe(0);
    expect(world.sh(`grep = ${OURS}`)).toBe('net.ipv4.tcp_fin_timeout = 33');
  });

  it('changes nothing when its records cannot be written because the disk is full', async () => {
    const world = await kernelWorld();
    const before = world.sh(LIVE);
    world.sh('mount -t tmpfs -o size=4k none /var/lib; dd if=/dev/zero of=/var/lib/full bs=4k 2>/dev/null || true');

    const { code, stdout, stderr } = world.nodeprep(ARGS, { stdin: SPEC });

    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/no space|full/i);
    expect(stdout + stderr).not.toContain('bug in NodePrep');
    expect(world.sh(LIVE)).toBe(before);
    expect(world.sh(`ls ${OURS} 2>/dev/null || true`)).toBe('');
  });

  it('leaves the old file whole when the disk fills up while it is replaced', async () => {
    const world = await kernelWorld();
    world.nodeprep(ARGS, { stdin: SPEC });
    const file = world.sh(`cat ${OURS}`);
    world.sh(
      'dd if=/dev/zero of=/etc/full bs=64k 2>/dev/null || true; dd if=/dev/zero of=/etc/full2 bs=1 count=4096 2>/dev/null || true',
    );

    const { code, stdout } = world.nodeprep(ARGS, { stdin: sysctlSpec({ 'net.ipv4.tcp_fin_timeout': '44' }) });

    expect(code).toBe(2);
    expect(stdout).toMatch(/no space|full/i);
    expect(world.sh(`cat ${OURS}`)).toBe(file);
    expect(world.sh('ls -A /etc/sysctl.d | grep tmp || true')).toBe('');
  });

  it('says that /proc/sys is not there instead of crashing', async () => {
    const world = await kernelWorld();
    world.sh('mount -t tmpfs none /proc/sys');

    const { code, stdout, stderr } = world.nodeprep(ARGS, { stdin: SPEC });

    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(/\/proc\/sys/);
    expect(stdout + stderr).not.toContain('bug in NodePrep');
  });

  it('says that /sys is not there only where it matters', async () => {
    const world = await kernelWorld();
    world.sh('mount -t tmpfs none /sys');

    expect(world.nodeprep(ARGS, { stdin: SPEC }).code).toBe(0);
  });

  it('does what can be done when the kernel parameters are mounted read-only', async () => {
    const world = await kernelWorld();
    world.sh('mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys');

    const { code, stdout } = world.nodeprep(ARGS, { stdin: SPEC });

    expect(code).toBe(2);
    expect(stdout).toContain('PermissionDenied');
  });

  it('works without modprobe, systemctl and the other commands, and says which it missed', async () => {
    const world = await kernelWorld();
    const spec = sysctlSpec({ 'net.ipv4.tcp_fin_timeout': '33' }, { modules: [{ name: 'no_such_module_here' }] });
    world.sh(
      'for d in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do mount -t tmpfs none $d; done 2>/dev/null || true',
    );

    const { code, stdout, stderr } = world.nodeprep(ARGS, { stdin: spec });

    expect(code).toBe(2);
    expect(stdout).toContain('no_such_module_here');
    expect(stdout + stderr).not.toContain('bug in NodePrep');
  });

  it.each(['bootstrap', 'run', 'uninstall'])(
    'refuses to %s as another user than root, before it touches anything',
    async (command) => {
      const world = await kernelWorld();
      // Other users may not look into the directories in which people keep a clone, such as /root.
      const places = `mount --bind ${process.cwd()} /mnt; mount --bind ${dirname(process.execPath)} /media`;
      const run = `setpriv --reuid=65534 --regid=65534 --clear-groups /media/node /mnt/${relative(process.cwd(), inject('program'))} ${command}`;

      const output = world.sh(`chmod 755 /etc; ${places}; ${run} 2>&1 || echo "exit $?"`);

      expect(output).toContain('must run as root');
      expect(output).toContain('exit 1');
    },
  );

  it('keeps two daemons apart', async () => {
    const world = await kernelWorld();
    world.sh(`mkdir -p /etc/nodeprep; cat > /etc/nodeprep/nodeprep.yaml <<'END'\n${SPEC}\nEND`);
    const first = world.start(['run', '--metrics-port', '0']);
    await expect.poll(() => first.output(), { timeout: 15_000 }).toContain('"Ready"');

    const second = world.start(['run', '--metrics-port', '0']);
    await expect.poll(() => second.output(), { timeout: 15_000 }).toContain('Standing by');

    expect(second.output()).not.toContain('Managing this host');
  });
});
