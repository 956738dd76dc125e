/** The host inside the machine: how it was, how it has to become, and the way back. */
import { sysctlPath } from '../../src/api/names/sysctl-names.ts';
import type { Machine } from '../../test/e2e/harness/machine.ts';
import type { Work } from './work.ts';

/** A host that is changed again and again. */
export interface BenchHost {
  /** Undoes whatever any tool has done. */
  readonly reset: () => Promise<void>;
  /** Whether everything of the work is as it should be now. */
  readonly isDone: () => Promise<boolean>;
}

/** Remembers how the host is, with two swap devices on and without the modules. */
export async function rememberHost(machine: Machine, work: Work): Promise<BenchHost> {
  const names = [...work.sysctls.keys()];
  // A service of the package would start tools between two runs. The stamp comes last: what is newer has been changed.
  const values = await machine.run(`
    systemctl -q mask --now cfengine3.service >/dev/null 2>&1
    mkdir -p /var/bench /run/bench && cp -a /etc /var/bench/ && sync && sleep 1 && touch /var/bench/stamp
    for f in ${names.map(sysctlPath).join(' ')}; do if [ -e $f ]; then cat $f; else echo absent; fi; done`);
  const writes = values
    .split('\n')
    .flatMap((value, index) => (value === 'absent' ? [] : [`echo '${value}' >${sysctlPath(names[index] ?? '')}`]));
  const undo = `
    set -e
    find /etc -cnewer /var/bench/stamp ! -type d | while IFS= read -r f; do
      rm -f "$f"
      if [ -e "/var/bench$f" ] || [ -L "/var/bench$f" ]; then cp -a "/var/bench$f" "$f"; fi
    done
    rm -rf /var/lib/nodeprep /run/nodeprep
    systemctl daemon-reload
    for m in ${work.modules.toReversed().join(' ')}; do [ ! -d /sys/module/$m ] || modprobe -r $m; done
    ${writes.join('\n    ')}
    grep -q '^/dev/vda2 ' /proc/swaps || swapon /dev/vda2
    grep -q '^/dev/zram0 ' /proc/swaps || systemctl start dev-zram0.swap`;
  const isPristine = `
    cat /proc/swaps /proc/modules; [ "$(wc -l </proc/swaps)" = 3 ] && ${work.modules.map((name) => `[ ! -d /sys/module/${name} ]`).join(' && ')}`;
  const facts = [
    ...work.modules.map((name) => `[ -d /sys/module/${name} ]`),
    ...[...work.sysctls].map(([name, value]) => `[ "$(cat ${sysctlPath(name)})" = ${value} ]`),
    `[ "$(wc -l </proc/swaps)" = 1 ]`,
  ];
  const reset = async () => {
    await machine.run(undo);
    await machine.run(isPristine);
  };
  await reset();
  return { reset, isDone: async () => (await machine.exec(facts.join(' && '))).exitCode === 0 };
}
