/**
 * Two hosts in a real cluster, from the first `kubectl apply` to the last `kubectl delete`: real kubelets, the agent as a
 * pod of its DaemonSet. The first host was prepared by its unit, the second one has never seen NodePrep.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseQuantity } from '../../../src/api/names/quantity.ts';
import type { StoredNode, StoredNodePrep } from '../../apiserver/harness/agent.ts';
import { AGENT, leniency, NAMESPACE } from '../../apiserver/harness/manifests.ts';
import { readAgentPod } from '../../support/oci/agent-pod.ts';
import { repair, SYSCTL_FILE } from '../harness/drift.ts';
import {
  agentLog,
  agentPod,
  agentPods,
  agentProcess,
  capabilityNames,
  rightsOf,
} from '../harness/kubernetes/agent-pod.ts';
import { AGENT_IMAGE, type Worker } from '../harness/kubernetes/cluster.ts';
import { IDLE_IMAGE } from '../harness/kubernetes/idle-image.ts';
import { usingCluster } from '../harness/kubernetes/story.ts';
import { note } from '../harness/note.ts';
import { install } from '../harness/scenario.ts';
import { expectCondition, expectReady, LIVE_AS_DECLARED, live } from '../harness/world.ts';

const OWN_FILE = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
  - name: vm.swappiness
    value: 10
`;
const NEWER_IMAGE = AGENT_IMAGE.replace(/:1$/, ':2');
const STARTUP_TAINT = 'nodeprep.dev/not-ready';
/** Longer than controllers take to call a node lost, and than any client waits between two attempts. */
const OUTAGE_MS = 120_000;
const SOON = { timeout: 60_000, interval: 200 };
/**
 * Parameters with a kernel behind them. Those outside `net` are files here, which are empty for a moment when a shell writes to
 * them: that counts twice, and what changes three times is held off as a fight. No entry below changes more often than twice.
 */
const FORWARD = '/proc/sys/net/ipv4/ip_forward';
const BRIDGE = '/proc/sys/net/bridge/bridge-nf-call-iptables';
const BRIDGE6 = '/proc/sys/net/bridge/bridge-nf-call-ip6tables';
/** Prints the programs of NodePrep that run. */
const RUNNING = 'readlink /proc/[0-9]*/exe | grep nodeprep || true';
const RETRIES = '/proc/sys/net/ipv4/tcp_retries2';

const cluster = usingCluster();
/** Prepared by its unit before it joins, as a control plane would be. */
let first: Worker;
/** Without the unit: it has only the pod. */
let second: Worker;

test('two hosts become nodes, one of them prepared by its unit', { timeout: 300_000 }, async () => {
  [first, second] = await Promise.all([cluster().boot('worker-1'), cluster().boot('worker-2')]);
  await first.put('/root/nodeprep.yaml', OWN_FILE);
  await install(first, '--file /root/nodeprep.yaml');
  await expectReady(first);

  const begin = performance.now();
  await Promise.all([
    first.join({ taints: 'node-role.kubernetes.io/control-plane=:NoSchedule' }),
    second.join({ taints: `${STARTUP_TAINT}=:NoSchedule,dedicated=gpu:NoSchedule` }),
  ]);
  await bothReady();
  note(`both nodes joined in ${((performance.now() - begin) / 1000).toFixed(1)} s`);

  expect((await storedNode(second)).spec.taints?.map(({ key }) => key)).toContain(STARTUP_TAINT);
});

test('kubectl apply brings an agent to every host, whatever its taints, and to no virtual node', {
  timeout: 300_000,
}, async () => {
  const virtual = { name: 'virtual-1', labels: { type: 'virtual-kubelet', 'kubernetes.io/os': 'linux' } };
  await cluster().plane.send('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: virtual });
  const before = await live(second);

  const begin = performance.now();
  await apply(AGENT_IMAGE);
  await rolledOut();
  note(`rolled out in ${((performance.now() - begin) / 1000).toFixed(1)} s`);

  const pods = await agentPods(cluster());
  expect(pods.map(({ spec }) => spec.nodeName).toSorted()).toEqual(['worker-1', 'worker-2']);
  expect(pods.map(({ status }) => status.containerStatuses?.[0])).toEqual([
    expect.objectContaining({ ready: true, restartCount: 0 }),
    expect.objectContaining({ ready: true, restartCount: 0 }),
  ]);
  // The host without a spec of its own is only looked at.
  await expect.poll(async () => reasonOf(second, 'Ready'), SOON).toBe('Auditing');
  expect(await live(second)).toBe(before);
});

test('the pods have the highest priority, which the quota of their namespace admits', async () => {
  const quota = await cluster().plane.send(
    'GET',
    `/api/v1/namespaces/${NAMESPACE}/resourcequotas/nodeprep-critical-pods`,
  );

  expect((await agentPods(cluster())).map(({ spec }) => spec.priority)).toEqual([2_000_001_000, 2_000_001_000]);
  expect(quota.body).toMatchObject({ status: { used: { pods: '2' } } });
});

test('the process of an agent may do what its manifest says, and nothing more', async () => {
  const pid = await agentProcess(cluster(), first);
  const asked = readAgentPod().container.securityContext?.capabilities?.add ?? [];
  // What root of this machine may not do it cannot pass on either.
  const ours = /^CapPrm:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const possible = new Set(capabilityNames(BigInt(`0x${ours}`)));

  expect(await rightsOf(first, pid)).toEqual({
    capabilities: asked.filter((name) => possible.has(name)).toSorted(),
    noNewPrivileges: '1',
    seccomp: '2',
    shared: ' ipc net pid uts'.trim(),
  });
  expect((await first.exec(`touch /proc/${pid}/root/written`)).output).toContain('Read-only file system');
});

test('the unit has handed its host to the pod and stands by, and both say so', async () => {
  const pid = await agentProcess(cluster(), first);
  const byKubectl = await cluster().kubectl('exec', '-n', NAMESPACE, await podName(first), '--', 'nodeprep', 'status');

  expect(await unitLog()).toMatch(/Standing by .*agent of the cluster, process/);
  for (const said of [byKubectl, (await first.exec('nodeprep status')).output]) {
    expect(said).toContain(`Managed by the agent of the cluster, process ${pid} `);
    expect(said).toMatch(/; process \d+ \("run", version \S+\) stands by/);
  }
  expect(await first.run('systemctl is-active nodeprep')).toBe('active');
  // Nothing but facts: a warning of the runtime would be told at every start.
  expect(await agentLog(cluster(), first)).toMatch(/^\{/);
});

test('each host is registered as its own file declares, and its Node may have pods', async () => {
  await expect.poll(async () => (await nodePrep(first)).status?.observedGeneration, SOON).toBe(1);
  const registered = await nodePrep(first);
  expect(registered.spec).toMatchObject({ profile: 'kubeadm-worker', sysctls: [{ name: 'vm.swappiness', value: 10 }] });
  expect(registered.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: 'nodeprep-local-file' }));
  expect(isInSync(registered)).toBe(true);
  expect((await nodePrep(second)).spec).toMatchObject({ profile: 'kubeadm-worker', mode: 'Audit' });

  const ready = expect.objectContaining({ type: 'nodeprep.dev/Ready', status: 'True' });
  const ofKubelet = expect.objectContaining({ type: 'Ready', status: 'True', reason: 'KubeletReady' });
  await expect
    .poll(async () => (await storedNode(first)).status.conditions, SOON)
    .toEqual(expect.arrayContaining([ready, ofKubelet]));
  const taints = async () => (await storedNode(second)).spec.taints?.map(({ key }) => key);
  await expect.poll(taints, SOON).toEqual(['dedicated']);
});

test('what kubectl patches is on the host soon, and in the status', async () => {
  const begin = performance.now();
  await cluster().kubectl('patch', 'nodeprep', 'worker-2', '--type=merge', '--patch', '{"spec":{"mode":"Enforce"}}');
  await patch(first, { op: 'add', path: '/spec/sysctls/-', value: { name: 'net.ipv4.tcp_retries2', value: 8 } });
  await expect.poll(() => first.run(`cat ${RETRIES}`), SOON).toBe('8');
  note(`a patch was live on the host within ${Math.round(performance.now() - begin)} ms`);

  await expect.poll(async () => (await nodePrep(first)).status?.observedGeneration, SOON).toBe(2);
  expect(await first.run(`cat ${SYSCTL_FILE}`)).toMatch(/^net[./]ipv4[./]tcp_retries2\s*=\s*8$/m);
  await expect.poll(async () => isInSync(await nodePrep(first)), SOON).toBe(true);

  await cluster().kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'nodeprep/worker-2');
  expect(await live(second)).toBe(LIVE_AS_DECLARED);
  expect(await second.run(`cat ${SYSCTL_FILE}`)).toMatch(/^kernel[./]panic\s*=\s*10$/m);
});

test('every drift is repaired by the pod, and told as an Event', async () => {
  await repaired(first, 'sysctl -w', 'sysctl -qw net.ipv4.ip_forward=0', `is 1 ${FORWARD}`);
  await repaired(first, 'sysctl file deleted', `rm ${SYSCTL_FILE}`, `same ${SYSCTL_FILE}`);
  await repaired(second, 'sysctl file changed', `echo 'vm.panic_on_oom = 1' >>${SYSCTL_FILE}`, `same ${SYSCTL_FILE}`);
  await repaired(second, 'written to /proc', `echo 0 >${BRIDGE}`, `is 1 ${BRIDGE}`);

  for (const worker of [first, second]) await expect.poll(() => eventReasons(worker), SOON).toContain('DriftCorrected');
  await expectReady(first);
});

test('a new version takes over one host after the other, and only when the old one has ended', {
  timeout: 240_000,
}, async () => {
  await Promise.all(
    [first, second].map((worker) => worker.run(`ctr -n k8s.io image tag ${AGENT_IMAGE} ${NEWER_IMAGE}`)),
  );
  const old = await Promise.all(
    [first, second].map(async (worker) => {
      const name = await podName(worker);
      return { name, log: cluster().plane.kubectl(['logs', '--follow', '-n', NAMESPACE, name]) };
    }),
  );

  await apply(NEWER_IMAGE);
  await rolledOut();

  for (const [index, worker] of [first, second].entries()) {
    const before = await old[index]?.log;
    const after = await agentLog(cluster(), worker);
    expect(await podName(worker)).not.toBe(old[index]?.name);
    const ended = timeOf(before?.out ?? '', 'NodePrep stopped');
    const began = timeOf(after, worker === first ? 'Taking the host over' : 'Managing this host');
    note(`${worker.name} had no agent for ${began - ended} ms`);
    expect(began).toBeGreaterThanOrEqual(ended);
  }
  const images = (await agentPods(cluster())).map(({ spec }) => spec.containers[0]?.image);
  expect(images).toEqual([NEWER_IMAGE, NEWER_IMAGE]);
  await managedByPod(first);
});

test('hosts are kept for minutes without an API server, also one that is rebooted meanwhile', {
  timeout: OUTAGE_MS + 180_000,
}, async () => {
  const pid = await agentProcess(cluster(), second);
  const lines = async () => Number(await second.run(`cat /var/log/pods/${NAMESPACE}_*/agent/*.log | wc -l`));
  const linesBefore = await lines();
  const begin = performance.now();
  await cluster().plane.stopServer('SIGKILL');
  await repaired(second, 'at the beginning of the outage', `echo 0 >${BRIDGE6}`, `is 1 ${BRIDGE6}`);
  await second.run(`printf 'net.ipv4.ip_forward = 0\\n' >/etc/sysctl.d/999-theirs.conf`);
  await expectCondition(second, 'Conflicting', 'True OverriddenBySysctlD');

  // No kubelet starts a pod now: the unit has the host, with what the cluster said last.
  await first.reboot();
  await expectReady(first);
  const unit = await first.run('systemctl show -P MainPID nodeprep');
  expect((await first.exec('nodeprep status')).output).toContain(`Managed by process ${unit} `);
  expect(await first.run(`cat ${RETRIES}`)).toBe('8');
  await repaired(first, 'by the unit', `echo 0 >${FORWARD}`, `is 1 ${FORWARD}`);

  // Not a wait for something: the outage is as long as it is promised to be survived.
  await sleep(Math.max(0, OUTAGE_MS - (performance.now() - begin)));
  await repaired(second, 'at the end of the outage', `echo 0 >${BRIDGE6}`, `is 1 ${BRIDGE6}`);
  const said = (await lines()) - linesBefore;
  note(`the agent logged ${said} lines in ${Math.round((performance.now() - begin) / 1000)} s without an API server`);
  expect(said).toBeLessThan(30);
  expect((await second.exec(`kill -0 ${pid}`)).exitCode).toBe(0);
});

test('an API server that is back hears by itself how the hosts are, and is heard', { timeout: 240_000 }, async () => {
  const pid = await agentProcess(cluster(), second).catch(() => 0);
  await cluster().plane.startServer();
  const back = performance.now();
  await expect.poll(() => reasonOf(second, 'Conflicting'), SOON).toBe('OverriddenBySysctlD');
  note(`the status was current ${Math.round(performance.now() - back)} ms after the API server was ready`);
  await second.run('rm /etc/sysctl.d/999-theirs.conf');
  await expect.poll(() => reasonOf(second, 'Conflicting'), SOON).toBe('None');
  expect(pid).toBe(0);

  // The rebooted host belongs to its pod again.
  await expect
    .poll(() => agentLog(cluster(), first).catch(String), { ...SOON, timeout: 120_000 })
    .toContain('Taking the host over');
  note(`the pod had the rebooted host ${Math.round(performance.now() - back)} ms after the API server was ready`);
  await patch(first, { op: 'replace', path: '/spec/sysctls/1/value', value: 9 });
  await expect.poll(() => first.run(`cat ${RETRIES}`), SOON).toBe('9');
  await expect.poll(async () => (await nodePrep(first)).status?.observedGeneration, SOON).toBe(3);
});

test('the unit goes on when neither pod nor kubelet is left, and gives the host back to the pod', {
  timeout: 240_000,
}, async () => {
  const pid = await agentProcess(cluster(), first);
  await first.run('systemctl stop kubelet');
  await repaired(
    first,
    'pod killed, and a sysctl changed',
    `killed=$EPOCHREALTIME; kill -KILL ${pid}; echo 0 >${BRIDGE6}; echo $killed >/run/killed`,
    `is 1 ${BRIDGE6}`,
  );
  const [resumed, killed] = (
    await first.run(
      `journalctl -b -u nodeprep -o short-unix --no-pager | grep 'Taking the host over' | tail -n 1 | cut -d' ' -f1; cat /run/killed`,
    )
  ).split('\n');
  const resumedMs = (Number(resumed) - Number(killed)) * 1000;
  note(`the unit had the host ${Math.round(resumedMs)} ms after the pod was killed`);
  expect(resumedMs).toBeGreaterThan(0);
  expect(resumedMs).toBeLessThan(10_000);
  const unit = await first.run('systemctl show -P MainPID nodeprep');
  expect((await first.exec('nodeprep status')).output).toContain(`Managed by process ${unit} `);
  // What the cluster said last is the spec of the host, whoever enforces it.
  expect(await first.run(`cat ${SYSCTL_FILE}`)).toMatch(/^net[./]ipv4[./]tcp_retries2\s*=\s*9$/m);

  await first.run('systemctl start kubelet');
  await managedByPod(first);
});

test('a pod that is killed is started again, and repairs what was changed meanwhile', {
  timeout: 120_000,
}, async () => {
  const pid = await agentProcess(cluster(), second);
  await repaired(second, 'pod killed, and a sysctl changed', `kill -KILL ${pid}; echo 0 >${BRIDGE}`, `is 1 ${BRIDGE}`);

  await expect
    .poll(async () => (await agentPod(cluster(), second)).status.containerStatuses?.[0], SOON)
    .toMatchObject({ ready: true, restartCount: 1 });
});

test('a drained node is kept: other pods leave it, and the agent stays', { timeout: 180_000 }, async () => {
  const { plane } = cluster();
  const tolerations = [{ operator: 'Exists' }];
  const nodeSelector = { 'kubernetes.io/hostname': 'worker-2' };
  const pod = {
    metadata: { labels: { app: 'idle' } },
    spec: { tolerations, nodeSelector, containers: [{ name: 'idle', image: IDLE_IMAGE }] },
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'idle' },
    spec: { selector: { matchLabels: { app: 'idle' } }, template: pod },
  };
  await plane.send('POST', '/apis/apps/v1/namespaces/default/deployments', deployment);
  await cluster().kubectl('rollout', 'status', 'deployment/idle', '--timeout=60s');
  const agent = await podName(second);

  // The eviction of pods in the version that this API server serves.
  const drained = await plane.kubectl(['drain', 'worker-2', '--ignore-daemonsets', '--timeout=90s']);

  expect(drained).toMatchObject({ code: 0, out: expect.stringMatching(/evicted|drained/) });
  expect(drained.out).not.toContain(`pod/${agent}`);
  expect(await podName(second)).toBe(agent);
  await repaired(second, 'while drained', 'sysctl -qw net.ipv4.ip_forward=0', `is 1 ${FORWARD}`);
  expect(await reasonOf(second, 'Ready')).toBe('AsExpected');
  await plane.kubectl(['uncordon', 'worker-2']);
});

test('an agent needs no more memory than its manifest says', async () => {
  const pid = await agentProcess(cluster(), first);
  const stat = await first.run(
    `cd /sys/fs/cgroup/memory$(sed -n 's/.*:memory://p' /proc/${pid}/cgroup); grep -E '^rss ' memory.stat
     echo "kernel $(cat memory.kmem.usage_in_bytes)"; echo "peak $(cat memory.max_usage_in_bytes)"`,
  );
  const megabytes = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1]) / 2 ** 20;
  const [own, peak] = [megabytes('rss') + megabytes('kernel'), megabytes('peak')];
  note(`the agent has ${own.toFixed(1)} MB of its own; at most it had ${peak.toFixed(1)} MB, with pages of files`);
  const { requests, limits } = readAgentPod().container.resources ?? {};
  expect(own).toBeLessThan(parseQuantity(requests?.['memory'] ?? '') / 2 ** 20);
  expect(peak).toBeLessThan((parseQuantity(limits?.['memory'] ?? '') / 2 ** 20) * 0.9);
});

test('kubectl delete takes it off: a unit has its host by its own file, and nothing is left on the other', {
  timeout: 240_000,
}, async () => {
  await cluster().kubectl('delete', 'nodepreps', '--all');
  for (const worker of [first, second]) {
    await expect.poll(() => worker.run(`cat ${SYSCTL_FILE} 2>/dev/null || true`), SOON).toBe('');
    await expectCondition(worker, 'Ready', 'Unknown NoSpec');
    // deletionPolicy Keep: what is live stays until a reboot.
    expect(await live(worker)).toBe(LIVE_AS_DECLARED);
  }
  await cluster().kubectl('delete', '-k', cluster().kustomize(NEWER_IMAGE));

  await expectReady(first);
  const own = await first.run(`cat ${SYSCTL_FILE}`);
  expect(own).toMatch(/^vm[./]swappiness\s*=\s*10$/m);
  expect(own).not.toContain('tcp_retries2');
  expect(await second.run(`${RUNNING}; find /etc -newer /etc/hostname -name '*nodeprep*'`)).toBe('');
  await bothReady();
});

test('nodeprep uninstall takes the unit and its files off, and the node stays ready', {
  timeout: 120_000,
}, async () => {
  await first.run('nodeprep uninstall --purge', { timeoutMs: 100_000 });

  // The image stays with the runtime.
  const left = `find /etc /usr/local /var/lib -path /var/lib/containerd -prune -o -name '*nodeprep*' -print`;
  expect(await first.run(`${RUNNING}; ${left}`)).toBe('');
  await cluster().kubectl('wait', '--for=condition=Ready', '--timeout=60s', 'node/worker-1');
});

async function apply(image: string): Promise<void> {
  await cluster().kubectl('apply', ...leniency(cluster().plane), '-k', cluster().kustomize(image));
}

async function bothReady(): Promise<void> {
  await expect
    .poll(() => cluster().kubectl('get', 'nodes', '--no-headers'), { timeout: 120_000, interval: 500 })
    .toMatch(/worker-1\s+Ready[^]*worker-2\s+Ready/);
}

async function rolledOut(): Promise<void> {
  await cluster().kubectl('rollout', 'status', `daemonset/${AGENT}`, '-n', NAMESPACE, '--timeout=150s');
}

/** Waits until the pod has the host, and the unit stands by. */
async function managedByPod(worker: Worker): Promise<void> {
  await expect
    .poll(async () => (await worker.exec('nodeprep status')).output, { timeout: 120_000, interval: 500 })
    .toMatch(/^Managed by the agent of the cluster.*"run".* stands by$/m);
}

async function podName(worker: Worker): Promise<string> {
  return (await agentPod(cluster(), worker)).metadata.name;
}

async function repaired(worker: Worker, name: string, cause: string, is: string): Promise<void> {
  const { tookMs, repairMs } = await repair(worker, { name, cause, repaired: is });
  note(
    `${worker.name}, ${name}: repaired ${repairMs.toFixed(1)} ms after the command, which took ${tookMs.toFixed(1)} ms`,
  );
}

async function nodePrep({ name }: Worker): Promise<StoredNodePrep> {
  return JSON.parse(
    await cluster().kubectl('get', 'nodeprep', name, '-o', 'json', '--show-managed-fields'),
  ) as StoredNodePrep;
}

async function storedNode({ name }: Worker): Promise<StoredNode> {
  return JSON.parse(await cluster().kubectl('get', 'node', name, '-o', 'json')) as StoredNode;
}

async function reasonOf(worker: Worker, type: string): Promise<string | undefined> {
  const { status } = await nodePrep(worker);
  return status?.conditions.find((condition) => condition.type === type)?.reason;
}

/** Whether every entry is in sync: "15/15". */
function isInSync({ status }: StoredNodePrep): boolean {
  return /^([1-9]\d*)\/\1$/.test(status?.inSync ?? '');
}

async function patch({ name }: Worker, ...operations: readonly object[]): Promise<void> {
  await cluster().kubectl('patch', 'nodeprep', name, '--type=json', '--patch', JSON.stringify(operations));
}

async function eventReasons({ name }: Worker): Promise<readonly string[]> {
  const out = await cluster().kubectl('get', 'events', '--field-selector', `involvedObject.name=${name}`, '-o', 'json');
  return (JSON.parse(out) as { items: { reason: string }[] }).items.map(({ reason }) => reason);
}

const unitLog = () => first.run('journalctl -b -u nodeprep -o cat --no-pager');

/** When a log of JSON lines said something for the last time. */
function timeOf(log: string, message: string): number {
  const line = log.split('\n').findLast((one) => one.includes(`"${message}"`));
  if (line === undefined) throw new Error(`"${message}" is not in:\n${log}`);
  return Date.parse((JSON.parse(line) as { time: string }).time);
}
