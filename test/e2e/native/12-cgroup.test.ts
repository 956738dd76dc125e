/**
 * The cgroup driver of real systems is changed: a real containerd with running containers, a real kubelet with a pod that
 * no drain takes away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { containerdConfig } from '../harness/kubernetes/containerd-config.ts';
import { IDLE_IMAGE } from '../harness/kubernetes/idle-image.ts';
import { kubeletObstacle, startContainerd, startKubelet } from '../harness/kubernetes/standalone.ts';
import type { NativeNode } from '../harness/native/node.ts';
import { note } from '../harness/note.ts';
import { CURRENT, install, nodeScenario } from '../harness/scenario.ts';

const CONFIG = '/etc/containerd/config.toml';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  cgroup: {driver: systemd, controllers: [memory]}
`;
const kubelet = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
staticPodPath: /etc/kubernetes/manifests
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
evictionHard: {nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%", memory.available: 50Mi}
`;
/** Makes containerd refuse to start with the driver systemd; the same text passes "config dump". */
const OBSTACLE = `[Service]
ExecStartPre=/bin/sh -c "! grep -q 'SystemdCgroup = true' ${CONFIG} || { echo 'containerd: made to fail'; exit 1; }"
`;

/** Trees with processes of pods, on whichever hierarchy this kernel has. */
const TREES = `for f in $(find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs); do
  [ -z "$(cat $f)" ] || echo $f; done | grep -oE '/kubepods(\\.slice)?/' | sort -u | tr -d '/\\n'`;

/** Starts a container that is not of Kubernetes. */
async function startSurvivor(node: NativeNode): Promise<void> {
  await node.put('/etc/nodeprep/nodeprep.yaml', SPEC);
  await node.run(
    `ctr -n k8s.io image export /var/tmp/idle.tar ${IDLE_IMAGE}; ctr image import /var/tmp/idle.tar; ctr run -d ${IDLE_IMAGE} survivor`,
  );
}

const survivor = (node: NativeNode) => node.run(`ctr task ls | awk '$1 == "survivor" { print $2, $3 }'`);

nodeScenario('a host that is no node yet gets the driver, and no container notices', 10, async (nodes) => {
  const node = await nodes.pristine();
  await startContainerd(node, containerdConfig('cgroupfs'));
  await startSurvivor(node);
  const before = await survivor(node);
  const run = await node.run('systemctl show -P InvocationID containerd');

  const begin = performance.now();
  const { exitCode, output } = await node.exec(`${CURRENT} bootstrap`);
  note(`written, restarted and proved in ${Math.round(performance.now() - begin)} ms`);

  expect(exitCode, output).toBe(0);
  expect(await node.run(`grep -c 'SystemdCgroup = true' ${CONFIG}`)).toBe('1');
  expect(await node.run('systemctl show -P InvocationID containerd')).not.toBe(run);
  expect(await survivor(node)).toBe(before);
});

nodeScenario('a runtime that does not come up gets its file back, runs, and is not tried again', 10, async (nodes) => {
  const node = await nodes.pristine();
  await startContainerd(node, containerdConfig('cgroupfs'));
  await startSurvivor(node);
  await node.put('/etc/systemd/system/containerd.service.d/obstacle.conf', OBSTACLE);
  await node.run('systemctl daemon-reload');
  const before = [await survivor(node), await node.run(`sha256sum ${CONFIG}`)];

  const first = await node.exec(`${CURRENT} bootstrap`);

  expect(first.exitCode, first.output).toBe(2);
  expect(first.output).toContain('made to fail');
  expect(await node.run('systemctl is-active containerd')).toBe('active');
  expect([await survivor(node), await node.run(`sha256sum ${CONFIG}`)]).toEqual(before);
  const run = await node.run('systemctl show -P InvocationID containerd');
  expect((await node.exec(`${CURRENT} bootstrap`)).output).toContain('RuntimeRestartFailed');
  expect(await node.run('systemctl show -P InvocationID containerd')).toBe(run);
});

nodeScenario('a node with a pod waits for its approval, and a kill at any moment loses nothing', 15, async (nodes) => {
  const obstacle = kubeletObstacle();
  if (obstacle !== undefined) return note(`left out: ${obstacle}`);
  const node = await nodes.pristine();
  await startKubelet(node, { containerd: 'cgroupfs', kubelet: 'cgroupfs' });
  await node.put(KUBELET_CONFIG, kubelet);
  await node.run('systemctl restart kubelet');
  await startSurvivor(node);
  await expect.poll(() => node.run(TREES), { timeout: 90_000, interval: 500 }).toBe('kubepods');
  const before = await survivor(node);
  await install(node);
  const pending = async () => (await node.exec('nodeprep status')).output;
  await expect.poll(pending, { timeout: 60_000, interval: 500 }).toContain('AwaitingApproval');
  expect(await node.run(`cat ${CONFIG} ${KUBELET_CONFIG}`)).toBe(`${containerdConfig('cgroupfs')}${kubelet}`.trimEnd());

  await node.run('nodeprep approve');
  const begin = performance.now();
  const isMoved = async () => (await node.exec('nodeprep status --condition CgroupReady')).exitCode;
  let kills = 0;
  for (; kills < 12 && (await isMoved()) !== 0; kills += 1) {
    await sleep(Math.random() * 900);
    await node.run(
      'systemctl kill -s KILL nodeprep || true; systemctl reset-failed nodeprep; systemctl start nodeprep',
    );
  }
  await expect.poll(isMoved, { timeout: 120_000, interval: 500 }).toBe(0);
  note(`moved in ${Math.round((performance.now() - begin) / 1000)} s with ${kills} kills`);

  expect(await node.run(`grep -c 'SystemdCgroup = true' ${CONFIG}; grep cgroupDriver ${KUBELET_CONFIG}`)).toBe(
    '1\ncgroupDriver: systemd',
  );
  await expect.poll(() => node.run(TREES), { timeout: 60_000, interval: 500 }).toBe('kubepods.slice');
  expect(await node.run('systemctl is-active kubelet containerd')).toBe('active\nactive');
  expect(await node.run('ls /run/systemd/transient | grep nodeprep-kubelet || true')).toBe('');
  expect(await survivor(node)).toBe(before);
});
