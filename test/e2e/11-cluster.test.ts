/**
 * The third issue's whole story on one machine: the unit prepares the host, the host joins a cluster, the pod takes it
 * over, people steer it by kubectl, the API server goes away and comes back, the pod dies, the unit goes on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import { parseQuantity } from '../../src/api/names/quantity.ts';
import { makeNode, type StoredNodePrep } from '../apiserver/harness/agent.ts';
import { type ControlPlane, startControlPlane } from '../apiserver/harness/control-plane.ts';
import { agentToken, applyManifests, MANIFESTS, NAMESPACE, newestKubectl } from '../apiserver/harness/manifests.ts';
import { leaveOut } from '../support/leave-out.ts';
import { readAgentPod } from '../support/oci/agent-pod.ts';
import { type Drift, repair, SYSCTL_FILE } from './harness/drift.ts';
import type { Machine } from './harness/machine.ts';
import { KILL_POD, type Pod, POD_CGROUP, preparePod, rightsOf } from './harness/pod.ts';
import { CONNECT } from './harness/qemu-arguments.ts';
import { note } from './harness/note.ts';
import { install, scenario } from './harness/scenario.ts';
import { expectCondition, expectReady, LIVE_AS_DECLARED, live } from './harness/world.ts';

const NODE = 'node1';
const NAME = 'a host goes from the unit to the pod of its cluster and back, and is kept as declared all the time';
const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
  - name: vm.swappiness
    value: 10
`;
const TAINT = { key: 'nodeprep.dev/not-ready', effect: 'NoSchedule' };
const OUTAGE_MS = 5 * 60_000;
const SOON = { timeout: 120_000, interval: 200 };
const UNIT_LOG = 'journalctl -b -u nodeprep -o cat --no-pager';
const RETRIES = '/proc/sys/net/ipv4/tcp_retries2';

/** One of every kind; each entry only once in the whole story, because what flips three times is held off as a fight. */
const DRIFTS: readonly Drift[] = [
  { name: 'sysctl -w', cause: 'sysctl -qw net.ipv4.ip_forward=0', repaired: 'is 1 /proc/sys/net/ipv4/ip_forward' },
  {
    name: 'module unloaded',
    cause: 'modprobe -r br_netfilter',
    repaired:
      '[ -r /proc/sys/net/bridge/bridge-nf-call-iptables ] && is 1 /proc/sys/net/bridge/bridge-nf-call-iptables',
  },
  { name: 'swapon', cause: 'swapon /dev/vda2', repaired: 'noswap' },
  { name: 'sysctl file deleted', cause: `rm ${SYSCTL_FILE}`, repaired: `same ${SYSCTL_FILE}` },
];
const panicFlips = (when: string): Drift => ({
  name: `sysctl ${when}`,
  cause: 'echo 0 >/proc/sys/kernel/panic',
  repaired: 'is 10 /proc/sys/kernel/panic',
});

const { skipped } = inject('controlPlane');
if (skipped === undefined) {
  scenario(NAME, 25, async (machines) => {
    const plane = await startControlPlane({ flavor: 'full' });
    try {
      const machine = await machines.pristine({ outsidePort: plane.port });
      await story(machine, plane);
    } finally {
      await plane.stop();
    }
  });
} else {
  test(NAME, (context) => leaveOut(context, skipped));
}

async function story(machine: Machine, plane: ControlPlane): Promise<void> {
  const begin = performance.now();
  const chapter = (title: string) => note(`${((performance.now() - begin) / 1000).toFixed(1)} s: ${title}`);
  const node = makeNode(plane, plane.kubeconfig, { name: NODE, root: '/nonexistent' });

  await machine.put('/root/node.yaml', SPEC);
  await install(machine, '--file /root/node.yaml');
  await expectReady(machine);
  chapter('the unit has the host ready');

  await applyManifests(plane, 'overlays/daemonset-only');
  await kubectl(plane, 'apply', '-f', `${MANIFESTS}/components/startup-taint/rights.yaml`);
  await node.register([TAINT]);
  await machine.run(CONNECT);
  const pod = await preparePod(machine, NODE, {
    token: await agentToken(plane),
    ca: plane.authority.ca,
    namespace: NAMESPACE,
  });
  chapter('the node has joined');

  try {
    await takenOver(machine, pod);
    await registered(node);
    chapter('the pod has the host');
    await steered(machine, plane, node);
    for (const drift of DRIFTS) await repairedBy(machine, drift);
    await expectReady(machine);
    await expect.poll(() => eventReasons(plane), SOON).toContain('DriftCorrected');
    chapter('every drift is repaired');
    await withoutApiServer(machine, plane, node, pod);
    chapter('the API server was away and is back');
    await withinItsRequest(machine);
    await podKilled(machine, plane, node, pod);
    chapter('the pod was killed, and has the host again');
    await released(machine, plane);
    chapter('the NodePrep was deleted, and the unit has the host');
  } catch (error) {
    note(`the pod said:\n${await pod.log().catch(String)}`);
    throw error;
  }
}

type Node = ReturnType<typeof makeNode>;

/** The pod has what its manifest says, the unit stands by, and both say so. */
async function takenOver(machine: Machine, pod: Pod): Promise<void> {
  const begin = performance.now();
  const pid = await pod.start();
  const started = performance.now();
  await expect.poll(pod.log, SOON).toContain('Taking the host over');
  note(
    `the container was there after ${Math.round(started - begin)} ms, and had the host ${Math.round(performance.now() - started)} ms later`,
  );
  // Nothing but facts: a warning of the runtime would be told at every start.
  expect(await pod.log()).toMatch(/^\{/);
  await expect.poll(() => machine.run(UNIT_LOG), SOON).toMatch(/"Standing by".*agent of the cluster, process/);
  const { output } = await machine.exec('nodeprep status');
  expect(output).toContain(`Managed by the agent of the cluster, process ${pid} `);
  expect(output).toMatch(/; process \d+ \("run", version \S+\) stands by/);
  expect(await machine.run('systemctl is-active nodeprep')).toBe('active');
  expect(await rightsOf(machine, pid)).toEqual({
    capabilities: [...(readAgentPod().container.securityContext?.capabilities?.add ?? [])].toSorted(),
    noNewPrivileges: '1',
    seccomp: '2',
    cgroup: POD_CGROUP,
    shared: 'ipc net pid uts',
  });
  expect((await machine.exec(`touch /proc/${pid}/root/written`)).output).toContain('Read-only file system');
}

/** The host's own file is what the cluster knows now, and the Node may have pods. */
async function registered(node: Node): Promise<void> {
  await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(1);
  const stored = await node.stored();
  expect(stored?.spec).toMatchObject({ profile: 'kubeadm-worker', sysctls: [{ name: 'vm.swappiness', value: 10 }] });
  expect(stored?.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: 'nodeprep-local-file' }));
  expect(all(stored)).toBe(true);
  await expect.poll(() => node.condition('Ready'), SOON).toMatchObject({ status: 'True', reason: 'AsExpected' });
  const ready = expect.objectContaining({ type: 'nodeprep.dev/Ready', status: 'True' });
  const kept = expect.objectContaining({ type: 'MemoryPressure', message: 'of the kubelet' });
  await expect
    .poll(async () => (await node.node()).status.conditions, SOON)
    .toEqual(expect.arrayContaining([ready, kept]));
  await expect.poll(async () => (await node.node()).spec.taints ?? [], SOON).not.toContainEqual(TAINT);
}

/** Whether every entry is in sync: "15/15". */
function all(stored: StoredNodePrep | undefined): boolean {
  return /^([1-9]\d*)\/\1$/.test(stored?.status?.inSync ?? '');
}

/** What somebody changes with kubectl is on the host soon, and in the status. */
async function steered(machine: Machine, plane: ControlPlane, node: Node): Promise<void> {
  const entry = { name: 'net.ipv4.tcp_retries2', value: 8 };
  await patched(plane, { op: 'add', path: '/spec/sysctls/-', value: entry });
  const begin = performance.now();
  await expect.poll(() => machine.run(`cat ${RETRIES}`), SOON).toBe('8');
  note(`a patch was live on the host within ${Math.round(performance.now() - begin)} ms`);
  await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(2);
  note(`and in the status within ${Math.round(performance.now() - begin)} ms`);
  await expect.poll(() => machine.run(`cat ${SYSCTL_FILE}`), SOON).toMatch(/^net[./]ipv4[./]tcp_retries2\s*=\s*8$/m);
  await expect.poll(async () => all(await node.stored()), SOON).toBe(true);
}

/** The agent still hears what is changed, and tells that it did. */
async function retriesPatched(
  machine: Machine,
  plane: ControlPlane,
  node: Node,
  value: number,
  generation: number,
): Promise<void> {
  await patched(plane, { op: 'replace', path: '/spec/sysctls/1/value', value });
  await expect.poll(() => machine.run(`cat ${RETRIES}`), SOON).toBe(String(value));
  await expect.poll(async () => (await node.stored())?.status?.observedGeneration, SOON).toBe(generation);
}

async function repairedBy(machine: Machine, drift: Drift): Promise<void> {
  const { tookMs, repairMs } = await repair(machine, drift);
  note(`${drift.name}: repaired ${repairMs.toFixed(1)} ms after the command, which took ${tookMs.toFixed(1)} ms`);
}

/** Five minutes without an API server change nothing for the host; afterwards the status is current by itself. */
async function withoutApiServer(machine: Machine, plane: ControlPlane, node: Node, pod: Pod): Promise<void> {
  const pid = await machine.run('cat /run/pod/pid');
  const linesBefore = (await pod.log()).split('\n').length;
  await plane.stopServer('SIGKILL');
  const stopped = performance.now();
  await repairedBy(machine, panicFlips('at the beginning of the outage'));
  await machine.run(`printf 'net.ipv4.ip_forward = 0\\n' >/etc/sysctl.d/999-theirs.conf`);
  await expectCondition(machine, 'Conflicting', 'True OverriddenBySysctlD');
  // Not a wait for something: the outage is as long as it was promised to be survived.
  await sleep(Math.max(0, OUTAGE_MS - (performance.now() - stopped)));
  await repairedBy(machine, panicFlips('at the end of the outage'));
  const said = (await pod.log()).split('\n').length - linesBefore;
  note(`the pod logged ${said} lines in ${Math.round((performance.now() - stopped) / 1000)} s without an API server`);
  expect(said).toBeLessThan(40);

  await plane.startServer();
  const back = performance.now();
  await expect
    .poll(() => node.condition('Conflicting'), SOON)
    .toMatchObject({ status: 'True', reason: 'OverriddenBySysctlD' });
  note(`the status was current ${Math.round(performance.now() - back)} ms after the API server was ready`);

  await machine.run('rm /etc/sysctl.d/999-theirs.conf');
  await expect.poll(() => node.condition('Conflicting'), SOON).toMatchObject({ status: 'False' });
  await retriesPatched(machine, plane, node, 9, 3);
  expect((await machine.exec(`kill -0 ${pid}`)).exitCode).toBe(0);
}

/** The pod is as large as its manifest says, after everything that it has been through. */
async function withinItsRequest(machine: Machine): Promise<void> {
  const group = `/sys/fs/cgroup${POD_CGROUP}`;
  const stat = await machine.run(`cat ${group}/memory.stat; echo "peak $(<${group}/memory.peak)"`);
  const megabytes = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1]) / 2 ** 20;
  const [own, peak] = [megabytes('anon') + megabytes('kernel'), megabytes('peak')];
  note(`the pod has ${own.toFixed(1)} MB of its own; at most it had ${peak.toFixed(1)} MB, with pages of files`);
  const { requests, limits } = readAgentPod().container.resources ?? {};
  expect(own).toBeLessThan(parseQuantity(requests?.['memory'] ?? '') / 2 ** 20);
  expect(peak).toBeLessThan((parseQuantity(limits?.['memory'] ?? '') / 2 ** 20) * 0.9);
}

/** The unit goes on within ten seconds of a death without warning, and gives the host to the next pod. */
async function podKilled(machine: Machine, plane: ControlPlane, node: Node, pod: Pod): Promise<void> {
  await repairedBy(machine, {
    name: 'pod killed, and a sysctl changed',
    cause: `killed=$EPOCHREALTIME; ${KILL_POD}; echo 0 >/proc/sys/vm/overcommit_memory; echo $killed >/run/killed`,
    repaired: 'is 1 /proc/sys/vm/overcommit_memory',
  });
  const [resumed, killed] = (
    await machine.run(
      `journalctl -b -u nodeprep -o short-unix --no-pager | grep 'Taking the host over' | tail -n 1 | cut -d' ' -f1; cat /run/killed`,
    )
  ).split('\n');
  const resumedMs = (Number(resumed) - Number(killed)) * 1000;
  note(`the unit had the host ${Math.round(resumedMs)} ms after the pod was killed`);
  expect(resumedMs).toBeGreaterThan(0);
  expect(resumedMs).toBeLessThan(10_000);
  await expectReady(machine);
  const unit = await machine.run('systemctl show -P MainPID nodeprep');
  expect((await machine.exec('nodeprep status')).output).toContain(`Managed by process ${unit} `);

  // What the cluster said last is the spec of the host, whoever enforces it.
  expect(await machine.run(`cat ${SYSCTL_FILE}`)).toMatch(/^net[./]ipv4[./]tcp_retries2\s*=\s*9$/m);

  await pod.start();
  await expect.poll(pod.log, SOON).toContain('Taking the host over');
  await retriesPatched(machine, plane, node, 7, 4);
}

/** Without its NodePrep a host is not managed; when there is no agent either, its own file decides again. */
async function released(machine: Machine, plane: ControlPlane): Promise<void> {
  await kubectl(plane, 'delete', 'nodeprep', NODE);
  await expect.poll(() => machine.run(`cat ${SYSCTL_FILE} 2>/dev/null || true`), SOON).toBe('');
  await expectCondition(machine, 'Ready', 'Unknown NoSpec');
  // deletionPolicy Keep: what is live stays until a boot.
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);

  await machine.run(KILL_POD);
  await expectReady(machine);
  const own = await machine.run(`cat ${SYSCTL_FILE}`);
  expect(own).toMatch(/^vm[./]swappiness\s*=\s*10$/m);
  expect(own).not.toContain('tcp_retries2');
}

async function kubectl(plane: ControlPlane, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await newestKubectl(plane)(args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${err}`);
  return out;
}

async function patched(plane: ControlPlane, ...patch: readonly object[]): Promise<void> {
  await kubectl(plane, 'patch', 'nodeprep', NODE, '--type=json', '--patch', JSON.stringify(patch));
}

async function eventReasons(plane: ControlPlane): Promise<readonly string[]> {
  const { body } = await plane.send('GET', '/api/v1/namespaces/default/events');
  return (body as { items: { reason: string }[] }).items.map(({ reason }) => reason);
}
