/**
 * The six properties that every area has, whatever it manages. A new area gets them by one call; what only
 * one area promises stays in that area's own file.
 */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeletionPolicy, emptySpec, type NodePrepSpec } from '../../src/api/spec/nodeprep.ts';
import type { Area, Memory, Step } from '../../src/areas/area.ts';
import type { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { openLedger } from '../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../src/reconcile/pass/pass.ts';
import type { PassContext } from '../../src/reconcile/pass/context.ts';
import type { AreaReport } from '../../src/reconcile/report/report.ts';
import { inUse, reboot } from './records.ts';
import { survive } from './survive.ts';

/** The hosts that an area meets. `W` is what tells one from another. */
export interface AreaWorld<W> {
  /** What others left on the host, also under the names of our own files. */
  readonly worlds: fc.Arbitrary<W>;
  readonly hostIn: (world: W) => MemoryHost;
  /** What two histories with the same end have in common. */
  readonly stateOf: (host: MemoryHost) => readonly unknown[];
  /** What is as it was before NodePrep came once everything is taken back. */
  readonly givenBack: (host: MemoryHost, policy: DeletionPolicy) => readonly unknown[];
  /** What no pass may change, whatever these specs declare. */
  readonly ofOthers: (host: MemoryHost, world: W, specs: readonly NodePrepSpec[]) => readonly unknown[];
}

/** The part of a spec that declares the area. */
export type Declaration = Partial<NodePrepSpec>;

/** What people declare. */
export interface AreaSpec<W> {
  readonly declared: fc.Arbitrary<Declaration>;
  /** False for a spec whose entries undo each other on every host, by their nature. */
  readonly settles?: (declared: Declaration) => boolean;
  /** Whether an entry may fail in these worlds; every other one gets its way. */
  readonly mayFail?: (target: string) => boolean;
  /** Specs that replace each other while the host is killed; two of `declared` unless given. */
  readonly replaced?: fc.Arbitrary<readonly [Declaration, Declaration]>;
  /** More than the changes that a pass makes, so that a kill falls between any two of them. */
  readonly changes: number;
  /** What else holds once everything is taken back: before, between and after are the host's texts. */
  readonly onceTakenBack?: (taken: TakenBack<W>) => void;
  /** What else holds of the records after kills. */
  readonly onceRecorded?: (memory: Memory, world: W) => void;
}

/** A host on which an area was declared and then taken back. */
export interface TakenBack<W> {
  readonly world: W;
  readonly declared: Declaration;
  readonly policy: DeletionPolicy;
  /** Content of a file while the area was declared, and now. */
  readonly before: (path: string) => string | undefined;
  readonly now: (path: string) => string | undefined;
  readonly report: AreaReport;
}

// Hundreds of worlds take their time on a busy machine; the limit is there for what hangs.
const TIMEOUT = 120_000;
const policies = fc.constantFrom<DeletionPolicy>('Keep', 'Restore');

/** Holds an area to all six; `spec` and `world` are generators, as strong as the area is old. */
export function holdsTheSixProperties<Desired, Observed, S extends Step, W>(
  area: Area<Desired, Observed, S>,
  { worlds, hostIn, stateOf, givenBack, ofOthers }: AreaWorld<W>,
  spec: AreaSpec<W>,
): void {
  const { declared, settles = () => true, mayFail = () => false, changes } = spec;
  const settling = declared.filter(settles);
  const replaced = spec.replaced ?? fc.tuple(settling, settling);
  const specOf = (
    part: Declaration,
    deletionPolicy: DeletionPolicy = 'Keep',
    more: Declaration = {},
  ): NodePrepSpec => ({
    ...emptySpec(deletionPolicy),
    ...part,
    ...more,
  });
  const pass = async (host: MemoryHost, wanted: NodePrepSpec, context: Partial<PassContext> = {}) => {
    // A new engine each time: what it keeps in memory is gone after a kill, and must not be needed.
    const ledger = await openLedger(host, () => new Date('2026-01-02T03:04:05Z'));
    const signal = new AbortController().signal;
    return manage(area).reconcile(wanted, { host, ledger, signal, clock: () => 0, ...context });
  };
  /** A pass that loses power after so many changes, or none when there are fewer. */
  const killed = async (host: MemoryHost, wanted: NodePrepSpec, after: number | null) => {
    if (after !== null) host.dieAfter(after);
    await survive(pass(host, wanted));
    host.revive();
  };
  const recorded = async (host: MemoryHost) => (await openLedger(host, () => new Date())).memory(area.name);
  const isAllBack = async (host: MemoryHost, policy: DeletionPolicy) => {
    const after = await pass(host, emptySpec(policy));
    expect([after.drift, after.applied, after.remaining, after.failures]).toEqual([[], [], [], []]);
    expect(inUse(await recorded(host))).toEqual([]);
    reboot(host);
    expect([...(await recorded(host)).keys()]).toEqual([]);
  };

  describe(`the six properties of ${area.name}`, { timeout: TIMEOUT }, () => {
    test('it converges: nothing remains but what failed, and a second pass changes nothing', async () => {
      await fc.assert(
        fc.asyncProperty(worlds, settling, policies, async (world, part, policy) => {
          const host = hostIn(world);

          const report = await pass(host, specOf(part, policy));

          const failed = new Set(report.failures.map(({ target }) => target));
          for (const { name, state } of report.entries) if (state === 'Failed') failed.add(name);
          expect([...failed].filter((target) => !mayFail(target))).toEqual([]);
          expect(report.remaining.filter(({ target }) => !failed.has(target))).toEqual([]);
          expect(report.error).toBeUndefined();

          const settled = everythingOn(host);
          const again = await pass(host, specOf(part, policy));
          expect(again.applied).toEqual([]);
          expect(everythingOn(host)).toEqual(settled);
        }),
        { numRuns: 300 },
      );
    });

    test('it only looks: Audit, Paused and a dry run change nothing', async () => {
      const looks = fc.constantFrom<readonly [Declaration, Partial<PassContext>]>(
        [{ mode: 'Audit' }, {}],
        [{ mode: 'Paused' }, {}],
        [{ areaModes: { [area.name]: 'Audit' } }, {}],
        [{}, { dryRun: true }],
      );
      await fc.assert(
        fc.asyncProperty(worlds, declared, looks, async (world, part, [mode, context]) => {
          const host = hostIn(world);
          const before = host.toString();

          const report = await pass(host, specOf(part, 'Keep', mode), context);

          expect(report.applied).toEqual([]);
          expect(host.toString()).toBe(before);
          expect(host.mutations).toBe(0);
        }),
        { numRuns: 200 },
      );
    });

    test('it leaves: the empty spec takes back all that is ours, and forgets it', async () => {
      const histories = fc.tuple(fc.array(declared, { minLength: 1, maxLength: 3 }), policies, policies);
      await fc.assert(
        fc.asyncProperty(worlds, histories, async (world, [parts, during, policy]) => {
          const host = hostIn(world);
          const before = givenBack(host, policy);
          for (const part of parts) await pass(host, specOf(part, during));
          const last = parts.at(-1) ?? {};
          await pass(host, specOf(last, during));
          const texts = textsOf(host);

          const report = await pass(host, emptySpec(policy));

          expect([report.remaining, report.failures]).toEqual([[], []]);
          expect(givenBack(host, policy)).toEqual(before);
          await isAllBack(host, policy);
          const file = { before: (path: string) => texts.get(path), now: (path: string) => host.text(path) };
          spec.onceTakenBack?.({ world, declared: last, policy, report, ...file });
        }),
        { numRuns: 300 },
      );
    });

    test('it survives: killed after any change it converges, and the originals are right', async () => {
      const kills = fc.tuple(fc.nat(changes), fc.option(fc.nat(changes)));
      await fc.assert(
        fc.asyncProperty(worlds, replaced, kills, policies, async (world, [first, second], [one, two], policy) => {
          const [undisturbed, host] = [hostIn(world), hostIn(world)];
          const before = givenBack(host, policy);
          const [earlier, later] = [specOf(first, 'Restore'), specOf(second, 'Restore')];
          for (const wanted of [earlier, later]) await pass(undisturbed, wanted);

          await killed(host, earlier, one);
          await killed(host, later, two);
          const report = await pass(host, later);

          expect(report.error).toBeUndefined();
          expect(stateOf(host)).toEqual(stateOf(undisturbed));
          spec.onceRecorded?.(await recorded(host), world);
          await killed(host, emptySpec(policy), two);
          await pass(host, emptySpec(policy));
          expect(givenBack(host, policy)).toEqual(before);
          await isAllBack(host, policy);
        }),
        { numRuns: 300 },
      );
    });

    test('it survives leaving: killed while it takes everything back, it still gives everything back', async () => {
      const kills = fc.tuple(fc.nat(changes), fc.option(fc.nat(changes)));
      await fc.assert(
        fc.asyncProperty(worlds, settling, kills, async (world, part, [one, two]) => {
          const [undisturbed, host] = [hostIn(world), hostIn(world)];
          const before = givenBack(host, 'Restore');
          const wanted = specOf(part, 'Restore');
          for (const each of [undisturbed, host]) await pass(each, wanted);
          await pass(undisturbed, emptySpec('Restore'));

          await killed(host, emptySpec('Restore'), one);
          // A start that declares everything once more comes between, and is killed as well.
          if (two !== null) await killed(host, wanted, two);
          await pass(host, emptySpec('Restore'));

          expect(givenBack(host, 'Restore')).toEqual(before);
          expect(stateOf(host)).toEqual(stateOf(undisturbed));
          await isAllBack(host, 'Restore');
        }),
        { numRuns: 300 },
      );
    });

    test('it minds its own business: what belongs to others is never changed', async () => {
      await fc.assert(
        fc.asyncProperty(worlds, declared, declared, policies, async (world, first, second, policy) => {
          const host = hostIn(world);
          const specs = [specOf(first), specOf(second, policy)];
          const before = ofOthers(host, world, specs);

          for (const wanted of specs) {
            await pass(host, wanted);
            expect(ofOthers(host, world, specs)).toEqual(before);
          }
          await pass(host, emptySpec(policy));
          expect(ofOthers(host, world, specs)).toEqual(before);
        }),
        { numRuns: 200 },
      );
    });
  });
}

/** All of a host to the byte, but the time at which a record was last confirmed. */
function everythingOn(host: MemoryHost): ReadonlyMap<string, unknown> {
  const nodes = [...host.nodes].map(([path, node]): [string, unknown] => [
    path,
    node.type === 'file' ? { ...node, content: node.content.replaceAll(/"changed":.*?Z/g, '') } : node,
  ]);
  return new Map(nodes);
}

function textsOf(host: MemoryHost): ReadonlyMap<string, string | undefined> {
  return new Map([...host.nodes.keys()].map((path) => [path, host.text(path)]));
}

/**
 * The lines of `host.toString()` that matter: without the ledger, which is the engine's business, and without the
 * hidden temporary file that a crash inside a write leaves until the next write of that file; nothing reads it.
 */
export function linesOf(host: MemoryHost, isOf: (path: string) => boolean = () => true): readonly string[] {
  return host
    .toString()
    .split('\n')
    .filter((line) => !line.startsWith('/var/lib/nodeprep/') && !/^\S*\/\.\S*\.nodeprep\.tmp: /.test(line))
    .filter((line) => isOf(line.slice(0, line.search(/: | -> |$/))));
}
