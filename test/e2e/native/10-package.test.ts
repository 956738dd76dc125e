/** The Debian package: the same results, and the same way back, with the tools of the distribution. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { NEWER_PACKAGE, PACKAGE, nodeScenario } from '../harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET } from '../harness/world.ts';

/** Everything that the package or the program may leave behind, and what they may change. */
const TRACES = `find / -xdev -iname '*nodeprep*' -not -path '/proc/*' -not -path '/opt/e2e/*' -not -path '/var/log/*'
  cat /etc/fstab; find /etc/systemd/system /etc/sysctl.d /etc/modules-load.d /etc/udev/rules.d | sort`;
const INSTALL = { timeoutMs: 400_000 };

nodeScenario(
  'the Debian package makes a host ready, upgrades with spec and state, and a purge leaves nothing',
  20,
  async (nodes) => {
    const node = await nodes.pristine();
    const before = await node.run(TRACES);
    // A minimal host lacks the one library that the package depends on.
    await node.run(`dpkg -i /var/cache/reinstall/libatomic1_*.deb`);

    await node.run(`dpkg -i ${PACKAGE}`, INSTALL);
    await expectReady(node);
    expect(await live(node)).toBe(LIVE_AS_DECLARED);
    expect(await node.run('dpkg --audit; dpkg --verify nodeprep')).toBe('');
    const version = await node.run("dpkg-query -W -f '${Version}' nodeprep");

    await node.run(`echo '# ours to keep' >>/etc/nodeprep/nodeprep.yaml`);
    const spec = await node.run('cat /etc/nodeprep/nodeprep.yaml');
    await node.run(`dpkg -i ${NEWER_PACKAGE}`, INSTALL);
    await expectReady(node);
    expect(await node.run("dpkg-query -W -f '${Version}' nodeprep")).toBe(`${version}+newer`);
    expect(await node.run('cat /etc/nodeprep/nodeprep.yaml')).toBe(spec);
    expect(await node.run('readlink /proc/$(systemctl show -P MainPID nodeprep)/exe')).toBe(
      '/usr/lib/nodeprep/nodeprep',
    );

    await node.reboot();
    await expectReady(node);
    expect(await live(node)).toBe(LIVE_AS_DECLARED);
    expect(await node.run('cat /run/stand-in.kubelet')).toContain(READY_FOR_KUBELET);

    const purged = await node.run('dpkg --purge nodeprep 2>&1', INSTALL);
    note(`purge: ${purged.split('\n').slice(-4).join(' | ')}`);
    expect(await node.run(TRACES)).toBe(before);
    expect(await node.run('systemctl list-units --all --no-legend "nodeprep*"')).toBe('');
  },
);
