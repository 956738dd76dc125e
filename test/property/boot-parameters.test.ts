/** The six properties of every area, for bootParameters on machines with GRUB; and that no foreign file makes it throw. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bootParameters as part } from '../../src/api/parts/boot-parameters.ts';
import { bootParameters } from '../../src/areas/boot-parameters/index.ts';
import { editedLine, wordsOf } from '../../src/areas/boot-parameters/words.ts';
import { grub } from '../../src/host/memory/grub.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { bootSpec, DROP_IN, GRUB_CFG, grubHost, passBoot } from '../support/boot-pass.ts';
import { BOOT_TREES, bootTree } from '../support/boot-trees.ts';
import { holdsTheSixProperties, linesOf } from '../support/six-properties.ts';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

const word = fc.constantFrom('quiet', 'audit=1', 'audit=0', 'console=ttyS0', 'psi=1', 'transparent_hugepage=never');
// No word that is declared: of one that others have as well, it depends on earlier specs whether our file has it, too.
const settings = fc.constantFrom(
  'GRUB_CMDLINE_LINUX=""\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\n',
  'GRUB_CMDLINE_LINUX="audit=2 console=ttyS9"\n',
  "GRUB_CMDLINE_LINUX_DEFAULT='audit=2 psi=2'\n",
  'GRUB_TIMEOUT=5\n',
  'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX psi=3"\n',
);
const world = fc.record({
  files: fc.dictionary(
    fc.constantFrom('/etc/default/grub', '/etc/default/grub.d/50-cloudimg.cfg', '/etc/default/grub.d/zzz.cfg'),
    settings,
  ),
  // Under our name, by others.
  ours: fc.option(fc.constantFrom('', '# mine\n', 'GRUB_TIMEOUT=3\n')),
  now: fc.array(word, { maxLength: 3 }),
});

function hostIn({ files, ours, now }: typeof world extends fc.Arbitrary<infer T> ? T : never): MemoryHost {
  const host = grubHost({
    ...files,
    ...(ours === null ? {} : { [DROP_IN]: ours }),
    '/proc/cmdline': `root=UUID=6a6f7d4a ro ${now.join(' ')}\n`,
  });
  void grub().commands?.['update-grub']?.(host, [], ['update-grub']);
  return host;
}

const entry = fc.record(
  {
    name: fc.constantFrom('audit', 'psi', 'console', 'transparent_hugepage', 'cgroup_enable'),
    value: fc.constantFrom('0', '1', 'ttyS0', 'memory'),
    state: fc.constantFrom('Present' as const, 'Absent' as const),
    optional: fc.boolean(),
  },
  { requiredKeys: ['name'] },
);
const declared = fc
  .uniqueArray(entry, { maxLength: 4, selector: (one) => part.expand([one])[0]?.name })
  // No value stands for every value of a name that may stand several times.
  .filter((all) =>
    all.every(({ name, value }) => value !== undefined || all.filter((one) => one.name === name).length < 2),
  )
  .map((entries) => ({ bootParameters: part.expand(entries) }));

/** Without the candidate that a power cut leaves below /run. */
const state = (host: MemoryHost) => linesOf(host, (path) => !path.startsWith('/run/nodeprep'));
const isOfArea = (path: string) => path === DROP_IN || path === GRUB_CFG;

holdsTheSixProperties(
  bootParameters,
  {
    worlds: world,
    hostIn,
    stateOf: state,
    givenBack: state,
    ofOthers: (host) => state(host).filter((line) => !isOfArea(line.slice(0, line.search(/: | -> |$/)))),
  },
  { declared, changes: 22 },
);

const TREES = BOOT_TREES.filter(
  (name) => !/^(no-loader|two-loaders|fedora-coreos|fedora-uki|pi-os-unmounted|.*two-lines)$/.test(name),
);
const isOfLoader = (path: string) => /^\/(boot|efi)\/|^\/etc\/(kernel|default|u-boot-menu)\//.test(path);

describe('on loaders whose files are edited', () => {
  holdsTheSixProperties(
    bootParameters,
    {
      worlds: fc.constantFrom(...TREES),
      hostIn: (tree) => new MemoryHost({ '/proc/cmdline': 'root=LABEL=x\n', [BOOT_ID]: 'first\n', ...bootTree(tree) }),
      stateOf: state,
      givenBack: state,
      ofOthers: (host) => state(host).filter((line) => !isOfLoader(line.slice(0, line.search(/: | -> |$/)))),
    },
    { declared, changes: 22 },
  );
});

test('no file of a boot loader makes a pass fail by a bug', async () => {
  const text = fc.oneof(
    fc.string({ maxLength: 80 }),
    settings,
    fc.constantFrom("menuentry 'a' {\nlinux x root=/ \n", 'linux', '"'),
  );
  await fc.assert(
    fc.asyncProperty(text, text, text, async (cfg, defaults, ours) => {
      const host = grubHost({ [GRUB_CFG]: cfg, '/etc/default/grub': defaults, [DROP_IN]: ours });

      const report = await passBoot(host, bootSpec({ name: 'audit', value: '1' }));

      expect(report.defects ?? []).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('an edited line is one line, has every other word, and is not changed by a second edit', () => {
  const line = fc
    .array(fc.oneof(word, fc.stringMatching(/^[!#-~]{1,12}$/)), { maxLength: 8 })
    .map((words) => words.join(' '));
  fc.assert(
    fc.property(line, fc.uniqueArray(word), fc.uniqueArray(word), (text, present, absent) => {
      const wanted = { present, absent: absent.filter((one) => !present.includes(one)) };
      const once = editedLine(text, wanted);

      expect(once).not.toMatch(/[\r\n]/);
      const touched = new Set([...present, ...absent].map((one) => one.split('=')[0]));
      const others = (words: readonly string[]) => words.filter((one) => !touched.has(one.split('=')[0] ?? ''));
      expect(others(wordsOf(once))).toEqual(others(wordsOf(text)));
    }),
    { numRuns: 500 },
  );
});
