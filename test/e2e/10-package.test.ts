/** The Debian package: the same results, and the same way back, with the tools of the distribution. */
import { expect } from 'vitest';
import { NEWER_PACKAGE, note, PACKAGE, scenario } from './harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET } from './harness/world.ts';

/** Everything that the package or the program may leave behind, and what they may change. */
const TRACES = `find / -xdev -iname '*nodeprep*' -not -path '/proc/*' -not -path '/opt/e2e/*' -not -path '/var/log/*'
  cat /etc/fstab; find /etc/systemd/system /etc/sysctl.d /etc/modules-load.d /etc/udev/rules.d | sort`;
const INSTALL = { timeoutMs: 400_000 };

scenario(
  'the Debian package makes a host ready, upgrades with spec and state, and a purge leaves nothing',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    const before = await machine.run(TRACES);
    // A minimal host lacks the one library that the package depends on.
    await machine.run(`dpkg -i /var/cache/reinstall/libatomic1_*.deb`);

    await machine.run(`dpkg -i ${PACKAGE}`, INSTALL);
    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    // The image is told to leave out documents of every package.
    const differing = "dpkg --verify nodeprep | grep -Ev ' /usr/share/(doc|man)/'";
    expect(await machine.run(`dpkg --audit; ${differing}; true`)).toBe('');
    const version = await machine.run("dpkg-query -W -f '${Version}' nodeprep");

    await machine.run(`echo '# ours to keep' >>/etc/nodeprep/nodeprep.yaml`);
    const spec = await machine.run('cat /etc/nodeprep/nodeprep.yaml');
    await machine.run(`dpkg -i ${NEWER_PACKAGE}`, INSTALL);
    await expectReady(machine);
    expect(await machine.run("dpkg-query -W -f '${Version}' nodeprep")).toBe(`${version}+newer`);
    expect(await machine.run('cat /etc/nodeprep/nodeprep.yaml')).toBe(spec);
    expect(await machine.run('readlink /proc/$(systemctl show -P MainPID nodeprep)/exe')).toBe(
      '/usr/lib/nodeprep/nodeprep',
    );

    await machine.reboot();
    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    expect(await machine.run('cat /run/stand-in.kubelet')).toContain(READY_FOR_KUBELET);

    const purged = await machine.run('dpkg --purge nodeprep 2>&1', INSTALL);
    note(`purge: ${purged.split('\n').slice(-4).join(' | ')}`);
    expect(await machine.run(TRACES)).toBe(before);
    expect(await machine.run('systemctl list-units --all --no-legend "nodeprep*"')).toBe('');
  },
);
