/** Point 6: what stands in the way is said, the host stays usable, and NodePrep recovers when it is gone. */
import { expect } from 'vitest';
import type { Machine } from './harness/machine.ts';
import { note, scenario } from './harness/scenario.ts';
import {
  brief,
  expectCondition,
  expectReady,
  LIVE_AS_DECLARED,
  live,
  READY_FOR_KUBELET,
  reported,
} from './harness/world.ts';

const SYSCTL_FILE = '/etc/sysctl.d/99-zz-nodeprep.conf';

/** The host answers, and its services can be asked. */
async function expectUsable(machine: Machine): Promise<void> {
  expect(await machine.run('systemctl is-active kubelet containerd')).toBe('active\nactive');
}

async function waitUntilGood(machine: Machine, what: string): Promise<void> {
  const begin = performance.now();
  // Waits that failed become longer; the longest comes with the next full look, after five minutes.
  await expectReady(machine, 400_000);
  note(`${what}: ready again ${((performance.now() - begin) / 1000).toFixed(1)} s after the cause was gone`);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
}

scenario(
  'a full disk is reported, and what could not be written is written when there is room',
  15,
  async (machines) => {
    const machine = await machines.installed();
    const good = await machine.run(`cat ${SYSCTL_FILE}`);
    // Also the reserve of root, and the blocks that the removed file gives back.
    await machine.run(`systemctl stop nodeprep; rm ${SYSCTL_FILE}; sync
    fallocate -l $(df --output=avail -B1 / | tail -1) /filler; dd if=/dev/zero of=/filler2 bs=1M status=none 2>/dev/null
    dd if=/dev/zero of=/filler3 bs=4k status=none 2>/dev/null
    systemctl start nodeprep`);

    const message = await expectCondition(machine, 'Degraded', 'True ApplyFailed');
    note(`full disk: ${message}`);
    expect(message).toMatch(/space|ENOSPC/i);
    await expectUsable(machine);

    await machine.run('rm -f /filler*');
    await waitUntilGood(machine, 'full disk');
    expect(await machine.run(`cat ${SYSCTL_FILE}`)).toBe(good);
  },
);

scenario(
  'a read-only /etc is reported, live values are kept right, and files follow when it can be written',
  15,
  async (machines) => {
    const machine = await machines.installed();
    await machine.run(`systemctl stop nodeprep; rm ${SYSCTL_FILE}; sysctl -qw net.ipv4.ip_forward=0
    mount --bind /etc /etc && mount -o remount,bind,ro /etc; systemctl start nodeprep`);

    const message = await expectCondition(machine, 'Degraded', 'True PermissionDenied');
    note(`read-only /etc: ${message}`);
    expect(message).toMatch(/read-only|EROFS/i);
    expect(await machine.run('cat /proc/sys/net/ipv4/ip_forward')).toBe('1');
    await expectUsable(machine);

    await machine.run('umount /etc; [ -w /etc/fstab ]');
    await waitUntilGood(machine, 'read-only /etc');
    expect((await machine.exec(`test -s ${SYSCTL_FILE}`)).exitCode).toBe(0);
  },
);

scenario('a missing modprobe is reported by name, and the module is loaded when it is back', 15, async (machines) => {
  const machine = await machines.installed();
  await machine.run(
    'systemctl stop nodeprep; modprobe -r br_netfilter; mv /usr/sbin/modprobe /usr/sbin/modprobe.away; systemctl start nodeprep',
  );

  const message = await expectCondition(machine, 'Degraded', 'True HostUnsupported');
  note(`no modprobe: ${message}`);
  expect(message).toContain('modprobe');
  await expectUsable(machine);

  await machine.run('mv /usr/sbin/modprobe.away /usr/sbin/modprobe');
  await waitUntilGood(machine, 'no modprobe');
});

scenario(
  'swap that does not fit into memory stays on and is reported with numbers; it goes when memory is free',
  15,
  async (machines) => {
    const machine = await machines.installed();
    // Swap holds pages of a file in memory that is larger than the rest of memory.
    await machine.run(
      `systemctl stop nodeprep; swapon /dev/vda2; mkdir -p /m; mount -t tmpfs -o size=460m none /m
    head -c 430M /dev/urandom >/m/x; cat /proc/swaps; grep -E 'MemAvailable|SwapFree' /proc/meminfo; systemctl start nodeprep`,
      { timeoutMs: 300_000 },
    );

    const message = await expectCondition(machine, 'SwapReady', 'False SwapoffUnsafe', 240_000);
    note(`low memory: ${message}`);
    expect(message).toMatch(/\d+(\.\d+)? ?[MG]iB/);
    expect(await machine.run('cat /proc/swaps')).toContain('/dev/vda2');
    await expectUsable(machine);

    await machine.run('umount /m');
    await waitUntilGood(machine, 'low memory');
  },
);

scenario(
  'a swapoff that hangs is reported while it hangs, and swap is off when it does not hang any more',
  15,
  async (machines) => {
    const machine = await machines.installed();
    await expectReady(machine);
    await machine.run(`mv /usr/sbin/swapoff /usr/sbin/swapoff.away; printf '#!/bin/sh\nexec sleep 10000\n' >/usr/sbin/swapoff; chmod 755 /usr/sbin/swapoff
    swapon /dev/vda2`);
    const begin = performance.now();

    const message = await expectCondition(machine, 'Progressing', 'True Applying');
    note(`hanging swapoff: reported after ${((performance.now() - begin) / 1000).toFixed(1)} s: ${message}`);
    expect(message).toContain('/dev/vda2');
    expect(brief(await reported(machine))).toMatchObject({
      Ready: 'False DriftDetected',
      Drifted: 'True SwapReenabled',
      SwapReady: 'False Drifted',
      SysctlsReady: 'True AsExpected',
    });
    await expectUsable(machine);

    await machine.run(`mv -f /usr/sbin/swapoff.away /usr/sbin/swapoff; pkill -f 'sleep 10000'`);
    await waitUntilGood(machine, 'hanging swapoff');
  },
);

/** Takes the bridge's module and the program that loads it away, and starts the kubelet as a boot does: after the bootstrap. */
async function startKubeletUnready(machine: Machine): Promise<void> {
  await machine.run(`systemctl stop kubelet nodeprep nodeprep-bootstrap; rm -f /run/stand-in.kubelet
    modprobe -r br_netfilter; mv /usr/sbin/modprobe /usr/sbin/modprobe.away
    systemctl start --no-block kubelet`);
}

async function expectSaid(machine: Machine, text: string): Promise<void> {
  const journal = 'journalctl -u nodeprep-bootstrap -o cat --no-pager';
  await expect
    .poll(async () => (await machine.exec(journal)).output, { timeout: 240_000, interval: 1000 })
    .toContain(text);
}

/** The kubelet has started, and this is what it found. */
async function expectKubeletFound(machine: Machine, text: string): Promise<void> {
  await expect
    .poll(async () => (await machine.exec('cat /run/stand-in.kubelet')).output, { timeout: 120_000, interval: 500 })
    .toContain(text);
}

scenario(
  'a host that cannot be made ready holds the kubelet back with Block, and with Degrade lets it start and says so',
  15,
  async (machines) => {
    const machine = await machines.installed();
    await machine.run('sed -i s/Degrade/Block/ /etc/nodeprep/nodeprep.yaml; grep -q Block /etc/nodeprep/nodeprep.yaml');
    await startKubeletUnready(machine);

    await expectSaid(machine, 'the kubelet is held back');
    expect((await machine.exec('systemctl is-active kubelet nodeprep-bootstrap')).output).toBe(
      'inactive\nactivating\n',
    );
    await machine.run('mv /usr/sbin/modprobe.away /usr/sbin/modprobe');
    await expectSaid(machine, 'This host is ready, the kubelet may start');
    await expectKubeletFound(machine, READY_FOR_KUBELET);

    await machine.run('sed -i s/Block/Degrade/ /etc/nodeprep/nodeprep.yaml');
    await startKubeletUnready(machine);

    await expectSaid(machine, 'the kubelet starts anyway');
    await expectKubeletFound(machine, 'bridge=absent');
    await machine.run('mv /usr/sbin/modprobe.away /usr/sbin/modprobe; systemctl start nodeprep');
    await waitUntilGood(machine, 'the kubelet started before the host was ready');
  },
);
