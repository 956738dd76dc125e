/**
 * Point 5: killed at any moment, by signal or by a power cut, NodePrep leaves no torn file, loses no
 * original, and the next start converges. E2E_KILLS and E2E_POWER_CUTS set how many moments are tried,
 * E2E_MINUTES for how long: under emulation one pass takes ten seconds of CPU instead of a half.
 */
import { expect } from 'vitest';
import type { Machine } from './harness/machine.ts';
import { CURRENT, minutesLeft, note, scenario } from './harness/scenario.ts';
import { LIVE_AS_DECLARED, live } from './harness/world.ts';

const KILLS = Number(process.env['E2E_KILLS'] ?? 50);
const POWER_CUTS = Number(process.env['E2E_POWER_CUTS'] ?? 10);
/** What the last moments and the proof that nothing is lost take. */
const MINUTES_AFTER = 5;
/** A fifth of what there is for all scenarios, so that the others have their turn. */
const minutes = () => Number(process.env['E2E_MINUTES'] ?? Math.min(15, minutesLeft() / 5));

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
function expectNothingTorn(
  files: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
  managed: ReadonlyMap<string, string>,
): void {
  for (const [path, content] of files) {
    if (isState(path)) {
      if (path.endsWith('.json')) expect(() => JSON.parse(content), `${path} is whole`).not.toThrow();
    } else if (before.has(path)) {
      expect([before.get(path), managed.get(path)], `${path} is whole:\n${content}`).toContain(content);
    } else if (managed.has(path)) {
      expect(content, `${path} is whole`).toBe(managed.get(path));
    }
  }
}

interface Reference {
  readonly before: ReadonlyMap<string, string>;
  readonly managed: ReadonlyMap<string, string>;
  readonly liveBefore: string;
  readonly bootstrapMs: number;
  readonly uninstallMs: number;
}

/** Live facts that uninstall brings back at once; the others wait for a boot, as the contract says. */
const GIVEN_BACK = `tail -n +2 /proc/swaps | awk '{ print $1, $2, $3 }' | sort
  head -n 99 /proc/sys/fs/inotify/max_user_* /proc/sys/kernel/keys/root_max*`;

/** What the machine looks like before and after, and how long each way takes. */
async function referenceOf(machine: Machine): Promise<Reference> {
  const before = filesFrom(await machine.run(FILES));
  const liveBefore = await machine.run(GIVEN_BACK);
  const bootstrapMs = await timed(() => converge(machine));
  const managed = filesFrom(await machine.run(FILES));
  const uninstallMs = await timed(() => takeBack(machine));
  return { before, managed, liveBefore, bootstrapMs, uninstallMs };
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

async function converge(machine: Machine): Promise<void> {
  const { exitCode, output } = await machine.exec(`${CURRENT} bootstrap --timeout 120s`, { timeoutMs: 240_000 });
  expect(exitCode, output).toBe(0);
}

async function takeBack(machine: Machine): Promise<void> {
  const { exitCode, output } = await machine.exec(`${CURRENT} uninstall --timeout 120s`, { timeoutMs: 240_000 });
  expect(exitCode, output).toBe(0);
}

/** Converges, takes back, and compares with the machine that NodePrep had never touched. */
async function expectOriginals(machine: Machine, reference: Reference): Promise<void> {
  await converge(machine);
  expect(await live(machine)).toBe(LIVE_AS_DECLARED);
  await takeBack(machine);
  const after = filesFrom(await machine.run(FILES));
  expect(withoutState(after)).toEqual(withoutState(reference.before));
  expect(await machine.run(GIVEN_BACK)).toBe(reference.liveBefore);
}

function withoutState(files: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...files].filter(([path]) => !isState(path)));
}

/** Whether one more moment is tried: some always, the others while there is time. */
function isDue(moment: number, least: number, most: number, until: number): boolean {
  const isTime = performance.now() < until && minutesLeft() > MINUTES_AFTER;
  return moment <= Math.min(least, most) || (moment <= most && isTime);
}

/** Why there were fewer than asked for. */
function asked(made: number, wanted: number): string {
  return made === wanted ? '' : ` (of ${wanted}: more did not fit into E2E_MINUTES or E2E_BUDGET_MINUTES)`;
}

/** From when to when a program is at work: not before it has started, not after it has ended. */
interface Window {
  fromMs: number;
  toMs: number;
}

function windowOf(durationMs: number): Window {
  return { fromMs: durationMs * 0.3, toMs: durationMs };
}

function momentIn({ fromMs, toMs }: Window): number {
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
const STEPS = `grep -c -e '"message":"Applied"' -e '^✓' ${LOG}`;
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

scenario(
  `killed at up to ${KILLS} moments of converging and of uninstalling, it leaves whole files, keeps every original and converges`,
  30,
  async (machines) => {
    const machine = await machines.pristine();
    const reference = await referenceOf(machine);
    note(`bootstrap takes ${Math.round(reference.bootstrapMs)} ms, uninstall ${Math.round(reference.uninstallMs)} ms`);
    const windows = { [WAYS[0]]: windowOf(reference.bootstrapMs), [WAYS[1]]: windowOf(reference.uninstallMs) };
    const hits: Record<Hit, number> = { early: 0, amid: 0, late: 0 };
    const until = performance.now() + minutes() * 60_000;
    let moment = 0;
    while (isDue(moment + 1, 10, KILLS, until)) {
      moment += 1;
      const way = WAYS[(moment - 1) % WAYS.length] ?? WAYS[0];
      const afterMs = momentIn(windows[way]);
      const { hit, output } = await killed(machine, way, afterMs);
      hits[hit] += 1;
      adapt(windows[way], hit, afterMs);
      try {
        expectNothingTorn(filesFrom(output), reference.before, reference.managed);
        if (moment % 25 === 0 && moment < KILLS) await expectOriginals(machine, reference);
      } catch (error) {
        throw new Error(`After "${way}" was killed at ${afterMs} ms (moment ${moment})`, { cause: error });
      }
    }
    await expectOriginals(machine, reference);
    note(
      `${moment} kills${asked(moment, KILLS)}: ${hits.early} before the first change, ${hits.amid} between changes, ${hits.late} after the last; every file whole, every original back`,
    );
    expect(hits.amid).toBeGreaterThan(0);
  },
);

scenario(
  `power cut at up to ${POWER_CUTS} moments: after each boot no file is torn, no original lost, and it converges`,
  30,
  async (machines) => {
    const first = await machines.pristine();
    const reference = await referenceOf(first);
    await first.stop();
    const machine = await machines.pristine();
    const until = performance.now() + minutes() * 60_000;
    let cut = 0;
    while (isDue(cut + 1, 4, POWER_CUTS, until)) {
      cut += 1;
      const way = cut % 2 === 1 ? 'bootstrap' : 'uninstall';
      const afterMs = momentIn(windowOf(way === 'uninstall' ? reference.uninstallMs : reference.bootstrapMs));
      await machine.run(`setsid ${CURRENT} ${way} >/dev/null 2>&1 & read -t ${afterMs / 1000} -r _ <> <(:); true`);
      await machine.powerCycle();
      try {
        expectNothingTorn(filesFrom(await machine.run(FILES)), reference.before, reference.managed);
        if (way === 'bootstrap') {
          await converge(machine);
          expect(await live(machine)).toBe(LIVE_AS_DECLARED);
        }
      } catch (error) {
        throw new Error(`After a power cut ${afterMs} ms into "${way}" (cut ${cut})`, { cause: error });
      }
    }
    await expectOriginals(machine, reference);
    note(`${cut} power cuts${asked(cut, POWER_CUTS)}; every file whole, every original back`);
  },
);
