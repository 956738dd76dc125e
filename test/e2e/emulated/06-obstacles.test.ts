/** Point 6: what stands in the way is said, the host stays usable, and NodePrep recovers when it is gone. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { expectUsable, waitUntilGood } from '../harness/obstacle.ts';
import { scenario } from '../harness/scenario.ts';
import { brief, expectCondition, expectReady, reported } from '../harness/world.ts';

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
