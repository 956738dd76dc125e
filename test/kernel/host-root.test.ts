import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parseYaml } from '../../src/api/yaml/yaml.ts';
import { sysctlSpec } from '../support/kernel-world.ts';
import { type PodOptions, type PodWorld, podWorld, podWorldObstacle } from '../support/pod-world.ts';

vi.setConfig({ testTimeout: 120_000 });
const obstacle = podWorldObstacle();
if (obstacle !== undefined) console.warn(`Skipped: ${obstacle}`);

const LINUX_HOST = join(import.meta.dirname, '../../src/host/linux/linux-host.ts');
const FILE = '/etc/nodeprep/nodeprep.yaml';
const WAIT = { timeout: 30_000, interval: 20 };
const live = (world: PodWorld, key: string) => world.sh(`cat /proc/sys/${key.replaceAll('.', '/')}`);
const declare = (world: PodWorld, spec: string) =>
  world.sh(`mkdir -p /etc/nodeprep; cat > ${FILE} <<'END'\n${spec}\nEND`);
const withHost = (world: PodWorld, script: string, options?: PodOptions) =>
  world.moduleInPod(
    `
    import { createLinuxHost } from '${LINUX_HOST}';
    const host = createLinuxHost({ root: '/host', live: true });
    ${script}`,
    options,
  );

/** What the manifest says, so that the two cannot part. */
function capabilitiesOfDaemonSet(): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../manifests/agent/daemonset.yaml'), 'utf8');
  const parsed = parseYaml(text);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { spec } = parsed.value as DaemonSet;
  return spec.template.spec.containers.flatMap(({ securityContext }) => securityContext.capabilities.add);
}

interface DaemonSet {
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly containers: readonly {
          readonly securityContext: { readonly capabilities: { readonly add: string[] } };
        }[];
      };
    };
  };
}

describe.skipIf(obstacle !== undefined)('in a pod on a running host', () => {
  it('makes the host ready: its parameters, its files, its records', async () => {
    const world = await podWorld();
    declare(world, sysctlSpec({ 'net.ipv4.ip_forward': '1', 'kernel.shmmni': '5000' }));

    const { code, stderr } = world.inPod(['bootstrap', '--host-root', '/host', '--timeout', '1s']);

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(live(world, 'net.ipv4.ip_forward')).toBe('1');
    expect(live(world, 'kernel.shmmni')).toBe('5000');
    expect(world.sh('cat /etc/sysctl.d/99-zz-nodeprep.conf')).toMatch(/ip_forward\s*=\s*1/);
    expect(world.sh('ls /var/lib/nodeprep /run/nodeprep')).toContain('ledger.json');
    const plan = world.onHost(['plan', '-o', 'json']);
    expect(JSON.parse(plan.stdout)).toMatchObject({ inSync: true });
  });

  it('repairs drift of parameters and files within a moment, and says nothing of /host', async () => {
    const world = await podWorld();
    declare(world, sysctlSpec({ 'net.ipv4.ip_forward': '1', 'net.ipv4.conf.lo.rp_filter': '2' }));
    const agent = world.startInPod(['run', '--host-root', '/host', '--metrics-port', '0']);
    await expect.poll(() => world.sh('cat /run/nodeprep/status.json 2>/dev/null || true'), WAIT).toContain('Ready');

    world.sh('echo 0 > /proc/sys/net/ipv4/ip_forward; rm /etc/sysctl.d/99-zz-nodeprep.conf');

    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), WAIT).toBe('1');
    await expect
      .poll(() => world.sh('cat /etc/sysctl.d/99-zz-nodeprep.conf 2>/dev/null || true'), WAIT)
      .toMatch(/rp_filter/);
    const { stdout } = world.onHost(['status', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ status: { inSync: '2/2' } });
    const said = agent.output().replaceAll('"root":"/host"', '');
    expect(`${said}${stdout}`).not.toContain('/host/');
  });

  it('follows a changed spec file of the host, and resolves its links inside of the host', async () => {
    const world = await podWorld();
    world.sh('mkdir -p /var/lib/site /etc/nodeprep; ln -s /var/lib/site/node.yaml /etc/nodeprep/nodeprep.yaml');
    world.sh(`cat > /var/lib/site/node.yaml <<'END'\n${sysctlSpec({ 'net.ipv4.ip_forward': '1' })}\nEND`);
    world.startInPod(['run', '--host-root', '/host', '--metrics-port', '0']);
    await expect.poll(() => live(world, 'net.ipv4.ip_forward'), WAIT).toBe('1');

    world.sh(`cat > /var/lib/site/node.yaml <<'END'\n${sysctlSpec({ 'net.ipv4.tcp_retries2': '7' })}\nEND`);

    await expect.poll(() => live(world, 'net.ipv4.tcp_retries2'), WAIT).toBe('7');
  });

  it.each([
    ['net', 'hostNetwork: true'],
    ['pid', 'hostPID: true'],
    ['ipc', 'hostIPC: true'],
    ['uts', 'hostNetwork: true'],
  ] as const)('refuses to work with a %s namespace of its own', async (kind, setting) => {
    const world = await podWorld();
    declare(world, sysctlSpec({ 'net.ipv4.ip_forward': '1' }));

    const { code, stderr } = world.inPod(['bootstrap', '--host-root', '/host'], { own: [kind] });

    expect(code).toBe(1);
    expect(stderr).toContain(`the pod needs ${setting}`);
    expect(live(world, 'net.ipv4.ip_forward')).toBe('0');
    expect(world.sh('ls /var/lib')).toBe('');
  });

  it('needs no other capabilities than the DaemonSet gives it, on a read-only root file system', async () => {
    const world = await podWorld();
    declare(world, sysctlSpec({ 'net.ipv4.ip_forward': '1', 'kernel.shmmni': '5000', 'kernel.pid_max': '70000' }));
    world.sh(`echo '# by somebody' > /etc/fstab; chown 1234:1234 /etc/fstab; chmod 600 /etc/fstab`);
    world.sh(`printf '#!/bin/sh\nid -u\n' > /usr/local/sbin/np-probe; chmod +x /usr/local/sbin/np-probe`);
    const capabilities = capabilitiesOfDaemonSet();

    const { code, stderr } = world.inPod(['bootstrap', '--host-root', '/host', '--timeout', '1s'], { capabilities });
    const probe = withHost(
      world,
      `console.log((await host.run(['np-probe'])).stdout); await host.writeFile('/etc/fstab', '# by us');`,
      { capabilities },
    );

    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(live(world, 'kernel.pid_max')).toBe('70000');
    expect(probe).toMatchObject({ code: 0, stdout: '0\n\n' });
    expect(world.sh('cat /etc/fstab; stat -c "%u %g %a" /etc/fstab')).toBe('# by us1234 1234 600');
  });

  it('says which capability it lacks to look at the host', async () => {
    const world = await podWorld();
    const capabilities = ['SYS_ADMIN', 'NET_ADMIN'];

    const { code, stderr } = world.inPod(['status', '--host-root', '/host'], { capabilities });

    expect(code).toBe(1);
    expect(stderr).toContain('SYS_PTRACE');
  });

  it.each([
    ['only a part of the host is mounted', 'flat'],
    ['nothing is mounted', 'nothing'],
  ] as const)('refuses to work where %s', async (_, host) => {
    const world = await podWorld();

    const { code, stderr } = world.inPod(['status', '--host-root', '/host'], { host });

    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot use "\/host" as the root of the running host: .*hostPath volume of "\/"/);
  });

  it('runs programs of the host where the host has its files', async () => {
    const world = await podWorld();
    world.sh(
      `printf '#!/bin/sh\\necho "$0 $*"; cat /etc/marker\\n' > /usr/local/sbin/np-probe; chmod +x /usr/local/sbin/np-probe; echo here > /etc/marker`,
    );

    const { stdout } = withHost(world, `console.log((await host.run(['np-probe', 'a b', '$HOME'])).stdout)`);

    expect(stdout.trim()).toBe('/usr/local/sbin/np-probe a b $HOME\nhere');
  });

  it('tells a program that the host lacks, and one that fails, as on the host itself', async () => {
    const world = await podWorld();

    const { stdout } = withHost(
      world,
      `for (const command of [['np-none'], ['false'], ['sh', '-c', 'exit 127']])
         console.log(await host.run(command).catch((error) => error.name + ' ' + error.exitCode + ' ' + error.message));`,
    );

    expect(stdout.trim().split('\n')).toEqual([
      'CommandMissingError undefined Command "np-none" failed: there is no "np-none" on this host',
      'CommandError 1 Command "false" failed: it exited with code 1',
      'CommandError 127 Command "sh -c exit 127" failed: it exited with code 127',
    ]);
  });

  it('kills a program of the host that takes too long, with its children', async () => {
    const world = await podWorld();

    const { stdout } = withHost(
      world,
      `console.log(await host.run(['sh', '-c', 'sleep 7654 & sleep 7654'], { timeoutMs: 300 }).catch((error) => error.timedOut));`,
    );

    expect(stdout.trim()).toBe('true');
    expect(world.sh('cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep 765[4]" || true')).toBe('0');
  });

  it('reads and writes as the host would: absolute links, links above the root, sysfs', async () => {
    const world = await podWorld();
    world.sh(
      'mkdir /etc/real; ln -s /etc/real /etc/link; ln -s ../../../../etc/real /etc/above; ln -s /dev/null /etc/masked',
    );

    const { stdout, stderr } = withHost(
      world,
      `await host.writeFile('/etc/link/a', 'one');
       await host.writeFile('/etc/above/deep/b', 'two');
       console.log(JSON.stringify([
         await host.readFile('/etc/real/a'), await host.readFile('/etc/real/deep/b'), await host.realPath('/etc/link/a'),
         await host.readFile('/etc/masked'), await host.readFile('/proc/sys/kernel/ostype'),
         (await host.realPath('/sys/class/net/lo')), await host.stat('/etc/link').then((found) => found.type),
         await host.writeKernelFile('/proc/self/root/dev/null', 'x').catch((error) => error.code),
         await host.readFile('/proc/sys/net/none'), host.kernel,
       ]))`,
    );

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([
      'one',
      'two',
      '/etc/real/a',
      '',
      'Linux\n',
      '/sys/devices/virtual/net/lo',
      'link',
      'EINVAL',
      null,
      'running',
    ]);
  });
});
