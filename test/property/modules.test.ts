/** The six properties of every area, for kernel modules. */
import * as fc from 'fast-check';
import { expect } from 'vitest';
import { modules } from '../../src/areas/modules/index.ts';
import { type MemoryFiles, MemoryHost } from '../../src/host/memory/memory-host.ts';
import { modprobe } from '../../src/host/memory/modprobe.ts';
import { linuxWorld } from '../support/linux-world.ts';
import { type Declared, modulesSpec } from '../support/modules-pass.ts';
import { type Declaration, holdsTheSixProperties, linesOf } from '../support/six-properties.ts';

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
const entries: fc.Arbitrary<Declared[]> = fc
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

const declared: fc.Arbitrary<Declaration> = entries.map((some) => ({ modules: modulesSpec(some).modules ?? [] }));

// What is loaded stays loaded, so that histories differ in it.
const onDisk = (host: MemoryHost) => linesOf(host, (path) => !/^\/(proc|sys)\//.test(path));

holdsTheSixProperties(
  modules,
  {
    worlds: foreign,
    hostIn: (files) => new MemoryHost(linuxWorld(files), { behaviours }),
    stateOf: onDisk,
    givenBack: onDisk,
    ofOthers: (host) => onDisk(host).filter((line) => !line.startsWith(LIST) && !line.startsWith(OPTIONS)),
  },
  {
    declared,
    mayFail: (name) => name === 'dm_crypt',
    changes: 14,
    onceTakenBack: ({ before, now }) => expect(now('/proc/modules')).toBe(before('/proc/modules')),
  },
);
