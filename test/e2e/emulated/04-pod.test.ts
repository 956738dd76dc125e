/** What only a kernel of its own can show of the agent's pod: modules and swap, with the rights of its manifest. */
import { expect } from 'vitest';
import { DRIFT, repair } from '../harness/drift.ts';
import { note } from '../harness/note.ts';
import { startPod } from '../harness/pod.ts';
import { scenario } from '../harness/scenario.ts';
import { LIVE_AS_DECLARED, live } from '../harness/world.ts';

const DRIFTS = [DRIFT.moduleUnloaded, DRIFT.swapOn, DRIFT.setByShell, DRIFT.fileDeleted];

scenario(
  'modules, swap and kernel parameters are repaired from the pod, with the rights of its manifest',
  8,
  async (machines) => {
    const machine = await machines.installed();
    await machine.run('systemctl disable --now nodeprep');

    const pod = await startPod(machine, 'worker-1');
    await expect.poll(pod.log, { timeout: 120_000, interval: 300 }).toContain('Managing this host');
    for (const drift of DRIFTS) {
      const { tookMs, repairMs } = await repair(machine, drift);
      note(
        `pod: ${drift.name}: repaired ${repairMs.toFixed(1)} ms after the command, which took ${tookMs.toFixed(1)} ms`,
      );
    }

    expect(await live(machine)).toBe(LIVE_AS_DECLARED);
    for (const target of ['br_netfilter', '/dev/vda2', 'kernel.panic']) expect(await pod.log()).toContain(target);
    await pod.stop();
  },
);
