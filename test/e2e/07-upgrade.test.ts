/** Point 7: a newer build takes over a host with its state; the last good executable stays. */
import { expect } from 'vitest';
import { CURRENT, note, PREVIOUS, scenario } from './harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET } from './harness/world.ts';

const FINGERPRINT = 'sha256sum <"$(readlink -f /usr/local/bin/nodeprep)"';

scenario(
  'an upgrade keeps spec, state and the last good executable, and what was before NodePrep still comes back',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    note(`upgrade from ${machines.previous}`);
    const fstab = await machine.run('cat /etc/fstab');
    await machine.run(`${PREVIOUS} install`, { timeoutMs: 300_000 });
    await expectReady(machine);
    await machine.run(`echo '# ours to keep' >>/etc/nodeprep/nodeprep.yaml`);
    const before = await machine.run(FINGERPRINT);
    const spec = await machine.run('cat /etc/nodeprep/nodeprep.yaml');
    const ledger = JSON.parse(await machine.run('cat /var/lib/nodeprep/ledger.json')) as { areas: object };

    await machine.run(`${CURRENT} install`, { timeoutMs: 300_000 });

    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    expect(await machine.run(FINGERPRINT)).not.toBe(before);
    expect(await machine.run('sha256sum </usr/local/lib/nodeprep/previous/nodeprep')).toBe(before);
    expect(await machine.run('readlink /proc/$(systemctl show -P MainPID nodeprep)/exe')).toBe(
      await machine.run('readlink -f /usr/local/bin/nodeprep'),
    );
    expect(await machine.run('cat /etc/nodeprep/nodeprep.yaml')).toBe(spec);
    expect(originalsOf(JSON.parse(await machine.run('cat /var/lib/nodeprep/ledger.json')))).toEqual(
      originalsOf(ledger),
    );

    await machine.reboot();
    await expectReady(machine);
    expect(await machine.run('cat /run/stand-in.kubelet')).toContain(READY_FOR_KUBELET);

    const removed = await machine.exec('nodeprep uninstall --purge', { timeoutMs: 240_000 });
    expect(removed.exitCode, removed.output).toBe(0);
    expect(await machine.run('cat /etc/fstab')).toBe(fstab);
    expect(
      await machine.run(
        `find / -xdev -iname '*nodeprep*' -not -path '/proc/*' -not -path '/var/log/*' -not -path '/opt/e2e/*'`,
      ),
    ).toBe('');
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
