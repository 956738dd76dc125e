/** The harness of native nodes: what every scenario on them relies on. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { ensureTree } from '../harness/native/tree.ts';
import { note } from '../harness/note.ts';
import { nodeScenario } from '../harness/scenario.ts';

const BOOT_ID = 'cat /proc/sys/kernel/random/boot_id';

nodeScenario(
  'a node boots in seconds, keeps files over a reboot and a power cut, and each boot is a new one',
  5,
  async (nodes) => {
    const begin = performance.now();
    const node = await nodes.pristine();
    note(`booted in ${Math.round(performance.now() - begin)} ms`);

    expect(await node.exec('echo out; echo err >&2; exit 3')).toEqual({ exitCode: 3, output: 'out\nerr\n' });
    await node.put('/root/new/kept', 'ä "$x"\n');
    expect(await node.run('cat /root/new/kept; ls /opt/e2e/current/nodeprep; tail -n +2 /proc/swaps | wc -l')).toBe(
      'ä "$x"\n/opt/e2e/current/nodeprep\n0',
    );
    expect(await node.run('systemctl --failed --no-legend --plain')).toBe('');
    const boots = [await node.run(BOOT_ID)];
    await node.run('touch /run/before');

    const before = performance.now();
    await node.reboot();
    note(`rebooted in ${Math.round(performance.now() - before)} ms`);
    boots.push(await node.run(BOOT_ID));

    const cut = performance.now();
    await node.powerCycle();
    note(`cut off and booted in ${Math.round(performance.now() - cut)} ms`);
    boots.push(await node.run(BOOT_ID));

    expect(new Set(boots).size).toBe(3);
    expect(await node.run('cat /root/new/kept; ls /run/before 2>&1 || true')).toMatch(/^ä .*\n.*No such file/);
  },
);

nodeScenario(
  'two nodes at once have files, networks and parameters of their own, and this machine keeps its',
  5,
  async (nodes) => {
    const parameters = () =>
      ['vm/overcommit_memory', 'kernel/panic', 'net/ipv4/ip_forward'].map((name) =>
        readFileSync(`/proc/sys/${name}`, 'utf8'),
      );
    const ours = parameters();
    const [one, other] = await Promise.all([nodes.pristine(), nodes.pristine()]);
    const write =
      'sysctl -qw net.ipv4.ip_forward=1 vm.overcommit_memory=1 kernel.panic=7; ip link add e2e0 type bridge; touch /etc/mine';
    const read =
      'sysctl -n net.ipv4.ip_forward vm.overcommit_memory kernel.panic; ls /sys/class/net /etc/mine 2>&1; true';

    await one.run(write);

    expect(await one.run(read)).toMatch(/^1\n1\n7\n[^]*e2e0/);
    expect(await other.run(read)).toMatch(/^0\n0\n0\n(?![^]*e2e0)[^]*No such file/);
    expect(parameters()).toEqual(ours);
  },
);

nodeScenario('what runs as a unit of a node cannot turn the swap of this machine on or off', 5, async (nodes) => {
  const node = await nodes.pristine();

  expect((await node.exec('systemd-run -q --wait --pipe swapoff /etc/fstab')).output).toContain('Not superuser');
  expect(await node.run('tail -n +2 /proc/swaps')).toBe('');
});

nodeScenario(
  'a node ends with the process that made it, also when that is killed, and leaves nothing mounted',
  5,
  async () => {
    const tree = await ensureTree('bookworm');
    const program = `import { bootNode } from '${import.meta.dirname}/../harness/native/node.ts';
    const node = await bootNode({ tree: '${tree}' });
    console.log(node.leader());
    setInterval(() => undefined, 1000);`;
    const maker = spawn(process.execPath, ['--input-type=module', '--eval', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const leader = await new Promise<string>((resolve) => {
      maker.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    });
    expect(existsSync(`/proc/${leader}`)).toBe(true);

    maker.kill('SIGKILL');

    await expect.poll(() => existsSync(`/proc/${leader}`), { timeout: 20_000 }).toBe(false);
    expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain(`nodes/${maker.pid}.`);
  },
);
