/** Point 8: the same results with cgroup v1 and on Debian 13. */
import { expect } from 'vitest';
import { ensureImage } from '../harness/image.ts';
import { bootMachine, type Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { install, scenario } from '../harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live, READY_FOR_KUBELET } from '../harness/world.ts';

async function expectSameResults(machine: Machine): Promise<void> {
  await install(machine);
  await expectReady(machine);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
  await machine.reboot();
  await expectReady(machine);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
  expect(await machine.run('cat /run/stand-in.kubelet')).toContain(READY_FOR_KUBELET);
}

scenario('a host booted with cgroup v1 becomes ready and stays so after a boot', 20, async (machines) => {
  const machine = await machines.pristine();
  await machine.powerCycle('systemd.unified_cgroup_hierarchy=0');
  expect(await machine.run('stat -fc %T /sys/fs/cgroup')).toBe('tmpfs');

  await expectSameResults(machine);
  expect(await machine.run('stat -fc %T /sys/fs/cgroup')).toBe('tmpfs');
});

scenario('a host with Debian 13 becomes ready and stays so after a boot', 30, async (machines) => {
  const image = await ensureImage('trixie');
  const machine = machines.adopt(await bootMachine({ ...machines.parts, image }));
  note(
    await machine.run('. /etc/os-release; echo "$PRETTY_NAME, kernel $(uname -r), $(systemctl --version | head -1)"'),
  );

  await expectSameResults(machine);
});
