/**
 * The cgroup driver of real systems is changed: a real containerd with running containers, a real kubelet with a pod that
 * no drain takes away.
 */
import { cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject } from 'vitest';
import { clusterObstacle } from '../../apiserver/harness/controllers.ts';
import { newFolder } from '../harness/cache.ts';
import { writeImageArchive } from '../harness/kubernetes/image-archive.ts';
import { IDLE_IMAGE, RUNC } from '../harness/kubernetes/join.ts';
import type { NativeNode } from '../harness/native/node.ts';
import { ensureTree } from '../harness/native/tree.ts';
import { note } from '../harness/note.ts';
import { CURRENT, install, nodeScenario } from '../harness/scenario.ts';

const CONFIG = '/etc/containerd/config.toml';
const KUBELET_CONFIG = '/var/lib/kubelet/config.yaml';
const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  cgroup: {driver: systemd, controllers: [memory]}
`;
const containerd = `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IDLE_IMAGE}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      BinaryName = "/usr/local/sbin/runc-here"
`;
const kubelet = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
cgroupDriver: cgroupfs
staticPodPath: /etc/kubernetes/manifests
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
evictionHard: {nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%", memory.available: 50Mi}
`;
const KUBELET_UNIT = `[Unit]
After=containerd.service
StartLimitIntervalSec=0
[Service]
ExecStartPre=-/bin/mknod /dev/kmsg c 1 11
ExecStart=/usr/local/bin/kubelet --config=${KUBELET_CONFIG} --container-runtime=remote \\
  --container-runtime-endpoint=unix:///run/containerd/containerd.sock
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
`;
const POD = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'idle', namespace: 'default' } },
  spec: { hostNetwork: true, containers: [{ name: 'idle', image: IDLE_IMAGE, imagePullPolicy: 'Never' }] },
};

/** Makes containerd refuse to start with the driver systemd; the same text passes "config dump". */
const OBSTACLE = `[Service]
ExecStartPre=/bin/sh -c "! grep -q 'SystemdCgroup = true' ${CONFIG} || { echo 'containerd: made to fail'; exit 1; }"
`;

/** Trees with processes of pods, on whichever hierarchy this kernel has. */
const TREES = `for f in $(find /sys/fs/cgroup -path '*kubepods*' -name cgroup.procs); do
  [ ! -s $f ] || echo $f; done | grep -oE '/kubepods(\\.slice)?/' | sort -u | tr -d '/\\n'`;

/** Gives a node the real containerd and one container that is not of Kubernetes. */
async function startContainerd(node: NativeNode): Promise<void> {
  const folder = newFolder('cluster');
  try {
    const root = join(folder, 'root');
    mkdirSync(join(root, 'bin'), { recursive: true });
    cpSync(join(await ensureTree('bookworm'), 'bin/busybox'), join(root, 'bin/busybox'));
    for (const name of ['sh', 'sleep']) symlinkSync('busybox', join(root, 'bin', name));
    const wait = 'trap exit TERM INT; while :; do sleep 1000 & wait $!; done';
    writeImageArchive(join(folder, 'idle.tar'), IDLE_IMAGE, root, { Entrypoint: ['/bin/sh', '-c', wait] });
    node.copy(join(folder, 'idle.tar'), '/var/tmp');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  await node.put(CONFIG, containerd);
  await node.put('/usr/local/sbin/runc-here', RUNC);
  await node.put('/etc/nodeprep/nodeprep.yaml', SPEC);
  await node.run(
    `chmod 755 /usr/local/sbin/runc-here; rm -f /etc/systemd/system/containerd.service; [ -e /dev/kmsg ] || mknod /dev/kmsg c 1 11
    systemctl daemon-reload; systemctl stop kubelet; systemctl -q enable containerd; systemctl restart containerd
    for namespace in default k8s.io; do ctr -n $namespace image import /var/tmp/idle.tar; done
    ctr run -d ${IDLE_IMAGE} survivor`,
    { timeoutMs: 180_000 },
  );
}

const survivor = (node: NativeNode) => node.run(`ctr task ls | awk '$1 == "survivor" { print $2, $3 }'`);

nodeScenario('a host that is no node yet gets the driver, and no container notices', 10, async (nodes) => {
  const node = await nodes.pristine();
  await startContainerd(node);
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
  await startContainerd(node);
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
  const { assets, skipped } = inject('controlPlane');
  const obstacle = skipped ?? clusterObstacle(assets.full);
  const programs = assets.full?.controllers;
  if (obstacle !== undefined || programs === undefined) return note(`left out: ${obstacle ?? 'there is no kubelet'}`);
  const node = await nodes.pristine();
  await startContainerd(node);
  await node.put(KUBELET_CONFIG, kubelet);
  await node.put('/etc/kubernetes/manifests/idle.json', JSON.stringify(POD));
  await node.put('/etc/systemd/system/kubelet.service', KUBELET_UNIT);
  node.copy(join(programs, 'kubelet'), '/usr/local/bin');
  await node.run('systemctl daemon-reload; systemctl -q enable kubelet; systemctl start kubelet');
  await expect.poll(() => node.run(TREES), { timeout: 90_000, interval: 500 }).toBe('kubepods');
  const before = await survivor(node);
  await install(node);
  const pending = async () => (await node.exec('nodeprep status')).output;
  await expect.poll(pending, { timeout: 60_000, interval: 500 }).toContain('AwaitingApproval');
  expect(await node.run(`cat ${CONFIG} ${KUBELET_CONFIG}`)).toBe(`${containerd}${kubelet}`.trimEnd());

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
