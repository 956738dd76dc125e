/** Point 6: what stands in the way is said, the host stays usable, and NodePrep recovers when it is gone. */
import { expect } from 'vitest';
import { SYSCTL_FILE } from '../harness/drift.ts';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { expectUsable, waitUntilGood } from '../harness/obstacle.ts';
import { nodeScenario } from '../harness/scenario.ts';
import { expectCondition } from '../harness/world.ts';

nodeScenario(
  'a full disk is reported, and what could not be written is written when there is room',
  5,
  async (nodes) => {
    const node = await nodes.installed({ diskMb: 400 });
    const good = await node.run(`cat ${SYSCTL_FILE}`);
    // Also the reserve of root, and the blocks that the removed file gives back.
    await node.run(`systemctl stop nodeprep; rm ${SYSCTL_FILE}; sync
    fallocate -l $(df --output=avail -B1 / | tail -1) /filler; dd if=/dev/zero of=/filler2 bs=1M status=none 2>/dev/null
    dd if=/dev/zero of=/filler3 bs=4k status=none 2>/dev/null
    systemctl start nodeprep`);

    const message = await expectCondition(node, 'Degraded', 'True ApplyFailed');
    note(`full disk: ${message}`);
    expect(message).toMatch(/space|ENOSPC/i);
    await expectUsable(node);

    await node.run('rm -f /filler*');
    await waitUntilGood(node, 'full disk');
    expect(await node.run(`cat ${SYSCTL_FILE}`)).toBe(good);
  },
);

nodeScenario(
  'a read-only /etc is reported, live values are kept right, and files follow when it can be written',
  5,
  async (nodes) => {
    const node = await nodes.installed();
    await node.run(`systemctl stop nodeprep; rm ${SYSCTL_FILE}; sysctl -qw net.ipv4.ip_forward=0
    mount --bind /etc /etc && mount -o remount,bind,ro /etc; systemctl start nodeprep`);

    const message = await expectCondition(node, 'Degraded', 'True PermissionDenied');
    note(`read-only /etc: ${message}`);
    expect(message).toMatch(/read-only|EROFS/i);
    expect(await node.run('cat /proc/sys/net/ipv4/ip_forward')).toBe('1');
    await expectUsable(node);

    await node.run('umount /etc; [ -w /etc/fstab ]');
    await waitUntilGood(node, 'read-only /etc');
    expect((await node.exec(`test -s ${SYSCTL_FILE}`)).exitCode).toBe(0);
  },
);

/** A parameter of an interface that is not there: what a host cannot be made ready with. */
const specWith = (onFailure: string) => `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  bootstrap: { onFailure: ${onFailure} }
  sysctls:
    - { name: net/ipv4/conf/e2e0/arp_ignore, value: 1 }
`;

/** Starts the kubelet as a boot does: after the bootstrap. */
async function startKubelet(node: Machine, onFailure: string): Promise<void> {
  await node.put('/etc/nodeprep/nodeprep.yaml', specWith(onFailure));
  await node.run(`systemctl stop kubelet nodeprep nodeprep-bootstrap; ip link delete e2e0 2>/dev/null
    systemctl start --no-block kubelet`);
}

/** The bootstrap that was started last says it. */
async function expectSaid(node: Machine, text: string): Promise<void> {
  const journal =
    'journalctl _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID nodeprep-bootstrap) -o cat --no-pager';
  await expect.poll(async () => (await node.exec(journal)).output, { timeout: 240_000, interval: 500 }).toContain(text);
}

async function expectActive(node: Machine, unit: string): Promise<void> {
  await expect
    .poll(async () => (await node.exec(`systemctl is-active ${unit}`)).output, { timeout: 120_000, interval: 500 })
    .toBe('active\n');
}

nodeScenario(
  'a host that cannot be made ready holds the kubelet back with Block, and with Degrade lets it start and says so',
  10,
  async (nodes) => {
    const node = await nodes.installed();
    await startKubelet(node, 'Block');

    await expectSaid(node, 'the kubelet is held back');
    expect((await node.exec('systemctl is-active kubelet nodeprep-bootstrap')).output).toBe('inactive\nactivating\n');
    await node.run('ip link add e2e0 type bridge');
    await expectSaid(node, 'This host is ready, the kubelet may start');
    await expectActive(node, 'kubelet');
    expect(await node.run('cat /proc/sys/net/ipv4/conf/e2e0/arp_ignore')).toBe('1');

    await startKubelet(node, 'Degrade');

    await expectSaid(node, 'the kubelet starts anyway');
    await expectActive(node, 'kubelet');
    await node.run('ip link add e2e0 type bridge; systemctl start nodeprep');
    await waitUntilGood(node, 'the kubelet started before the host was ready');
  },
);
