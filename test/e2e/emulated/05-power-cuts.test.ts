/**
 * Point 5 where a kernel holds swap and modules, and a disk what was flushed: cut off or killed at any moment, NodePrep leaves
 * no torn file, loses no original, and the next start converges. E2E_POWER_CUTS sets at how many moments the power goes.
 */
import {
  converge,
  expectNothingTorn,
  expectOriginals,
  killAtMoments,
  momentIn,
  referenceOf,
  SPEC,
  windowOf,
} from '../harness/crash.ts';
import { note } from '../harness/note.ts';
import { CURRENT, scenario } from '../harness/scenario.ts';

const POWER_CUTS = Number(process.env['E2E_POWER_CUTS'] ?? 10);
/** Everything of a boot that reads what NodePrep has written, swap and modules with it, and a third less time. */
const WITHOUT_SERVICES = 'systemd.unit=basic.target';
/** Most kills hit a native node; these add live swap and modules that are loaded. */
const KILLS = Math.min(6, Number(process.env['E2E_KILLS'] ?? 6));

scenario(
  `power cut at ${POWER_CUTS} moments: after each boot no file is torn, no original lost, and it converges`,
  30,
  async (machines) => {
    const first = await machines.pristine();
    const reference = await referenceOf(first);
    await first.stop();
    const machine = await machines.pristine();
    await machine.put('/etc/nodeprep/nodeprep.yaml', SPEC);
    // The first cut must not take the spec itself.
    await machine.run('sync');
    for (let cut = 1; cut <= POWER_CUTS; cut += 1) {
      const way = cut % 2 === 1 ? 'bootstrap' : 'uninstall';
      const afterMs = momentIn(windowOf(way === 'uninstall' ? reference.uninstallMs : reference.bootstrapMs));
      await machine.run(`setsid ${CURRENT} ${way} >/dev/null 2>&1 & read -t ${afterMs / 1000} -r _ <> <(:); true`);
      await machine.powerCycle(WITHOUT_SERVICES);
      try {
        await expectNothingTorn(machine, reference);
        if (way === 'bootstrap') await converge(machine);
      } catch (error) {
        throw new Error(`After a power cut ${afterMs} ms into "${way}" (cut ${cut})`, { cause: error });
      }
    }
    await expectOriginals(machine, reference);
    note(`${POWER_CUTS} power cuts; every file whole, every original back`);
  },
);

scenario(
  `killed at ${KILLS} moments with swap on and modules to load, it leaves whole files, keeps every original and converges`,
  15,
  async (machines) => killAtMoments(await machines.pristine(), KILLS),
);
