/** A real kubelet and a real containerd with different cgroup drivers: what pods do, and what is said of it. */
import { expect } from 'vitest';
import { kubeletObstacle, POD_UID, startKubelet } from '../harness/kubernetes/standalone.ts';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { CURRENT, nodeScenario } from '../harness/scenario.ts';

const OBSTACLE = kubeletObstacle();
const SOON = { timeout: 60_000, interval: 300 };
const POD_SLICE = `kubepods-burstable-pod${POD_UID}.slice`;
/** Prints the control groups of processes of the pod, in the hierarchy of memory. */
const GROUPS = `for pid in $(pgrep -f 'sleep 1000'); do sed -n 's/^[0-9]*:memory://p; s/^0:://p' /proc/$pid/cgroup | head -n 1; done`;

nodeScenario(
  'a pod of a kubelet with systemd and a runtime with cgroupfs escapes its limits, and that is said at once',
  10,
  async (nodes) => {
    const node = await nodes.pristine();
    await startKubelet(node, { containerd: 'cgroupfs', kubelet: 'systemd' });
    await expect.poll(async () => (await node.exec(GROUPS)).output, SOON).toContain(POD_SLICE);

    const groups = (await node.run(GROUPS)).split('\n');
    const slice = (await node.run(`find /sys/fs/cgroup -path '*/kubepods.slice/*/${POD_SLICE}' | head -n 1`)).replace(
      '/systemd/',
      '/memory/',
    );
    const limit = await node.run(`cat ${slice}/memory.max 2>/dev/null || cat ${slice}/memory.limit_in_bytes`);
    expect(groups.every((group) => !group.startsWith('/kubepods.slice'))).toBe(true);
    expect(limit).toBe(String(50 * 1024 * 1024));
    expect(await node.run(`find ${slice} -name cgroup.procs -exec cat {} +`)).toBe('');
    note(
      `processes of the pod are in ${groups[0]?.replace(/[0-9a-f]{32,}/g, '…')}, its limit holds for an empty group`,
    );
    expect(
      (await node.run(`journalctl -u kubelet -o cat`)).split('\n').filter((line) => /^E.*cgroup/i.test(line)),
    ).toEqual([]);

    const findings = await blocked(node);
    expect(findings.map(({ reason }) => reason)).toEqual(['HalfMigrated', 'DriverMismatch']);
    // All four places, each with where it is said.
    expect(findings[0]?.message).toMatch(
      /^kernel v[12] .*; containerd \S+ answers cgroupfs, \/etc\/containerd\/config\.toml:9 says cgroupfs; kubelet says systemd in \/var\/lib\/kubelet\/config\.yaml:\d+; 1 pod runs outside of kubepods\.slice\. /,
    );
    const { output } = await node.exec(`${CURRENT} verify`);
    expect(output).toMatch(/✗ pods are in one tree of control groups; found: outside of kubepods\.slice/);
    expect(output).toContain('✗ cgroup drivers of runtime and kubelet agree');
  },
  OBSTACLE,
);

nodeScenario(
  'a pod of a kubelet with cgroupfs and a runtime with systemd fails to start, with the text that is explained',
  10,
  async (nodes) => {
    const node = await nodes.pristine();
    await startKubelet(node, { containerd: 'systemd', kubelet: 'cgroupfs' });
    const failure = 'expected cgroupsPath to be of format';
    await expect
      .poll(async () => (await node.exec(`journalctl -u kubelet -o cat | grep -c '${failure}'`)).exitCode, SOON)
      .toBe(0);

    const [finding] = await blocked(node);

    expect(finding?.reason).toBe('DriverMismatch');
    expect(finding?.message).toMatch(/; 0 pods run\. New pods fail until both agree\. /);
    expect(await node.run(`${CURRENT} explain cgroup`)).toContain(failure);
    expect(await node.run('ctr -n k8s.io task ls -q')).toBe('');
  },
  OBSTACLE,
);

nodeScenario(
  'a drop-in of many guides lets every pod fail on containerd 1.6, and is named as what it is',
  10,
  async (nodes) => {
    const node = await nodes.pristine();
    await startKubelet(node, { containerd: 'systemd', kubelet: 'systemd' });
    await expect.poll(async () => (await node.exec(GROUPS)).output, SOON).toContain(`/kubepods.slice/`);
    expect(await blocked(node)).toEqual([]);
    const before = await node.run('ctr -n k8s.io task ls -q | sort');

    await node.put('/etc/containerd/conf.d/systemd.toml', GUIDE);
    // The pause image of the defaults, which no registry gives here: the drop-in loses the one that is configured.
    await node.run('ctr -n k8s.io image tag docker.io/library/idle:1 registry.k8s.io/pause:3.6');
    await node.run(
      `sed -i '1i imports = ["/etc/containerd/conf.d/*.toml"]' /etc/containerd/config.toml; systemctl restart containerd`,
    );

    const [finding] = await blocked(node);
    expect(finding?.reason).toBe('RuntimeConfigUnsafe');
    expect(finding?.message).toContain('no pod can start ("container.Runtime.Name must be set")');
    // Running ones have survived the restart; a new one fails as it was said.
    expect(await node.run('ctr -n k8s.io task ls -q | sort')).toBe(before);
    await node.run(
      `sed 's/${POD_UID}/${'0'.repeat(32)}/; s/limited/second/' /etc/kubernetes/manifests/limited.json >/etc/kubernetes/manifests/second.json`,
    );
    await expect
      .poll(
        async () =>
          (await node.exec(`journalctl -u kubelet -o cat | grep -c 'container.Runtime.Name must be set'`)).exitCode,
        SOON,
      )
      .toBe(0);
  },
  OBSTACLE,
);

const GUIDE = `version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = true
`;

interface Finding {
  readonly area: string;
  readonly reason: string;
  readonly message: string;
}

/** Without a driver nothing is to be changed: all that differs is said. */
const COMPARED = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  cgroup: {version: Any}
`;

/** What is said of control groups, the worst first. */
async function blocked(node: Machine): Promise<readonly Finding[]> {
  await node.put('/root/compared.yaml', COMPARED);
  const { output } = await node.exec(`${CURRENT} plan --file /root/compared.yaml -o json`);
  const { blocked: all } = JSON.parse(output) as { readonly blocked: readonly Finding[] };
  return all.filter(({ area }) => area === 'cgroup');
}
