import { describe, expect, it } from 'vitest';
import { loadObject } from '../../../../src/api/spec/load-object.ts';
import { digestOf } from '../../../../src/kubernetes/digest.ts';
import { ClusterSpecSource } from '../../../../src/kubernetes/spec/cluster-spec-source.ts';
import type { MirrorChange, ObjectMirror, ObjectView } from '../../../../src/kubernetes/object/object-mirror.ts';
import type { AgentPorts, ClusterRecord, LocalSpec } from '../../../../src/kubernetes/ports.ts';
import { Registrar } from '../../../../src/kubernetes/registration/registrar.ts';

const specOf = (value: number) => ({ sysctls: [{ name: 'vm.swappiness', value }] });
const load = (spec: object) =>
  loadObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep', spec }, 'nodepreps/w');
const document = (origin: 'files' | 'default', value: number): LocalSpec => ({
  kind: 'document',
  origin,
  title: 'the document',
  ...load(specOf(value)),
});
const objectWith = (value: number, metadata: { uid?: string; generation?: number } = {}): ObjectView => ({
  state: 'present',
  object: {
    apiVersion: 'nodeprep.dev/v1alpha1',
    kind: 'NodePrep',
    metadata: { name: 'w', uid: 'u', generation: 1, ...metadata },
    spec: specOf(value),
  },
});

/** The limits of a host allow nothing above a value. */
const atMost =
  (max: number): AgentPorts['beyondLimits'] =>
  async ({ sysctls }) =>
    sysctls?.every(({ value }) => Number(value) <= max) === false
      ? { problem: `beyond ${max}`, isCertain: true }
      : undefined;

const unreadable: AgentPorts['beyondLimits'] = async () => ({ problem: 'the limits are broken', isCertain: false });

/** A source with everything around it that a test may change. */
function sourceWith(given: { view?: ObjectView; local?: LocalSpec; record?: ClusterRecord }) {
  const now = {
    view: given.view ?? ({ state: 'unknown' } as ObjectView),
    local: given.local ?? ({ kind: 'none', problem: 'There is no file.' } as LocalSpec),
    record: given.record ?? {},
    beyondLimits: (async () => undefined) as AgentPorts['beyondLimits'],
    changes: 0,
    clock: 0,
    said: [] as string[],
  };
  const listeners = new Set<(change: MirrorChange) => void>();
  const mirror: ObjectMirror = {
    view: () => now.view,
    problem: () => new Error('The API server is away.'),
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    run: async () => {},
  };
  const note = (message: string) => void now.said.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const store = { read: () => now.record, write: async (next: ClusterRecord) => void (now.record = next) };
  const client = { send: async () => undefined, watch: () => (async function* () {})(), close: async () => {} };
  const registrar = new Registrar({ client, node: 'w', mirror, log, store, clock: () => 0, random: () => 0.5 });
  const source = new ClusterSpecSource({
    log,
    store,
    mirror,
    registrar,
    clock: () => now.clock,
    node: 'w',
    local: { read: async () => now.local, watch: async () => async () => {} },
    beyondLimits: (spec, called) => now.beyondLimits(spec, called),
  });
  const show = (view: ObjectView) => {
    now.view = view;
    for (const listener of listeners) listener('object');
  };
  return { source, registrar, now, show };
}

describe('the default document of an agent', () => {
  it('is held by the limits of the host, because it comes from the cluster', async () => {
    const { source, registrar, now } = sourceWith({
      view: { state: 'absent', why: 'never' },
      local: document('default', 99),
    });
    now.beyondLimits = atMost(60);

    const snapshot = await source.current();

    expect(snapshot).toMatchObject({ spec: { mode: 'Paused' }, absent: expect.stringContaining('beyond 60') });
    expect(registrar.willRegister()).toBe(false);
  });

  it('is enforced and registered within them, and the files of the host have none', async () => {
    for (const local of [document('default', 60), document('files', 99)]) {
      const { source, registrar, now } = sourceWith({ view: { state: 'absent', why: 'never' }, local });
      now.beyondLimits = atMost(60);

      expect((await source.current()).source).toEqual(local.kind === 'document' ? local.source : undefined);
      expect(registrar.willRegister()).toBe(true);
    }
  });
});

describe('the NodePrep of a cluster that was restored from a backup', () => {
  it('is another spec although uid and generation are those of the one before', async () => {
    const { source, now, show } = sourceWith({ view: objectWith(10) });
    const first = await source.current();
    await source.watch(() => (now.changes += 1));

    show(objectWith(20));
    const second = await source.current();

    expect(now.changes).toBe(1);
    expect(second.source).toEqual(specOf(20));
    expect(second.revision).not.toBe(first.revision);
    expect(now.record.object?.source).toEqual(specOf(20));
  });

  it('is noticed after a restart as well, and an equal one is nothing new', async () => {
    const before = sourceWith({ view: objectWith(10) });
    const first = await before.source.current();
    const record = before.now.record;

    const same = sourceWith({ view: objectWith(10), record });
    expect((await same.source.current()).revision).toBe(first.revision);
    expect(same.now.record).toBe(record);

    const other = sourceWith({ view: objectWith(20), record });
    expect((await other.source.current()).source).toEqual(specOf(20));
    expect(other.now.record.object?.source).toEqual(specOf(20));
  });
});

describe('the limits of the host', () => {
  it('leave in force what they allowed before they got a mistake, and let nothing new in', async () => {
    const { source, now, show } = sourceWith({ view: objectWith(10), local: document('files', 5) });
    await source.current();

    now.beyondLimits = unreadable;
    expect(await source.current()).toMatchObject({
      source: specOf(10),
      refused: 'The spec in force stays: the limits are broken',
    });

    show(objectWith(20, { generation: 2 }));
    expect(await source.current()).toMatchObject({
      generation: 2,
      source: specOf(10),
      refused: 'The newest spec is refused, the last good one is enforced: the limits are broken',
    });

    now.beyondLimits = atMost(60);
    const repaired = await source.current();
    expect(repaired.source).toEqual(specOf(20));
    expect(repaired.refused).toBeUndefined();
  });

  it('with a mistake leave the recorded spec in force after a restart, but accept no first one', async () => {
    const before = sourceWith({ view: objectWith(10) });
    await before.source.current();
    const after = sourceWith({ view: objectWith(10), record: before.now.record });
    after.now.beyondLimits = unreadable;
    expect((await after.source.current()).source).toEqual(specOf(10));

    const first = sourceWith({ view: objectWith(10) });
    first.now.beyondLimits = unreadable;
    expect(await first.source.current()).toMatchObject({
      spec: { mode: 'Paused' },
      refused: 'The newest spec is refused, nothing is enforced: the limits are broken',
    });
  });

  it.each([
    ['the local spec', document('files', 5), { source: specOf(5) }, 'the document is enforced'],
    ['nothing', undefined, { spec: { mode: 'Paused' } }, 'nothing is enforced'],
  ] as const)('that became narrower leave %s in force, and that is said', async (_, local, expected, said) => {
    const { source, now } = sourceWith({ view: objectWith(10), ...(local === undefined ? {} : { local }) });
    await source.current();

    now.beyondLimits = atMost(7);

    expect(await source.current()).toMatchObject({
      ...expected,
      refused: `The newest spec is refused, ${said}: beyond 7`,
    });
  });
});

const listed = (names: readonly string[], metadata: { uid?: string; generation?: number } = {}): ObjectView => ({
  state: 'present',
  object: {
    ...{ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'NodePrep' },
    metadata: { name: 'w', uid: 'u', generation: 1, ...metadata },
    spec: { sysctls: names.map((name) => ({ name, value: 1 })) },
  },
});
const namesIn = ({ source }: Awaited<ReturnType<ReturnType<typeof sourceWith>['source']['current']>>) =>
  source.sysctls?.map(({ name }) => name).toSorted();

describe('a list that is replaced', () => {
  it('loses entries a moment later than it gains others, and tells of the new generation only then', async () => {
    const { source, now, show } = sourceWith({ view: listed(['vm.a', 'vm.b']) });
    await source.current();

    show(listed(['vm.b', 'vm.c'], { generation: 2 }));
    const meanwhile = await source.current();
    expect(namesIn(meanwhile)).toEqual(['vm.a', 'vm.b', 'vm.c']);
    expect(meanwhile.generation).toBe(1);
    now.clock = 2000;

    const after = await source.current();
    expect(namesIn(after)).toEqual(['vm.b', 'vm.c']);
    expect(after.generation).toBe(2);
  });

  it('that has its entries back in time never lost them, and neither does one that is emptied for a moment', async () => {
    const { source, now, show } = sourceWith({ view: listed(['vm.a', 'vm.b']) });
    const first = await source.current();

    show(listed([], { generation: 2 }));
    expect((await source.current()).revision).toBe(first.revision);
    now.clock = 70;
    show(listed(['vm.a', 'vm.b'], { generation: 3 }));
    expect(namesIn(await source.current())).toEqual(['vm.a', 'vm.b']);
    now.clock = 5000;
    show(listed(['vm.a'], { generation: 4 }));

    expect(namesIn(await source.current())).toEqual(['vm.a', 'vm.b']);
  });
});

describe('a NodePrep that is gone', () => {
  const gone = (why: 'deleted' | 'lost' | 'unproven') => ({ state: 'absent', why }) as const;

  it('leaves the host managed unless it was deleted, also after a restart', async () => {
    for (const why of ['lost', 'unproven'] as const) {
      const { source, now, show } = sourceWith({ view: objectWith(10), local: document('files', 5) });
      await source.current();
      show(gone(why));
      expect((await source.current()).source).toEqual(specOf(10));

      const after = sourceWith({ view: gone(why), local: document('files', 5), record: now.record });
      expect((await after.source.current()).source).toEqual(specOf(10));
    }
  });

  it('stays deleted after a restart, until the files of the host change', async () => {
    const local = document('files', 10);
    const { source, now, show } = sourceWith({ view: objectWith(10), local });
    await source.current();
    show(gone('deleted'));
    await source.current();
    const record = {
      ...now.record,
      applied: { uid: 'u', digest: digestOf(specOf(10)), origin: 'files' as const, refused: [], ownership: '' },
    };

    const after = sourceWith({ view: gone('deleted'), local, record });
    expect((await after.source.current()).absent).toContain('was deleted');
    expect(after.registrar.willRegister()).toBe(false);

    after.now.local = document('files', 20);
    expect((await after.source.current()).source).toEqual(specOf(20));
    expect(after.registrar.willRegister()).toBe(true);
  });
});
