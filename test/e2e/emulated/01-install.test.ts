/** Point 1 with a kernel: modules, parameters and swap are as declared after the installation, and at every boot. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { install, scenario } from '../harness/scenario.ts';
import { expectReady, expectReadyBeforeKubelet, expectStartedFirst, LIVE_AS_DECLARED, live } from '../harness/world.ts';

scenario(
  'modules, parameters and swap are as declared after install, at each boot before the kubelet starts, and without NodePrep',
  20,
  async (machines) => {
    const machine = await machines.pristine();
    const begin = performance.now();
    await install(machine);
    note(`install until ready: ${((performance.now() - begin) / 1000).toFixed(1)} s`);
    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);

    await machine.reboot();

    await expectReady(machine);
    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    await expectReadyBeforeKubelet(machine);
    await expectStartedFirst(machine);

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
