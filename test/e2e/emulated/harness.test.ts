/** The harness itself: what every scenario relies on. */
import { createServer } from 'node:net';
import { expect } from 'vitest';
import { CONNECT, OUTSIDE } from '../harness/qemu-arguments.ts';
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

scenario(
  'a machine reaches one port of this side, by several connections at once, and no other',
  5,
  async (machines) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      // Answers only when the other connection is there, too.
      server.getConnections((_, count) => (count > 1 ? server.emit('two') : undefined));
      server.once('two', () => socket.end('from outside\n'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const outsidePort = address !== null && typeof address === 'object' ? address.port : 0;
    try {
      const machine = await machines.pristine({ outsidePort });
      const tcp = `/dev/tcp/${OUTSIDE.replace(':', '/')}`;
      expect((await machine.exec(`exec 3<>${tcp}`)).exitCode).not.toBe(0);

      await machine.run(CONNECT);

      expect(
        await machine.run(`exec 3<>${tcp} 4<>${tcp}; read -t 60 -r a <&3; read -t 60 -r b <&4; echo "$a, $b"`),
      ).toBe('from outside, from outside');
      const other = `timeout 5 bash -c 'exec 3<>/dev/tcp/10.0.2.2/${outsidePort}'`;
      expect((await machine.exec(other)).exitCode).not.toBe(0);
    } finally {
      server.close();
    }
  },
);
