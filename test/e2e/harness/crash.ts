/** Killed or cut off at any moment: what a machine must be like then, and what it was like before. */
import { expect } from 'vitest';
import type { Machine } from './machine.ts';
import { note } from './note.ts';
import { CURRENT } from './scenario.ts';
import { LIVE_AS_DECLARED, live } from './world.ts';

/** Every file that NodePrep may write on the way, as far as it is there, with a line before each. */
const FILES = `for f in /etc/fstab /etc/sysctl.d/* /etc/modules-load.d/* /etc/modprobe.d/* /etc/udev/rules.d/*nodeprep* \\
    /etc/systemd/zram-generator.conf* /etc/systemd/zram-generator.conf.d/* /var/lib/nodeprep/*; do
    if [ -f "$f" ]; then IFS= read -r -d '' text <"$f"; printf '=== %s\\n%s\\n' "$f" "$text"; fi; done
  find /etc/systemd/system -maxdepth 1 '(' -name '*swap*' -o -name '*zram*' ')' -printf '=== %p -> %l\\n'`;

/** Contents by path. Temporary files of an unfinished write are left out: they are in nobody's way. */
function filesFrom(output: string): ReadonlyMap<string, string> {
  const parts = output.split(/^=== /m).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return end < 0 ? [part, ''] : [part.slice(0, end), part.slice(end + 1)];
    }),
  );
}

const isState = (path: string) => path.startsWith('/var/lib/nodeprep/');

/** Whole files only: as they were before NodePrep, or as NodePrep writes them. */
function expectWholeFiles(
  files: ReadonlyMap<string, string>,
  { before, managed }: Pick<Reference, 'before' | 'managed'>,
): void {
  for (const [path, content] of files) {
    if (isState(path)) {
      if (path.endsWith('.json')) expect(() => JSON.parse(content), `${path} is whole`).not.toThrow();
    } else if (managed.some((one) => one.has(path))) {
      const whole = [before, ...managed].map((one) => one.get(path));
      expect(whole, `${path} is whole:\n${content}`).toContain(content);
    } else if (before.has(path)) {
      expect(content, `${path} is as before`).toBe(before.get(path));
    }
  }
}

/** What a machine looks like before NodePrep and with it, and how long each way takes. */
export interface Reference {
  readonly before: ReadonlyMap<string, string>;
  /** The first time and later: limits that uninstall leaves raised until a boot need no line then. */
  readonly managed: readonly ReadonlyMap<string, string>[];
  readonly liveBefore: string;
  readonly bootstrapMs: number;
  readonly uninstallMs: number;
}

/** Has a parameter that uninstall brings back at once; those of the profile wait for a boot, as they could harm a node. */
export const SPEC = `apiVersion: nodeprep.dev/v1alpha1
kind: NodePrep
spec:
  profile: kubeadm-worker
  sysctls:
    - { name: net.ipv4.tcp_retries2, value: 8 }
`;
const GIVEN_BACK = `tail -n +2 /proc/swaps | awk '{ print $1, $2, $3 }' | sort; cat /proc/sys/net/ipv4/tcp_retries2`;

/** Prepares a pristine machine and takes it back, once. */
export async function referenceOf(machine: Machine): Promise<Reference> {
  const before = filesFrom(await machine.run(FILES));
  const liveBefore = await machine.run(GIVEN_BACK);
  await machine.put('/etc/nodeprep/nodeprep.yaml', SPEC);
  await converge(machine);
  const first = filesFrom(await machine.run(FILES));
  await takeBack(machine);
  const bootstrapMs = await timed(() => converge(machine));
  const later = filesFrom(await machine.run(FILES));
  const uninstallMs = await timed(() => takeBack(machine));
  note(`bootstrap takes ${Math.round(bootstrapMs)} ms, uninstall ${Math.round(uninstallMs)} ms`);
  return { before, managed: [first, later], liveBefore, bootstrapMs, uninstallMs };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

/** Prepares the machine, and finds it so. */
export async function converge(machine: Machine): Promise<void> {
  const { exitCode, output } = await machine.exec(`${CURRENT} bootstrap --timeout 120s`, { timeoutMs: 240_000 });
  expect(exitCode, output).toBe(0);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
}

async function takeBack(machine: Machine): Promise<void> {
  const { exitCode, output } = await machine.exec(`${CURRENT} uninstall --timeout 120s`, { timeoutMs: 240_000 });
  expect(exitCode, output).toBe(0);
}

/** No file of the machine is torn. */
export async function expectNothingTorn(machine: Machine, reference: Reference): Promise<void> {
  expectWholeFiles(filesFrom(await machine.run(FILES)), reference);
}

/** Converges, takes back, and compares with the machine that NodePrep had never touched. */
export async function expectOriginals(machine: Machine, reference: Reference): Promise<void> {
  await converge(machine);
  await takeBack(machine);
  const after = filesFrom(await machine.run(FILES));
  expect(withoutState(after)).toEqual(withoutState(reference.before));
  expect(await machine.run(GIVEN_BACK)).toBe(reference.liveBefore);
}

function withoutState(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...files].filter(([path]) => !isState(path)));
}

/** From when to when a program is at work: not before it has started, not after it has ended. */
interface Window {
  fromMs: number;
  toMs: number;
}

/** When a program that takes so long is at work. */
export function windowOf(durationMs: number): Window {
  return { fromMs: durationMs * 0.3, toMs: durationMs };
}

/** A moment at which it is. */
export function momentIn({ fromMs, toMs }: Window): number {
  return Math.round(fromMs + (toMs - fromMs) * Math.random());
}

/** When a program was killed: `early` before its first change, `late` after its last one. */
type Hit = 'early' | 'amid' | 'late';

/** The window follows what was seen: how fast a machine is changes with what else its computer does. */
function adapt(window: Window, hit: Hit, afterMs: number): void {
  if (hit === 'early') window.fromMs = (window.fromMs + afterMs) / 2;
  if (hit === 'late') window.toMs = (window.toMs + afterMs) / 2;
  if (hit !== 'late' && afterMs > window.toMs * 0.9) window.toMs *= 1.1;
  if (hit !== 'early' && afterMs < window.fromMs * 1.1) window.fromMs *= 0.9;
}

const WAYS = ['run --metrics-port 0', 'uninstall'] as const;
/** What either of them prints for each change, and when it has done all of them. */
const LOG = '/run/e2e.log';
const STEPS = `grep -c -e '"scope":' -e '^✓' ${LOG}`;
const DONE = `grep -c '"condition":"Ready","status":"True"' ${LOG}`;

/** Starts a program, kills it, and finds out how far it was; one that has ended before was at its end. */
async function killed(machine: Machine, way: string, afterMs: number): Promise<{ hit: Hit; output: string }> {
  const output = await machine.run(
    `${CURRENT} ${way} >${LOG} 2>&1 & p=$!
     { read -t ${afterMs / 1000} -r _ <> <(:); kill -9 $p; } & k=$!
     wait $p; status=$?; kill -9 $k; wait $k
     echo "$status $(${STEPS}) $(${DONE})"; ${FILES}`.replaceAll('\n     ', '\n'),
  );
  const [, status, steps, done] = /^(\d+) (\d+) (\d+)$/m.exec(output) ?? [];
  if (status !== '137' || done !== '0') return { hit: 'late', output };
  return { hit: steps === '0' ? 'early' : 'amid', output };
}

/** Kills NodePrep at that many moments, in turn while it converges and while it uninstalls. */
export async function killAtMoments(machine: Machine, kills: number): Promise<void> {
  const reference = await referenceOf(machine);
  const windows = { [WAYS[0]]: windowOf(reference.bootstrapMs), [WAYS[1]]: windowOf(reference.uninstallMs) };
  const hits: Record<Hit, number> = { early: 0, amid: 0, late: 0 };
  for (let moment = 1; moment <= kills; moment += 1) {
    const way = WAYS[(moment - 1) % WAYS.length] ?? WAYS[0];
    const afterMs = momentIn(windows[way]);
    const { hit, output } = await killed(machine, way, afterMs);
    hits[hit] += 1;
    adapt(windows[way], hit, afterMs);
    try {
      expectWholeFiles(filesFrom(output), reference);
      if (moment % 25 === 0 && moment < kills) await expectOriginals(machine, reference);
    } catch (error) {
      throw new Error(`After "${way}" was killed at ${afterMs} ms (moment ${moment})`, { cause: error });
    }
  }
  await expectOriginals(machine, reference);
  note(
    `${kills} kills: ${hits.early} before the first change, ${hits.amid} between changes, ${hits.late} after the last; every file whole, every original back`,
  );
  expect(hits.amid).toBeGreaterThan(0);
}
