/** Point 1: a host is ready after the installation, and at every boot before a kubelet starts. */
import { expect } from 'vitest';
import { install, note, scenario } from './harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET, startOrder } from './harness/world.ts';
import type { Machine } from './harness/machine.ts';

const UNITS = ['nodeprep-bootstrap.service', 'containerd.service', 'kubelet.service', 'nodeprep.service'];

/** What systemd 252 says of the units. Lower it when one more door is closed; the units say why others stay open. */
const EXPOSURE = 4.2;

/** How open systemd finds a unit, from 0 to 10, and what makes it so. */
async function security(machine: Machine, unit: string): Promise<{ exposure: number; exceptions: readonly string[] }> {
  const text = await machine.run(
    `SYSTEMD_COLORS=0 systemd-analyze security --no-pager ${unit} | grep -E "Overall| [0-9][.][0-9]$"`,
  );
  return {
    exposure: Number(/Overall exposure level for \S+: ([0-9.]+)/.exec(text)?.[1] ?? Number.NaN),
    exceptions: text.split('\n').flatMap((line) => /^\S*\s*([A-Z][A-Za-z]+=\S*).* [0-9]\.[0-9]$/.exec(line)?.[1] ?? []),
  };
}

async function expectReadyBeforeKubelet(machine: Machine): Promise<void> {
  const standIns = await machine.run('cat /run/stand-in.containerd /run/stand-in.kubelet');
  expect(standIns.split('\n').map((line) => line.replace(/^uptime=\S+ /, ''))).toEqual([
    READY_FOR_KUBELET,
    READY_FOR_KUBELET,
  ]);
}

scenario(
  'a pristine host is ready after install, and after each boot before the kubelet starts',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    const begin = performance.now();
    await install(machine);
    note(`install until ready: ${((performance.now() - begin) / 1000).toFixed(1)} s`);

    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    expect(await machine.run('nodeprep version; systemctl is-enabled nodeprep-bootstrap nodeprep')).toMatch(
      /^nodeprep \d.*\nenabled\nenabled$/,
    );
    const again = await machine.exec('nodeprep install', { timeoutMs: 180_000 });
    expect(again).toMatchObject({ exitCode: 0, output: expect.stringContaining('was installed already') });
    for (const unit of ['nodeprep.service', 'nodeprep-bootstrap.service']) {
      const { exposure, exceptions } = await security(machine, unit);
      note(`systemd-analyze security ${unit}: ${exposure}; open on purpose: ${exceptions.join(', ')}`);
      expect(exposure).toBeLessThanOrEqual(EXPOSURE);
    }

    await machine.reboot();

    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    await expectReadyBeforeKubelet(machine);
    const order = await startOrder(machine, UNITS);
    note(`active after boot: ${order.map(({ unit, second }) => `${unit} ${second.toFixed(2)} s`).join(' < ')}`);
    expect(order[0]?.unit).toBe('nodeprep-bootstrap.service');
    expect(order.map(({ unit }) => unit).toSorted()).toEqual(UNITS.toSorted());
    const journal = await machine.run(
      'journalctl -b --no-pager -o short-monotonic -u nodeprep-bootstrap -u kubelet -u containerd | grep -E "ready|Finished|Started|stand-in"',
    );
    note(`journal:\n${journal}`);
    expect(journal.indexOf('Finished nodeprep-bootstrap')).toBeLessThan(journal.indexOf('Started kubelet'));
    expect(journal).toContain('Finished nodeprep-bootstrap');

    // Persistence alone: nothing of NodePrep runs at this boot.
    await machine.run(
      `systemctl disable -q --now nodeprep nodeprep-bootstrap
     for unit in nodeprep nodeprep-bootstrap; do
       mkdir -p /etc/systemd/system/$unit.service.d
       printf '[Unit]\\nConditionPathExists=/nowhere\\n' >/etc/systemd/system/$unit.service.d/off.conf
     done`,
    );
    await machine.reboot();

    expect((await machine.exec('systemctl is-active nodeprep nodeprep-bootstrap')).output).toBe('inactive\ninactive\n');
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    await expectReadyBeforeKubelet(machine);
    const plan = await machine.exec('nodeprep plan -o json');
    expect(JSON.parse(plan.output)).toMatchObject({ inSync: true, changes: [], blocked: [], conflicts: [] });
  },
);
