/** Point 4: what administrators and packages do to a host every day leaves it in sync. */
import { expect } from 'vitest';
import { note } from '../harness/note.ts';
import { nodeScenario } from '../harness/scenario.ts';
import { expectReady, LIVE_AS_DECLARED, live } from '../harness/world.ts';

const ROUTINES = [
  'sysctl --system >/dev/null',
  'systemctl restart systemd-sysctl systemd-modules-load',
  'systemctl daemon-reload',
  'DEBIAN_FRONTEND=noninteractive apt-get install -qqy --reinstall /var/cache/reinstall/procps_*.deb >/dev/null',
  'systemctl daemon-reexec',
];
const OWN_FILES = `sha256sum /etc/fstab $(find /etc -name '*nodeprep*' -type f | sort)`;

nodeScenario('sysctl --system, restarts, reloads and a reinstalled procps leave a host in sync', 15, async (nodes) => {
  const node = await nodes.installed();
  const files = await node.run(OWN_FILES);
  const daemon = await node.run('systemctl show -P MainPID nodeprep');

  for (const routine of ROUTINES) {
    await node.run(routine, { timeoutMs: 240_000 });
    expect(await live(node), routine).toBe(LIVE_AS_DECLARED);
  }

  expect(await node.run(OWN_FILES)).toBe(files);
  await expectReady(node);
  const plan = await node.exec('nodeprep plan -o json');
  expect(JSON.parse(plan.output)).toMatchObject({ inSync: true, changes: [], blocked: [], conflicts: [] });
  expect(await node.run('systemctl show -P MainPID nodeprep')).toBe(daemon);
  note(`in sync after: ${ROUTINES.map((routine) => routine.replace(/ >.*/, '')).join(', ')}`);
});
