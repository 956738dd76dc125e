/** A driver is changed on hosts that run: in which order, who is asked, and what is left after a kill at any moment. */
import { describe, expect, it } from 'vitest';
import type { MemoryBehaviour, MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import type { PodNode } from '../../../../src/host/memory/pod-node.ts';
import { KUBELET, containerdWith } from '../../../support/cgroup-pass.ts';
import {
  CONTAINERD_CONFIG,
  daemonOf,
  driverNode,
  KUBELET_CONFIG,
  PODS,
  treesWithPods,
} from '../../../support/driver-node.ts';
import { CONTAINERD, containerdProgram } from '../../../support/runtimes/containerd-program.ts';
import { survive } from '../../../support/survive.ts';

const OWN = PODS[0];
const TIMER = '/run/systemd/transient/nodeprep-kubelet.timer';
/** What a container of NodePrep sees of its own mounts. */
const IN_A_POD = `1 2 0:1 /var/lib/kubelet/pods/${OWN}/etc-hosts /etc/hosts rw - ext4 /dev/sda rw\n`;

/** What matters of a node. */
function stateOf(host: MemoryHost, node: PodNode) {
  return {
    containerd: /SystemdCgroup = (\w+)/.exec(host.text(CONTAINERD_CONFIG) ?? '')?.[1],
    kubelet: /cgroupDriver: (\w+)/.exec(host.text(KUBELET_CONFIG) ?? '')?.[1],
    running: node.running(),
    pods: treesWithPods(host),
    timer: host.text(TIMER),
  };
}

/** All have the driver of the spec. */
const MOVED = {
  containerd: 'true',
  kubelet: 'systemd',
  running: ['containerd.service', 'kubelet.service'],
  pods: ['kubepods.slice'],
  timer: undefined,
};

describe('a host that is no node yet', () => {
  it('gets the driver at once, with one restart', async () => {
    const { host, node } = driverNode({ kubelet: 'none' });

    const { condition } = await (await daemonOf(host))();

    expect(host.text(CONTAINERD_CONFIG)).toContain('SystemdCgroup = true');
    expect(node.starts()).toBe(2);
    expect(condition('CgroupReady')).toMatchObject({ status: 'True' });
  });

  it('is only written to by the boot, and proved by the daemon', async () => {
    const { host, node } = driverNode({ kubelet: 'none' });
    host.put('/run/systemd/units/invocation:containerd.service', undefined);
    host.put('/run/containerd/containerd.sock', undefined);

    await (await daemonOf(host, { isBootGate: true }))();
    expect(host.text(CONTAINERD_CONFIG)).toContain('SystemdCgroup = true');
    expect(node.starts()).toBe(1);

    node.boot(host);
    const { condition, report } = await (await daemonOf(host))();
    expect(condition('CgroupReady')).toMatchObject({ status: 'True' });
    expect(report.areas[0]?.drift).toEqual([]);
    expect(node.starts()).toBe(2);
  });

  it('never restarts a runtime while the boot waits', async () => {
    const { host, node } = driverNode({ kubelet: 'none' });

    const { report } = await (await daemonOf(host, { isBootGate: true }))();

    expect(node.starts()).toBe(1);
    expect(report.areas[0]?.deferred.map(({ why }) => why)).toEqual(['boot gate']);
    await (await daemonOf(host))();
    expect(node.starts()).toBe(2);
  });
});

describe('a node with pods', () => {
  it('waits for an approval, and says what it does', async () => {
    const { host, node } = driverNode();
    const before = host.toString();

    const { condition, pending, report } = await (await daemonOf(host))();

    expect(host.toString()).toBe(before);
    expect(node.starts()).toBe(1);
    expect(pending).toMatchObject({ disruption: 'Drain' });
    expect(report.areas[0]?.entries).toMatchObject([{ state: 'Pending', reason: 'AwaitingApproval' }]);
    expect(condition('CgroupReady')).toMatchObject({ status: 'False', reason: 'AwaitingApproval' });
    expect(condition('CgroupReady')?.message).toBe(
      `kernel v2 (cpu cpuset hugetlb io memory misc pids rdma); containerd 1.7.24 answers cgroupfs, ${CONTAINERD_CONFIG}:5 says cgroupfs; kubelet says cgroupfs in ${KUBELET_CONFIG}:3; 2 pods run in kubepods. The spec wants systemd. An approval restarts containerd and the kubelet and makes all pods of the old driver anew. Drain the node before. Run "nodeprep approve" on the host, or set spec.approvedPlan to ${pending?.plan}.`,
    );
  });

  it('keeps its kubelet running when containerd does not confirm the file', async () => {
    const seen: boolean[] = [];
    const program: MemoryBehaviour = {
      commands: {
        [CONTAINERD]: async (host, args, command) => {
          seen.push(host.nodes.has('/run/systemd/units/invocation:kubelet.service'));
          const said = await containerdProgram('1.7.24').behaviour.commands?.[CONTAINERD]?.(host, args, command);
          return { stdout: said?.stdout.replace('SystemdCgroup = true', 'SystemdCgroup = false') ?? '', stderr: '' };
        },
      },
    };
    const { host, node } = driverNode({ program });
    const round = await daemonOf(host);
    const approvedPlan = (await round()).pending?.plan ?? '';

    const { condition } = await round({}, { approvedPlan });

    expect(condition('CgroupReady')).toMatchObject({ status: 'False', reason: 'RuntimeConfigUnsafe' });
    expect(seen.length).toBeGreaterThan(0);
    expect(seen).not.toContain(false);
    expect(stateOf(host, node)).toMatchObject({ containerd: 'false', kubelet: 'cgroupfs', timer: undefined });
    expect(node.made()).toEqual({ [PODS[0]]: 1, [PODS[1]]: 1 });
  });

  it('is moved as a whole once that plan is approved', async () => {
    const { host, node } = driverNode();
    const round = await daemonOf(host);
    const approvedPlan = (await round()).pending?.plan ?? '';

    const { condition, pending } = await round({}, { approvedPlan });

    expect(stateOf(host, node)).toEqual(MOVED);
    expect(node.starts()).toBe(2);
    expect(node.made()).toEqual({ [PODS[0]]: 2, [PODS[1]]: 2 });
    expect(condition('CgroupReady')).toMatchObject({ status: 'True' });
    expect(pending).toBeUndefined();
  });

  it('is moved at once where the spec allows it', async () => {
    const { host, node } = driverNode();

    await (await daemonOf(host))({ whenPodsRun: 'Restart' });

    expect(stateOf(host, node)).toEqual(MOVED);
  });

  it('gets pods out of the silent mismatch', async () => {
    const { host, node } = driverNode({ kubelet: 'systemd' });
    expect(treesWithPods(host)).toEqual(['system.slice']);

    await (await daemonOf(host))({ whenPodsRun: 'Restart' });

    expect(stateOf(host, node)).toEqual(MOVED);
  });

  it('whose drivers agree has only its pods made anew', async () => {
    const { host, node } = driverNode();
    host.put(CONTAINERD_CONFIG, containerdWith(true));
    host.put(KUBELET_CONFIG, KUBELET);
    node.boot(host);
    const round = await daemonOf(host);

    const { pending, condition } = await round();
    expect(condition('CgroupReady')).toMatchObject({ reason: 'AwaitingApproval' });
    expect(condition('CgroupReady')?.message).toContain(pending?.plan);
    await round({}, { approvedPlan: pending?.plan ?? '' });

    expect(treesWithPods(host)).toEqual(['kubepods.slice']);
    expect(node.starts()).toBe(2);
  });

  it('is left alone where a flag holds the kubelet back', async () => {
    const { host, node } = driverNode({
      files: { '/var/lib/kubelet/kubeadm-flags.env': 'KUBELET_KUBEADM_ARGS="--cgroup-driver=cgroupfs"\n' },
    });

    await (await daemonOf(host))({ whenPodsRun: 'Restart' });

    expect(host.text(CONTAINERD_CONFIG)).toContain('SystemdCgroup = false');
    expect(node.starts()).toBe(1);
    expect(treesWithPods(host)).toEqual(['kubepods']);
  });

  it('replaces the pod of NodePrep last, after the kubelet runs again', async () => {
    const { host, node } = driverNode({ files: { '/proc/self/mountinfo': IN_A_POD } });
    const { report } = await (await daemonOf(host))({ whenPodsRun: 'Restart' });

    expect(report.areas[0]?.applied.slice(-2).map(({ target }) => target)).toEqual([
      'kubelet.service',
      'the pod of NodePrep',
    ]);
    expect(stateOf(host, node)).toEqual(MOVED);
  });
});

describe('a runtime that does not come up with the new file', () => {
  const isBroken = (text: string) => text.includes('SystemdCgroup = true');

  it('gets its old file back, runs, and says what it logged', async () => {
    const { host, node } = driverNode({ isBroken });
    const before = host.text(CONTAINERD_CONFIG);

    const { report } = await (await daemonOf(host))({ whenPodsRun: 'Restart' });

    expect(host.text(CONTAINERD_CONFIG)).toBe(before);
    expect(host.text(KUBELET_CONFIG)).toContain('cgroupDriver: cgroupfs');
    expect(node.running()).toEqual(['containerd.service', 'kubelet.service']);
    expect(treesWithPods(host)).toEqual(['kubepods']);
    expect(report.areas[0]?.failures).toContainEqual(
      expect.objectContaining({
        reason: 'RuntimeRestartFailed',
        message: `containerd.service does not run with the cgroup driver systemd: it does not start, and logged "containerd: invalid configuration". ${CONTAINERD_CONFIG} is as before and is not written again until it or the spec changes. The runtime answers with the previous file.`,
      }),
    );
  });

  it('is not tried again with the same text, but with another file', async () => {
    const { host, node } = driverNode({ isBroken });
    const round = await daemonOf(host);
    await round({ whenPodsRun: 'Restart' });
    const starts = node.starts();

    const { condition } = await (await daemonOf(host))({ whenPodsRun: 'Restart' });
    expect(node.starts()).toBe(starts);
    expect(condition('CgroupReady')).toMatchObject({ status: 'False', reason: 'RuntimeRestartFailed' });

    host.put(CONTAINERD_CONFIG, `# corrected\n${containerdWith(false)}`);
    await round({ whenPodsRun: 'Restart' });
    expect(node.starts()).toBeGreaterThan(starts);
  });
});

describe('killed at any moment', () => {
  const DECLARED = { whenPodsRun: 'Restart' } as const;

  it.each([
    ['a node', {}],
    ['a node, by its own pod', { files: { '/proc/self/mountinfo': IN_A_POD } }],
    ['a node in the silent mismatch', { kubelet: 'systemd' as const }],
  ])('the next process moves %s to the end', async (_, options) => {
    for (let kill = 1; ; kill += 1) {
      const { host, node } = driverNode(options);
      host.dieAfter(kill);
      await survive(daemonOf(host).then((round) => round(DECLARED)));
      const isOver = host.mutations < kill;
      host.revive();

      await (await daemonOf(host))(DECLARED);

      expect(stateOf(host, node)).toEqual(MOVED);
      if (isOver) break;
    }
  });

  it('the host itself starts the kubelet when no process comes back', async () => {
    for (let kill = 1; ; kill += 1) {
      const { host, node } = driverNode();
      host.dieAfter(kill);
      await survive(daemonOf(host).then((round) => round(DECLARED)));
      const isOver = host.mutations < kill;
      host.revive();

      node.elapse(host);

      expect(node.running()).toContain('kubelet.service');
      await (await daemonOf(host))(DECLARED);
      expect(stateOf(host, node)).toEqual(MOVED);
      if (isOver) break;
    }
  });

  it('a runtime that does not come up ends with its old file, and runs', async () => {
    for (let kill = 1; ; kill += 1) {
      const { host, node } = driverNode({ isBroken: (text) => text.includes('SystemdCgroup = true') });
      const before = host.text(CONTAINERD_CONFIG);
      host.dieAfter(kill);
      await survive(daemonOf(host).then((round) => round(DECLARED)));
      const isOver = host.mutations < kill;
      host.revive();

      await (await daemonOf(host))(DECLARED);
      await (await daemonOf(host))(DECLARED);

      expect(host.text(CONTAINERD_CONFIG)).toBe(before);
      expect(node.running()).toEqual(['containerd.service', 'kubelet.service']);
      expect(host.text(TIMER)).toBeUndefined();
      if (isOver) break;
    }
  });

  it('an approval goes on with the rest, and with nothing else', async () => {
    for (let kill = 1; ; kill += 1) {
      const { host, node } = driverNode();
      const approvedPlan = (await (await daemonOf(host))()).pending?.plan ?? '';
      host.dieAfter(kill);
      await survive(daemonOf(host).then((round) => round({}, { approvedPlan })));
      const isOver = host.mutations < kill;
      host.revive();

      await (await daemonOf(host))({}, { approvedPlan });

      expect(stateOf(host, node)).toEqual(MOVED);
      if (isOver) break;
    }
  });
});
