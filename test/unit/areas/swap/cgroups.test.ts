import { describe, expect, it } from 'vitest';
import type { MemoryFiles } from '../../../../src/host/memory/memory-host.ts';
import { createEngine } from '../../../../src/reconcile/loop/engine.ts';
import { openLedger } from '../../../../src/reconcile/ledger/ledger.ts';
import { manage } from '../../../../src/reconcile/pass/pass.ts';
import { swap as area } from '../../../../src/areas/swap/index.ts';
import { activeSwaps } from '../../../../src/host/memory/swap.ts';
import { passSwap, swapMachine, swapSpec, swapsText } from '../../../support/swap-pass.ts';

const MIB = 2 ** 20;

interface Usage {
  readonly max?: number;
  readonly current: number;
  readonly swap: number;
  readonly inactiveFile?: number;
}

/** Groups of cgroup v2, sizes in MiB. */
function v2(groups: Readonly<Record<string, Usage>>): MemoryFiles {
  const files: Record<string, string> = { '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n' };
  for (const [path, { max, current, swap, inactiveFile = 0 }] of Object.entries(groups)) {
    files[`/sys/fs/cgroup/${path}/memory.max`] = max === undefined ? 'max\n' : `${max * MIB}\n`;
    files[`/sys/fs/cgroup/${path}/memory.current`] = `${current * MIB}\n`;
    files[`/sys/fs/cgroup/${path}/memory.swap.current`] = `${swap * MIB}\n`;
    files[`/sys/fs/cgroup/${path}/memory.stat`] = `anon 1\ninactive_file ${inactiveFile * MIB}\nactive_file 7\n`;
  }
  return files;
}

/** Groups of cgroup v1, sizes in MiB. */
function v1(groups: Readonly<Record<string, Usage>>, isHierarchical = true): MemoryFiles {
  const files: Record<string, string> = {};
  for (const [path, { max, current, swap }] of Object.entries(groups)) {
    const at = `/sys/fs/cgroup/memory/${path}`;
    files[`${at}/memory.limit_in_bytes`] = max === undefined ? '9223372036854771712\n' : `${max * MIB}\n`;
    files[`${at}/memory.usage_in_bytes`] = `${current * MIB}\n`;
    files[`${at}/memory.memsw.usage_in_bytes`] = `${(current + swap) * MIB}\n`;
    files[`${at}/memory.use_hierarchy`] = isHierarchical ? '1\n' : '0\n';
  }
  return files;
}

const used = (mib: number) => ({ '/proc/swaps': swapsText(['/dev/vda2', mib * 1024]) });
const POD = 'kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice';

describe('a control group that cannot take its memory back', () => {
  it.each([
    [
      'v2',
      v2({
        'system.slice': { current: 300, swap: 60 },
        'system.slice/db.service': { max: 256, current: 250, swap: 60 },
      }),
      'memory.max',
    ],
    [
      'v1',
      v1({
        'system.slice': { current: 300, swap: 60 },
        'system.slice/db.service': { max: 256, current: 250, swap: 60 },
      }),
      'memory.limit_in_bytes',
    ],
    [
      'v1 without hierarchy',
      v1(
        { 'system.slice': { current: 0, swap: 0 }, 'system.slice/db.service': { max: 256, current: 250, swap: 60 } },
        false,
      ),
      'memory.limit_in_bytes',
    ],
  ])('keeps swap on, and is named with its numbers (%s)', async (_, groups, limit) => {
    const { host } = swapMachine({ ...used(60), ...groups });

    const report = await passSwap(host);

    expect(activeSwaps(host)).toEqual(['/dev/vda2']);
    expect(report.applied).toEqual([]);
    expect(report.blocked).toMatchObject([{ target: 'swap', reason: 'SwapoffUnsafe', transient: true }]);
    expect(report.blocked[0]?.message).toContain('"system.slice/db.service" has 60 MiB (62914560 bytes) in swap');
    expect(report.blocked[0]?.message).toContain(`its ${limit} is 256 MiB`);
  });

  it('is found where only the limit of its parent is too small', async () => {
    const { host } = swapMachine({
      ...used(60),
      ...v2({ 'app.slice': { max: 300, current: 280, swap: 40 }, 'app.slice/a.service': { current: 280, swap: 40 } }),
    });

    expect((await passSwap(host)).blocked[0]?.message).toContain('"app.slice"');
  });

  it('is seen again right before swapoff', async () => {
    const { host } = swapMachine({
      ...used(60),
      ...v2({ 'a.service': { max: 256, current: 100, swap: 60 } }),
    });
    const grown = Object.assign(Object.create(host) as typeof host, {
      run: (command: Parameters<typeof host.run>[0]) => {
        host.put('/sys/fs/cgroup/a.service/memory.current', `${250 * MIB}\n`);
        return host.run(command);
      },
    });

    const report = await passSwap(grown);

    expect(activeSwaps(host)).toEqual(['/dev/vda2']);
    expect(report.failures).toMatchObject([{ reason: 'SwapoffUnsafe' }]);
  });
});

describe('swap goes off', () => {
  it.each([
    ['where the group has room', v2({ 'a.service': { max: 320, current: 250, swap: 60 } })],
    ['where the group has no limit', v2({ 'a.service': { current: 250, swap: 60 } })],
    ['where file cache makes the room', v2({ 'a.service': { max: 256, current: 256, swap: 60, inactiveFile: 100 } })],
    ['where swap is not counted by group', v1({})],
    [
      'where less is on the devices than the group has elsewhere',
      v2({ 'a.service': { max: 320, current: 250, swap: 500 } }),
    ],
  ])('%s', async (_, groups) => {
    const { host } = swapMachine({ ...used(60), ...groups });

    await passSwap(host);

    expect(activeSwaps(host)).toEqual([]);
  });

  it('without a look at groups while none of it is in use', async () => {
    const { host } = swapMachine({ ...used(0), ...v2({ [POD]: { max: 1, current: 1, swap: 1 } }) });

    await passSwap(host);

    expect(activeSwaps(host)).toEqual([]);
  });
});

describe('swap in use by a pod', () => {
  const world = {
    ...used(20),
    ...v2({
      'kubepods.slice': { current: 900, swap: 20 },
      'kubepods.slice/kubepods-burstable.slice': { current: 900, swap: 20 },
      [POD]: { current: 100, swap: 20 },
    }),
  };

  it('stays on until the pod is gone, while nothing brings it back at boot', async () => {
    const { host } = swapMachine(world);

    const report = await passSwap(host);

    expect(activeSwaps(host)).toEqual(['/dev/vda2']);
    expect(host.text('/etc/fstab')).toContain('# nodeprep: disabled');
    expect(report.deferred).toMatchObject([{ change: { disruption: 'Drain' }, reason: 'DrainRequired' }]);
    expect(report.entries).toMatchObject([{ state: 'Pending', reason: 'DrainRequired' }]);

    host.put(`/sys/fs/cgroup/${POD}`, undefined);
    host.put('/sys/fs/cgroup/kubepods.slice/memory.swap.current', '0\n');
    expect((await passSwap(host)).entries).toMatchObject([{ state: 'InSync' }]);
    expect(activeSwaps(host)).toEqual([]);
  });

  it('does not keep other swap on', async () => {
    const { host } = swapMachine({
      ...world,
      '/proc/swaps': swapsText(['/dev/vda2', 20 * 1024], ['/swapfile', 0]),
      '/swapfile': 'x',
    });

    await passSwap(host);

    expect(activeSwaps(host)).toEqual(['/dev/vda2']);
  });

  it('asks for no reboot', async () => {
    const { host } = swapMachine(world);
    const ledger = await openLedger(host, () => new Date(0));
    const engine = createEngine({ areas: [manage(area)], host, ledger, clock: () => 0, now: () => new Date(0) });

    const snapshot = { name: 'n', generation: 1, spec: swapSpec('Disabled'), source: {} };
    const { conditions } = await engine.round({ snapshot, cause: 'start' }, new AbortController().signal);

    const by = (type: string) => conditions.find((condition) => condition.type === type);
    expect(by('RebootRequired')?.status).toBe('False');
    expect(by('Ready')).toMatchObject({ status: 'False', reason: 'Pending' });
    expect(by('Ready')?.message).toContain('kubectl drain');
  });
});
