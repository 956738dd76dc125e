/** What is changed behind NodePrep's back, and how long it stays so. */
import { NAP } from './in-machine.ts';
import type { Machine } from './machine.ts';

/** The files of NodePrep on a machine with the built-in profile. */
export const SYSCTL_FILE = '/etc/sysctl.d/99-zz-nodeprep.conf';
export const RULES_FILE = '/etc/udev/rules.d/99-zz-nodeprep.rules';
export const MODULES_FILE = '/etc/modules-load.d/nodeprep.conf';

/** What is done to the host, and the condition in bash, without a fork, that holds when it is repaired. */
export interface Drift {
  readonly name: string;
  readonly cause: string;
  /** May use `is VALUE FILE`, `same FILE` as before the cause, and `noswap`. */
  readonly repaired: string;
}

/** Drift with a kernel behind it that more than one scenario makes. */
export const DRIFT = {
  moduleUnloaded: {
    name: 'module unloaded',
    cause: 'modprobe -r br_netfilter',
    repaired:
      '[ -r /proc/sys/net/bridge/bridge-nf-call-iptables ] && is 1 /proc/sys/net/bridge/bridge-nf-call-iptables',
  },
  setByShell: {
    name: 'sysctl set by the shell',
    cause: 'echo 0 >/proc/sys/kernel/panic',
    repaired: 'is 10 /proc/sys/kernel/panic',
  },
  fileDeleted: { name: 'sysctl file deleted', cause: `rm ${SYSCTL_FILE}`, repaired: `same ${SYSCTL_FILE}` },
  swapOn: { name: 'swapon of the partition', cause: 'swapon /dev/vda2', repaired: 'noswap' },
} as const satisfies Readonly<Record<string, Drift>>;

/**
 * How long the cause took and how long the repair after it, in milliseconds; throws when there is none within a minute.
 * Runs in the machine, so that the serial line is not part of the figure.
 */
export async function repair(
  machine: Machine,
  { name, cause, repaired }: Drift,
): Promise<{ readonly tookMs: number; readonly repairMs: number }> {
  const file = /\bsame (\S+)/.exec(repaired)?.[1];
  const output = await machine.run(
    `is() { local v; read -r v <"$2" 2>/dev/null && [ "$v" = "$1" ]; }
     same() { local v; [ -r "$1" ] && IFS= read -r -d '' v <"$1"; [ "$v" = "$good" ]; } 2>/dev/null
     noswap() { local v; { read -r _; ! read -r v; } </proc/swaps; }
     ${file === undefined ? '' : `[ -s ${file} ] || { echo "${file} is not there"; exit 1; }; IFS= read -r -d '' good <${file}`}
     ${NAP}
     start=\${EPOCHREALTIME/./}
     ${cause}
     begin=\${EPOCHREALTIME/./}
     until ${repaired}; do
       [ $((\${EPOCHREALTIME/./} - begin)) -lt 60000000 ] || { echo "not repaired: ${name}"; exit 1; }
       nap
     done
     echo $((begin - start))
     echo $((\${EPOCHREALTIME/./} - begin))`,
  );
  const [took, repairing] = output.split('\n').slice(-2);
  return { tookMs: Number(took) / 1000, repairMs: Number(repairing) / 1000 };
}
