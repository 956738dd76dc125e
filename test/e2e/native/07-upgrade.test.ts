/** Point 7: a newer build takes over a host with its state; the last good executable stays. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { CURRENT, PREVIOUS, previousBuild, nodeScenario } from '../harness/scenario.ts';
import { expectPreviousReady, expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET } from '../harness/world.ts';

/** Which swap there is, and every file that decides about it or about parameters and modules. */
const SWAP = `tail -n +2 /proc/swaps | awk '{ print $1, $2, $3, $5 }' | sort`;
const FILES = `sha256sum /etc/fstab /etc/systemd/zram-generator.conf; find /etc/sysctl.d /etc/modules-load.d /etc/modprobe.d \
  /etc/systemd/system /etc/udev/rules.d ! -type d -printf '%p %y %m %l\n' | sort`;
/** A parameter that uninstall brings back at once; those of the profile wait for a boot, as they could cut a node off. */
const RETRIES = 'cat /proc/sys/net/ipv4/tcp_retries2';
const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
    - name: net.ipv4.tcp_retries2
      value: 8
`;
const FINGERPRINT = 'sha256sum <"$(readlink -f /usr/local/bin/nodeprep)"';

nodeScenario(
  'an upgrade from an earlier build keeps its spec, state and executable, and what it recorded comes back with uninstall',
  20,
  async (nodes) => {
    const node = await nodes.pristine();
    note(`upgrade from ${previousBuild()}`);
    const originals = { live: await live(node), swap: await node.run(SWAP), files: await node.run(FILES) };
    expect(originals.live).not.toBe(LIVE_AS_DECLARED);
    const retries = await node.run(RETRIES);
    await node.put('/root/node.yaml', SPEC);
    await node.run(`${PREVIOUS} install --file /root/node.yaml`, { timeoutMs: 300_000 });
    await expectPreviousReady(node);
    await node.run(`echo '# ours to keep' >>/etc/nodeprep/nodeprep.yaml`);
    const before = await node.run(FINGERPRINT);
    const spec = await node.run('cat /etc/nodeprep/nodeprep.yaml');
    const version = await node.run('nodeprep version');
    const ledger = originalsOf(JSON.parse(await node.run('cat /var/lib/nodeprep/ledger.json')));
    note(`${version} recorded ${Object.keys(ledger).length} originals`);
    expect(Object.keys(ledger).length).toBeGreaterThan(5);

    await node.run(`${CURRENT} install`, { timeoutMs: 300_000 });

    await expectReady(node);
    note(`upgraded to ${await node.run('nodeprep version')}`);
    expect(await live(node)).toBe(LIVE_AS_DECLARED);
    expect(await node.run(FINGERPRINT)).not.toBe(before);
    expect(await node.run('sha256sum </usr/local/lib/nodeprep/previous/nodeprep')).toBe(before);
    expect(await node.run('readlink /proc/$(systemctl show -P MainPID nodeprep)/exe')).toBe(
      await node.run('readlink -f /usr/local/bin/nodeprep'),
    );
    expect(await node.run('cat /etc/nodeprep/nodeprep.yaml')).toBe(spec);
    // A newer build may manage more; what the older one recorded stays as it was.
    expect(originalsOf(JSON.parse(await node.run('cat /var/lib/nodeprep/ledger.json')))).toMatchObject(ledger);

    await node.reboot();
    await expectReady(node);
    expect(await node.run('cat /run/stand-in.kubelet')).toContain(READY_FOR_KUBELET);
    expect(await node.run(RETRIES)).toBe('8');

    const removed = await node.exec('nodeprep uninstall --purge', { timeoutMs: 240_000 });
    expect(removed.exitCode, removed.output).toBe(0);
    // After a boot as declared nothing but the record of the older build knows what this was.
    expect(await node.run(RETRIES)).toBe(retries);
    expect(await node.run(FILES)).toBe(originals.files);
    expect(
      await node.run(
        `find / -xdev -iname '*nodeprep*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/opt/e2e/*'`,
      ),
    ).toBe('');

    await node.reboot();
    expect({ live: await live(node), swap: await node.run(SWAP), files: await node.run(FILES) }).toEqual(originals);
  },
);

/** Every original by its area and name. */
function originalsOf(ledger: { areas: object }): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(ledger.areas).flatMap(([area, entries]) =>
      Object.entries(entries as Record<string, { original?: unknown }>).map(([key, entry]) => [
        `${area} ${key}`,
        entry.original,
      ]),
    ),
  );
}
