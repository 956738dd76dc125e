/** What a machine is like, read in as few commands as possible: under emulation each one costs. */
import { expect } from 'vitest';
import { DAEMON_READY } from './in-machine.ts';
import type { Machine } from './machine.ts';
import { note } from './note.ts';

/** Every condition of a machine that is as the built-in profile declares it. */
export const ALL_TRUE: Readonly<Record<string, string>> = {
  Ready: 'True AsExpected',
  Progressing: 'False Reconciled',
  Degraded: 'False AsExpected',
  Drifted: 'False InSync',
  Conflicting: 'False None',
  RebootRequired: 'False NotRequired',
  ModulesReady: 'True AsExpected',
  SysctlsReady: 'True AsExpected',
  CgroupReady: 'True AsExpected',
  SwapReady: 'True AsExpected',
};

/** What a stand-in for the kubelet must have found when it started. */
export const READY_FOR_KUBELET = 'swaps=0 ip_forward=1 bridge=1 overlay=loaded';

/** One condition as the status has it. */
interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The conditions that the daemon has reported last. */
export async function reported(machine: Machine): Promise<readonly Condition[]> {
  const text = await machine.run('cat /run/nodeprep/status.json');
  return (JSON.parse(text) as { status: { conditions: Condition[] } }).status.conditions;
}

/** Conditions as `{ Ready: 'True AsExpected' }`. */
export function brief(conditions: readonly Condition[]): Record<string, string> {
  return Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
}

/** Conditions of areas that the build before this one may not have. */
const YOUNG = { CgroupReady: ALL_TRUE['CgroupReady'] };

/** Waits until the daemon reports every condition as it should be. */
export async function expectReady(machine: Machine, timeoutMs = 120_000): Promise<void> {
  await expectConditions(machine, timeoutMs, {});
}

/** The same of the build before this one, which may know fewer areas. */
export async function expectPreviousReady(machine: Machine): Promise<void> {
  await expectConditions(machine, 120_000, YOUNG);
}

async function expectConditions(machine: Machine, timeoutMs: number, absent: Record<string, unknown>): Promise<void> {
  await expect
    .poll(async () => (await machine.exec(DAEMON_READY)).exitCode, { timeout: timeoutMs, interval: 300 })
    .toBe(0);
  await expect
    .poll(async () => ({ ...absent, ...brief(await reported(machine)) }), { timeout: timeoutMs, interval: 300 })
    .toEqual(ALL_TRUE);
}

/** Waits for one condition, such as `Degraded`, to be as given; resolves with its message. */
export async function expectCondition(
  machine: Machine,
  type: string,
  value: string,
  timeoutMs = 120_000,
): Promise<string> {
  await expect
    .poll(async () => brief(await reported(machine).catch(() => []))[type], { timeout: timeoutMs, interval: 300 })
    .toBe(value);
  return (await reported(machine)).find((condition) => condition.type === type)?.message ?? '';
}

/** The live side of what the profile declares, one fact a line. */
export async function live(machine: Machine): Promise<string> {
  return machine.run(`
    echo "swap: $(tail -n +2 /proc/swaps | cut -d' ' -f1 | sort | tr '\\n' ' ')"
    for m in overlay br_netfilter; do
      # A kernel with the bridge's module built in does not name it.
      [ -d /sys/module/$m ] || [ "$m" = br_netfilter -a -d /proc/sys/net/bridge ] && echo "$m: loaded" || echo "$m: absent"; done
    cd /proc/sys; for k in net/ipv4/ip_forward net/bridge/bridge-nf-call-iptables net/bridge/bridge-nf-call-ip6tables vm/overcommit_memory \\
      vm/panic_on_oom kernel/panic kernel/panic_on_oops; do v=; [ -e $k ] && read -r v <$k; echo "$k: \${v:-absent}"; done`);
}

/** `live` of a machine that is as the built-in profile declares it. */
export const LIVE_AS_DECLARED = `swap: ${''}
overlay: loaded
br_netfilter: loaded
net/ipv4/ip_forward: 1
net/bridge/bridge-nf-call-iptables: 1
net/bridge/bridge-nf-call-ip6tables: 1
vm/overcommit_memory: 1
vm/panic_on_oom: 0
kernel/panic: 10
kernel/panic_on_oops: 1`;

/** Seconds since boot at which units became active, in their order; absent units are left out. */
async function startOrder(
  machine: Machine,
  units: readonly string[],
): Promise<readonly { unit: string; second: number }[]> {
  const text = await machine.run(
    units.map((unit) => `echo ${unit} $(systemctl show -P ActiveEnterTimestampMonotonic ${unit})`).join('; '),
  );
  return text
    .split('\n')
    .map((line) => line.split(' '))
    .map(([unit = '', microseconds = '0']) => ({ unit, second: Number(microseconds) / 1e6 }))
    .filter(({ second }) => second > 0)
    .toSorted((one, other) => one.second - other.second);
}

const UNITS = ['nodeprep-bootstrap.service', 'containerd.service', 'kubelet.service', 'nodeprep.service'];

/** Both stand-ins have found the host ready when they started. */
export async function expectReadyBeforeKubelet(machine: Machine): Promise<void> {
  const standIns = await machine.run('cat /run/stand-in.containerd /run/stand-in.kubelet');
  expect(standIns.split('\n').map((line) => line.replace(/^uptime=\S+ /, ''))).toEqual([
    READY_FOR_KUBELET,
    READY_FOR_KUBELET,
  ]);
}

/** Systemd started the bootstrap before everything that must find the host ready; the order is printed. */
export async function expectStartedFirst(machine: Machine): Promise<void> {
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
}
