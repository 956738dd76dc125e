/**
 * Point 9: a long life, compressed. Many drifts of many kinds hit a running daemon: it misses none and
 * its memory stays flat. E2E_DRIFTS sets how many.
 */
import { expect } from 'vitest';
import { RULES_FILE, SYSCTL_FILE } from '../harness/drift.ts';
import { NAP } from '../harness/in-machine.ts';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { nodeScenario } from '../harness/scenario.ts';
import { expectReady } from '../harness/world.ts';

const DRIFTS = Number(process.env['E2E_DRIFTS'] ?? 1000);
/** A value that flips three times within ten minutes counts as a fight, so each is changed twice per spec. */
const TWICE = 2;
const INTERFACES = 16;
const KEYS = [
  'accept_redirects',
  'accept_source_route',
  'arp_announce',
  'arp_filter',
  'arp_ignore',
  'log_martians',
  'send_redirects',
  'secure_redirects',
];
const NAMES = Array.from({ length: INTERFACES }, (_, index) =>
  KEYS.map((key) => `net/ipv4/conf/e2e${index}/${key}`),
).flat();

/** The same sysctls with a value that is new in every round, so that the spec is a new one. */
function specFrom(round: number): string {
  const rows = NAMES.map((name) => `    - { name: ${name}, value: 1 }`);
  return `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  profile: kubeadm-worker\n  sysctls:\n${rows.join('\n')}\n    - { name: vm.swappiness, value: ${round + 10} }\n`;
}

/** Memory of the daemon in kB: what it has for itself, and all that is mapped in. */
async function memoryOf(node: Machine): Promise<{ anonymous: number; resident: number }> {
  const text = await node.run('cat /proc/$(systemctl show -P MainPID nodeprep)/status');
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? Number.NaN);
  return { anonymous: field('RssAnon'), resident: field('VmRSS') };
}

/**
 * Changes each value twice, in random order and in bursts of 1 to 32; prints the size of each burst and the microseconds until all of it was corrected.
 */
const ROUND = `${NAP}; cd /proc/sys; is() { local v; read -r v <"$2" && [ "$v" = "$1" ]; }
  for turn in $(seq ${TWICE}); do
    keys=($(shuf -e ${NAMES.join(' ')})); i=0
    while [ $i -lt \${#keys[@]} ]; do
      burst=("\${keys[@]:i:RANDOM % 32 + 1}"); i=$((i + \${#burst[@]}))
      for key in "\${burst[@]}"; do echo 0 >$key; done
      begin=\${EPOCHREALTIME/./}
      for key in "\${burst[@]}"; do
        until is 1 $key; do [ $((\${EPOCHREALTIME/./} - begin)) -lt 30000000 ] || { echo "missed $key"; break; }; nap; done
      done
      echo "\${#burst[@]} $((\${EPOCHREALTIME/./} - begin))"
    done
  done`;

nodeScenario(`${DRIFTS} random drifts: none is missed and the memory of the daemon stays flat`, 30, async (nodes) => {
  const node = await nodes.installed();
  await node.run(`for i in $(seq 0 ${INTERFACES - 1}); do ip link add e2e$i type bridge; done
    for key in ${NAMES.join(' ')}; do echo 1 >/proc/sys/$key; done`);
  const pid = await node.run('systemctl show -P MainPID nodeprep');
  const bursts: { readonly size: number; readonly ms: number }[] = [];
  const memory = [];
  const perRound = NAMES.length * TWICE;
  const rounds = Math.ceil(DRIFTS / perRound);
  for (let round = 1; round <= rounds; round += 1) {
    await node.put('/etc/nodeprep/nodeprep.yaml', specFrom(round));
    await expect
      .poll(() => node.run('cat /proc/sys/vm/swappiness'), { timeout: 60_000, interval: 500 })
      .toBe(`${round + 10}`);
    await expectReady(node);

    const output = await node.run(ROUND, { timeoutMs: 600_000 });
    expect(output.match(/missed.*/g) ?? []).toEqual([]);
    bursts.push(
      ...output.split('\n').map((line) => {
        const [size, microseconds] = line.split(' ').map(Number);
        return { size: size ?? 0, ms: (microseconds ?? Number.NaN) / 1000 };
      }),
    );

    await node.run(`: >${SYSCTL_FILE}; rm ${RULES_FILE}`);
    await expect
      .poll(() => node.run(`test -s ${SYSCTL_FILE} && test -s ${RULES_FILE} && echo both; true`), {
        timeout: 60_000,
        interval: 300,
      })
      .toBe('both');
    await expectReady(node);
    memory.push(await memoryOf(node));
  }

  const drifts = bursts.reduce((sum, { size }) => sum + size, 0);
  const sorted = bursts.map(({ ms }) => ms).toSorted((one, other) => one - other);
  const at = (share: number) =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1);
  note(
    `${drifts} drifts of ${NAMES.length} declared values in ${bursts.length} bursts: all of a burst repaired after ${at(0.5)} ms (median), ${at(0.99)} ms (99 %), ${at(1)} ms (longest)`,
  );
  note(
    `memory after each of ${rounds} rounds, MB anonymous/resident: ${memory.map(({ anonymous, resident }) => `${(anonymous / 1024).toFixed(1)}/${(resident / 1024).toFixed(1)}`).join(' ')}`,
  );
  expect(drifts).toBeGreaterThanOrEqual(DRIFTS);
  expect(await node.run('systemctl show -P MainPID nodeprep')).toBe(pid);
  const [first, last] = [memory[0], memory.at(-1)];
  expect((last?.anonymous ?? Number.NaN) - (first?.anonymous ?? Number.NaN)).toBeLessThan(6 * 1024);
});
