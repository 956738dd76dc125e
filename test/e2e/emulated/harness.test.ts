/** The harness itself: what every scenario relies on. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { scenario } from '../harness/scenario.ts';

scenario(
  'a pristine machine is restored in about a second, keeps files over a reboot and loses what was not flushed at a power cut',
  15,
  async (machines) => {
    const begin = performance.now();
    const machine = await machines.pristine();
    note(`restored in ${Math.round(performance.now() - begin)} ms`);

    expect((await machine.exec('echo out; echo err >&2; exit 3')).exitCode).toBe(3);
    await machine.put('/root/kept', 'ä "$x"\n');
    expect(await machine.run('cat /root/kept; ls /opt/e2e/current/nodeprep; tail -n +2 /proc/swaps | wc -l')).toContain(
      'ä "$x"\n/opt/e2e/current/nodeprep\n2',
    );
    await machine.run('sync');
    const boot = await machine.run('cat /proc/sys/kernel/random/boot_id');

    const before = performance.now();
    await machine.reboot();
    note(`rebooted in ${Math.round(performance.now() - before)} ms`);
    expect(await machine.run('cat /proc/sys/kernel/random/boot_id')).not.toBe(boot);

    await machine.run('echo lost >/root/lost');
    await machine.powerCycle();
    expect(await machine.run('cat /root/kept')).toContain('ä');
    expect((await machine.exec('grep -q lost /root/lost')).exitCode).not.toBe(0);
    note(
      await machine.run(
        'cat /proc/swaps; cat /run/stand-in.*; systemctl --failed --no-legend; free -m; systemd-analyze',
      ),
    );
  },
);
