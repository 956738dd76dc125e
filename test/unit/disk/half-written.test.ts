/** Spec files that are written, or moved, while they are read. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openSpecKeeper } from '../../../src/disk/file-spec-source.ts';
import { settled } from '../../../src/disk/settled.ts';
import { createWatchedSpecSource } from '../../../src/disk/watched-spec-source.ts';
import type { FileStat, HostReader } from '../../../src/host/host.ts';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';
import { SPEC_DIRECTORY, SPEC_FILE } from '../../../src/disk/spec-files.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const document = (body: string) => `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n${body}`;
const entries = (...names: readonly string[]) =>
  `  sysctls:\n${names.map((name) => `  - name: vm.${name}\n    value: 10\n`).join('')}`;
const WHOLE = document(`  mode: Audit\n${entries('a', 'b', 'c')}`);
const DROP_IN = `${SPEC_DIRECTORY}/10.yaml`;

async function daemon(host: MemoryHost) {
  const clock = () => Date.now();
  const keeper = await openSpecKeeper({ host, now: () => new Date() }, 'node1', () => undefined);
  const watcher = { watch: async () => {}, close: async () => {} };
  const refusals: string[] = [];
  const onRefused = (message: string) => void refusals.push(message);
  const told = { times: 0 };
  const source = createWatchedSpecSource({
    machine: host,
    host,
    keeper,
    watcher,
    clock,
    request: { files: [] },
    onRefused,
    onWarning: () => undefined,
  });
  await source.watch(() => void (told.times += 1));
  const shown = async () => {
    const { spec } = await source.current();
    return [spec.mode, ...(spec.sysctls ?? []).map(({ name, value }) => `${name}=${value}`)].join(' ');
  };
  const write = (path: string, text: string | undefined) => {
    host.put(path, text);
    return shown();
  };
  return { shown, write, told, refusals };
}

const ALL = 'Audit vm.a=10 vm.b=10 vm.c=10';

describe('half a spec is not enforced', () => {
  test('when a file is written in two pieces one second apart', async () => {
    const { shown, write } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    expect(await shown()).toBe(ALL);

    for (const end of [WHOLE.indexOf('  - name: vm.b'), WHOLE.indexOf('0\n  - name: vm.c'), WHOLE.length - 2]) {
      expect(await write(SPEC_FILE, WHOLE.slice(0, end))).toBe(ALL);
      await vi.advanceTimersByTimeAsync(1000);
      expect(await shown()).toBe(ALL);
      expect(await write(SPEC_FILE, WHOLE)).toBe(ALL);
      await vi.advanceTimersByTimeAsync(10_000);
    }
  });

  test('when the last line is cut inside of its value', async () => {
    const { shown, write } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    await shown();

    expect(await write(SPEC_FILE, WHOLE.slice(0, -2))).toBe(ALL);
  });

  test('when the main file is away for a moment beside a drop-in', async () => {
    const host = new MemoryHost({ [SPEC_FILE]: WHOLE, [DROP_IN]: document(entries('d')) });
    const { shown, write } = await daemon(host);
    const all = await shown();
    expect(all).toContain('vm.d=10');

    expect(await write(SPEC_FILE, undefined)).toBe(all);
    await vi.advanceTimersByTimeAsync(50);
    expect(await write(SPEC_FILE, WHOLE)).toBe(all);
  });

  test('also not by a daemon that starts in that moment', async () => {
    const host = new MemoryHost({ [SPEC_FILE]: WHOLE, [DROP_IN]: document(entries('d')) });
    const all = await (await daemon(host)).shown();

    host.put(SPEC_FILE, undefined);

    expect(await (await daemon(host)).shown()).toBe(all);
  });
});

describe('a spec that cannot be used', () => {
  test('is not told as refused when it is one for an instant only', async () => {
    const { shown, write, refusals } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    await shown();

    for (const text of ['', WHOLE.slice(0, 90), undefined]) {
      expect(await write(SPEC_FILE, text)).toBe(ALL);
      await vi.advanceTimersByTimeAsync(50);
      expect(await write(SPEC_FILE, WHOLE)).toBe(ALL);
    }

    await vi.advanceTimersByTimeAsync(10_000);
    expect(await shown()).toBe(ALL);
    expect(refusals).toEqual([]);
  });

  test('is told once when it stays, and half of the next one is not enforced either', async () => {
    const { shown, write, told, refusals } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    await shown();
    await write(SPEC_FILE, '');

    await vi.advanceTimersByTimeAsync(3000);
    expect(told.times).toBe(1);
    for (let n = 0; n < 3; n += 1) expect(await shown()).toBe(ALL);
    expect(refusals).toHaveLength(1);

    await vi.advanceTimersByTimeAsync(60_000);
    expect(await write(SPEC_FILE, WHOLE.slice(0, WHOLE.indexOf('  - name: vm.b')))).toBe(ALL);
  });
});

describe('a spec that says less', () => {
  test('is in force after three quiet seconds, and nobody has to ask', async () => {
    const { shown, write, told } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    await shown();
    await write(SPEC_FILE, document(entries('a')));

    await vi.advanceTimersByTimeAsync(2999);
    expect(told.times).toBe(0);
    await vi.advanceTimersByTimeAsync(1);
    expect(told.times).toBe(1);
    expect(await shown()).toBe('Enforce vm.a=10');
  });

  test('waits anew with each change, and not for ever', async () => {
    const { shown, write } = await daemon(new MemoryHost({ [SPEC_FILE]: WHOLE }));
    await shown();

    const seen: string[] = [];
    for (let second = 0; second <= 15; second += 1) {
      seen.push(await write(SPEC_FILE, document(`  swap: { behavior: Unmanaged, reserve: ${second} }\n`)));
      await vi.advanceTimersByTimeAsync(1000);
    }

    expect(new Set(seen.slice(0, 15))).toEqual(new Set([ALL]));
    expect(seen[15]).toBe('Enforce');
  });

  test('does not keep growth waiting', async () => {
    const { shown, write } = await daemon(new MemoryHost({ [SPEC_FILE]: document(entries('a')) }));
    await shown();

    expect(await write(SPEC_FILE, document(entries('a', 'b')))).toBe('Enforce vm.a=10 vm.b=10');
  });
});

describe('a command that reads the spec once', () => {
  const NOW = 1_000_000;
  /** Times of the last change by path, and how long the command waited. */
  async function waited(times: Readonly<Record<string, number>>, onPause: () => void = () => undefined) {
    const pauses: number[] = [];
    const stat = async (path: string) =>
      path in times ? ({ type: 'file', modifiedMs: times[path] } as FileStat) : undefined;
    const host = { stat, listDirectory: async () => ['10.yaml'] } as unknown as HostReader;
    const now = () => new Date(NOW + pauses.reduce((sum, one) => sum + one, 0));
    const pause = async (milliseconds: number) => {
      pauses.push(milliseconds);
      onPause();
    };
    await settled({ files: [] }, { here: host, host, now, pause });
    return pauses;
  }

  test.each([
    ['nothing was changed lately', { [SPEC_FILE]: NOW - 60_000, '/etc/nodeprep': NOW - 5000 }],
    ['there is no spec file', {}],
    ['the clock was set back', { [SPEC_FILE]: NOW + 60_000 }],
  ])('does not wait when %s', async (_, times) => {
    expect(await waited(times)).toEqual([]);
  });

  test.each([
    ['a file was written', SPEC_FILE],
    ['a drop-in was written', DROP_IN],
    ['a file was moved', '/etc/nodeprep'],
  ])('waits for the second piece when %s just now', async (_, path) => {
    const times = { [path]: NOW - 500 };
    const onPause = () => {
      if (times[path] === NOW - 500) times[path] = NOW + 500;
    };

    expect(await waited(times, onPause)).toEqual([1000, 1000]);
  });

  test('does not wait for ever', async () => {
    const times = { [SPEC_FILE]: NOW };
    let passed = NOW;
    const onPause = () => void (times[SPEC_FILE] = passed += 1500);

    expect((await waited(times, onPause)).length).toBeLessThan(10);
  });
});
