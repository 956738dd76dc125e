/** The six properties of every area, for kernel modules. */
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { DeletionPolicy } from '../../src/api/spec/nodeprep.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { modprobe } from '../../src/host/memory/modprobe.ts';
import { linuxWorld } from '../support/linux-world.ts';
import { type Declared, modulesSpec, passModules } from '../support/modules-pass.ts';
import { survive } from '../support/survive.ts';

// Hundreds of worlds take their time on a busy machine; the limit is there for what hangs.
vi.setConfig({ testTimeout: 60_000 });

const LIST = '/etc/modules-load.d/nodeprep.conf';
const OPTIONS = '/etc/modprobe.d/nodeprep.conf';

const behaviours = [
  modprobe({
    parameters: {
      nbd: { max_part: { value: '0' }, nbds_max: { value: '16' } },
      nf_conntrack: { hashsize: { value: '65536', writable: true }, acct: { value: 'N', writable: true } },
    },
    unsigned: ['dm_crypt'],
  }),
];

/** Loadable, unsigned, built-in, aliased and unknown modules, some with parameters. */
const declared: fc.Arbitrary<Declared[]> = fc
  .uniqueArray(
    fc.record({
      name: fc.constantFrom(
        'overlay',
        'br_netfilter',
        'nbd',
        'nf_conntrack',
        'ip_vs',
        'ext4',
        'dm_crypt',
        'ip_conntrack',
        'no_such',
      ),
      required: fc.boolean(),
    }),
    { selector: (one) => one.name, maxLength: 6 },
  )
  .chain((entries) =>
    fc.tuple(
      ...entries.map((entry) => {
        const values: Record<string, fc.Arbitrary<string>> = entry.name === 'nbd'
          ? { max_part: fc.constantFrom('0', '8', '0x10'), hidden: fc.constant('a b') }
          : entry.name === 'nf_conntrack'
            ? { hashsize: fc.constantFrom('65536', '131072'), acct: fc.constantFrom('1', 'n', 'Y') }
            : {};
        return fc.record(values, { requiredKeys: [] }).map((parameters) => ({
          ...entry,
          parameters: parameters as Record<string, string>,
        }));
      }),
    ),
  )
  .map((entries) => [...entries]);

/** What other people left on the host, also under our names. */
const foreign: fc.Arbitrary<MemoryFiles> = fc
  .record(
    {
      '/etc/modules-load.d/k8s.conf': fc.constantFrom('overlay\nnbd\n', '', '\0\xff\r\n'),
      '/etc/modprobe.d/site.conf': fc.constantFrom(
        'blacklist nbd\n',
        'install ip_vs /bin/false\n',
        'options nbd x=1\n',
      ),
      '/usr/lib/modprobe.d/vendor.conf': fc.constantFrom('blacklist overlay\n', 'alias a b\n'),
      [LIST]: fc.constantFrom('nbd\n', '# mine\r\noverlay', ''),
      [OPTIONS]: fc.constantFrom('options nbd nbds_max=2\n', 'install overlay /bin/true\n'),
      '/sys/module/nf_conntrack/initstate': fc.constant('live\n'),
      '/sys/module/zswap/parameters/enabled': fc.constant('Y\n'),
    },
    { requiredKeys: [] },
  )
  .map((files) => Object.fromEntries(Object.entries(files).filter(([, text]) => text !== undefined)) as MemoryFiles);

const machine = (files: MemoryFiles) => new MemoryHost(linuxWorld(files), { behaviours });

/**
 * The world without the ledger, which is the engine's business, and without the hidden temporary file
 * that a crash inside a write leaves until the next write of that file; nobody reads it.
 */
const worldOf = (host: MemoryHost) =>
  host
    .toString()
    .split('\n')
    .filter((line) => !line.startsWith('/var/lib/nodeprep/') && !/^\S*\/\.\S*\.nodeprep\.tmp: /.test(line));
const onDisk = (host: MemoryHost) => worldOf(host).filter((line) => !/^\/(proc|sys)\//.test(line));
const ofOthers = (host: MemoryHost) =>
  onDisk(host).filter((line) => !line.startsWith(LIST) && !line.startsWith(OPTIONS));

test('after a pass nothing remains but what failed, is blocked or waits for a boot', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, async (files, entries) => {
      const report = await passModules(machine(files), modulesSpec(entries));

      const failed = new Set(report.failures.map((finding) => finding.target));
      expect(report.error).toBeUndefined();
      expect(report.remaining.filter((change) => !failed.has(change.target))).toEqual([]);
      for (const name of failed) expect(name).toBe('dm_crypt');
    }),
  );
});

test('a second pass changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, async (files, entries) => {
      const host = machine(files);
      await passModules(host, modulesSpec(entries));
      const before = worldOf(host);

      const report = await passModules(host, modulesSpec(entries));

      expect(report.applied).toEqual([]);
      expect(worldOf(host)).toEqual(before);
    }),
  );
});

test('Audit and Paused change nothing at all', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, fc.constantFrom('Audit', 'Paused'), async (files, entries, mode) => {
      const host = machine(files);
      const before = host.toString();

      await passModules(host, modulesSpec(entries, { mode }));

      expect(host.toString()).toBe(before);
    }),
  );
});

test('the empty spec gives back every file, whatever was declared before, and unloads nothing', async () => {
  await fc.assert(
    fc.asyncProperty(
      foreign,
      fc.array(declared, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<DeletionPolicy>('Keep', 'Restore'),
      async (files, specs, deletionPolicy) => {
        const host = machine(files);
        const before = onDisk(host);
        for (const entries of specs) await passModules(host, modulesSpec(entries));
        const loaded = host.text('/proc/modules');

        const report = await passModules(host, modulesSpec([], { deletionPolicy }));

        expect(onDisk(host)).toEqual(before);
        expect(host.text('/proc/modules')).toBe(loaded);
        expect(report.remaining).toEqual([]);
      },
    ),
  );
});

test('killed after any change, the next pass converges to the same world, and the originals are still right', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, declared, fc.nat({ max: 14 }), async (files, first, second, changes) => {
      const before = onDisk(machine(files));
      const whole = machine(files);
      await passModules(whole, modulesSpec(first));
      await passModules(whole, modulesSpec(second));
      const host = machine(files);
      host.dieAfter(changes);
      await survive(passModules(host, modulesSpec(first)));
      await survive(passModules(host, modulesSpec(second)));
      host.revive();

      await passModules(host, modulesSpec(second));

      expect(onDisk(host)).toEqual(onDisk(whole));
      await passModules(host, modulesSpec([], { deletionPolicy: 'Restore' }));
      expect(onDisk(host)).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

/** After so many changes of taking back, and of the pass that declares it anew, when there is one. */
const kills = fc.tuple(fc.nat({ max: 8 }), fc.option(fc.nat({ max: 8 })));

test('killed while it takes everything back, the next start still gives back every file', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, kills, async (files, entries, [changes, again]) => {
      const host = machine(files);
      const before = onDisk(host);
      await passModules(host, modulesSpec(entries));
      host.dieAfter(changes);
      await survive(passModules(host, modulesSpec([], { deletionPolicy: 'Restore' })));
      host.revive();
      if (again !== null) host.dieAfter(again);
      if (again !== null) await survive(passModules(host, modulesSpec(entries)));
      host.revive();

      await passModules(host, modulesSpec([], { deletionPolicy: 'Restore' }));

      expect(onDisk(host)).toEqual(before);
    }),
    { numRuns: 200 },
  );
});

test('files of others are never changed', async () => {
  await fc.assert(
    fc.asyncProperty(foreign, declared, declared, async (files, first, second) => {
      const host = machine(files);
      const before = ofOthers(host);

      await passModules(host, modulesSpec(first));
      await passModules(host, modulesSpec(second));

      expect(ofOthers(host)).toEqual(before);
    }),
  );
});
