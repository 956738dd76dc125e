/** Point 2: swap from every source at once goes off, stays off, and comes back as it was, with either version of cgroup. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { install, PREVIOUS, scenario } from '../harness/scenario.ts';
import {
  expectPreviousReady,
  expectReady,
  expectReadyBeforeKubelet,
  LIVE_AS_DECLARED,
  live,
} from '../harness/world.ts';

/** Names, types, sizes and priorities; not what is used at the moment. */
const SWAPS = `tail -n +2 /proc/swaps | awk '{ print $1, $2, $3, $5 }' | sort`;
/** Everything on disk that decides about swap, with modes and owners. */
const SOURCES = `cat /etc/fstab /etc/systemd/zram-generator.conf; stat -c '%n %a %U %G' /etc/fstab /etc/systemd/zram-generator.conf
  find /etc/systemd/system /etc/systemd/zram-generator.conf.d -name '*swap*' -o -name '*zram*' 2>/dev/null | sort`;

scenario(
  'swap on a partition, in fstab, in a file and on zram is off, also after an upgrade and a boot, and comes back with uninstall',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    await machine.run(`dd if=/dev/zero of=/swapfile bs=1M count=32 status=none && chmod 600 /swapfile && mkswap -q /swapfile
    printf '/swapfile  none\tswap  sw,pri=5 0 0 # added by hand\n' >>/etc/fstab
    systemctl daemon-reload && systemctl start swapfile.swap`);
    const swapsBefore = await machine.run(SWAPS);
    const sourcesBefore = await machine.run(SOURCES);
    expect(swapsBefore).toMatch(/^\/dev\/vda2 [^]*\/dev\/zram0 [^]*\/swapfile /m);

    await machine.run(`${PREVIOUS} install`, { timeoutMs: 300_000 });
    await expectPreviousReady(machine);
    expect(await machine.run(SWAPS)).toBe('');
    // What the earlier build has recorded is what this one gives back.
    await install(machine);
    await expectReady(machine);
    expect(await machine.run(SWAPS)).toBe('');

    await machine.reboot();
    await expectReady(machine);
    expect(await machine.run(SWAPS)).toBe('');
    expect(await machine.run('cat /run/stand-in.kubelet')).toContain('swaps=0');
    // The generator for GPT partitions must not bring it back on a later reload either.
    await machine.run(
      'systemctl daemon-reload; systemctl start swap.target 2>/dev/null; udevadm trigger; udevadm settle',
    );
    expect(await machine.run(SWAPS)).toBe('');

    const removed = await machine.exec('nodeprep uninstall', { timeoutMs: 180_000 });
    note(`uninstall: ${removed.output.trim().split('\n').slice(-6).join(' | ')}`);
    expect(removed.exitCode).toBe(0);
    expect(await machine.run(SOURCES)).toBe(sourcesBefore);
    note(`swap live after uninstall: ${(await machine.run(SWAPS)).replaceAll('\n', ', ')}`);

    await machine.reboot();
    expect(await machine.run(SWAPS)).toBe(swapsBefore);
    expect(await machine.run(SOURCES)).toBe(sourcesBefore);
  },
);

scenario(
  'with cgroup v1, a host is ready and stays so after a boot; swap that only the GPT generator turns on comes back with uninstall',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    // The generator makes no unit as long as fstab has any swap.
    await machine.run(`sed -i '/swap/d' /etc/fstab; rm /etc/systemd/zram-generator.conf`);
    await machine.run('sync');
    await machine.powerCycle('systemd.unified_cgroup_hierarchy=0');
    expect(await machine.run('stat -fc %T /sys/fs/cgroup')).toBe('tmpfs');
    const swapsBefore = await machine.run(SWAPS);
    expect(swapsBefore).toMatch(/^\/dev\/vda2 \S+ \S+ \S+$/);
    expect(await machine.run('systemctl show -P FragmentPath dev-vda2.swap')).toContain('/run/systemd/generator.late/');

    await install(machine);
    await expectReady(machine);
    expect(await machine.run(SWAPS)).toBe('');
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    await machine.reboot();
    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    await expectReadyBeforeKubelet(machine);
    expect(await machine.run('stat -fc %T /sys/fs/cgroup')).toBe('tmpfs');

    await machine.run('nodeprep uninstall', { timeoutMs: 180_000 });
    await machine.reboot();
    expect(await machine.run(SWAPS)).toBe(swapsBefore);
  },
);
