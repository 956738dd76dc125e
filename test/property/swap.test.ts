/** The six properties of every area, for swap. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { disableFstabSwaps, parseFstabSwaps, restoreFstabSwaps } from '../../src/areas/swap/plan/fstab.ts';
import { swap } from '../../src/areas/swap/index.ts';
import { swapUnitOf } from '../../src/areas/swap/plan/unit-names.ts';
import type { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { holdsTheSixProperties, linesOf } from '../support/six-properties.ts';
import { masks, passSwap, swapMachine, swapSpec, swapsText } from '../support/swap-pass.ts';

const behavior = fc.constantFrom('Disabled', 'ZramHostOnly');

/** Any bytes, without our own marker, which only NodePrep writes. */
const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => String.fromCharCode(...array));
const swapLine = fc.constantFrom(
  'LABEL=swap none swap sw 0 0',
  'UUID=3baf-9b\tnone\tswap\tsw\t0\t0',
  '  /swapfile   none swap noauto',
  '/my\\040swap none swap defaults # mine',
  '/dev/vda2 swap swap pri=5,\xe4\xff 0 0',
  'PARTLABEL=\xc3\xa4 none swap',
);
const fstab = fc
  .array(fc.tuple(fc.oneof(swapLine, bytes), fc.constantFrom('\n', '\r\n')), { maxLength: 6 })
  .chain((lines) =>
    fc.boolean().map((ended) =>
      lines
        .map(([line, end]) => line + end)
        .join('')
        .slice(0, ended ? undefined : -1),
    ),
  )
  .filter((text) => !text.includes('# nodeprep: disabled: '));

const world = fc.record({
  fstab,
  hasSystemd: fc.boolean(),
  gpt: fc.boolean(),
  zram: fc.boolean(),
  dphys: fc.boolean(),
  ownUnit: fc.boolean(),
  foreignMask: fc.boolean(),
});
/** What udev and the kernel say of a GPT swap partition. */
const GPT_PARTITION = {
  '/run/udev/data/b254:2': 'I:1\nE:ID_PART_ENTRY_TYPE=0657fd6d-a4ab-43c4-84e5-0933c84b4f4f\nV:1\n',
  '/sys/dev/block/254:2/uevent': 'MAJOR=254\nMINOR=2\nDEVNAME=vda2\nDEVTYPE=partition\n',
};

type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

function machine(world: World) {
  const made = swapMachine(
    {
      '/swapfile': 'file',
      '/my swap': 'file',
      '/var/swap': 'file',
      '/proc/swaps': swapsText(['/dev/vda2', 1024], ['/swapfile', 0, 5]),
      ...(world.zram ? { '/etc/systemd/zram-generator.conf': '[zram0]\n' } : {}),
      ...(world.gpt ? GPT_PARTITION : {}),
      ...(world.dphys ? { '/usr/lib/systemd/system/dphys-swapfile.service': '[Service]\n' } : {}),
      ...(world.ownUnit ? { '/etc/systemd/system/swapfile.swap': '[Swap]\nWhat=/swapfile\n' } : {}),
      ...(world.foreignMask ? { '/etc/systemd/system/dev-vda2.swap': { link: '/dev/null' } } : {}),
    },
    {
      hasSystemd: world.hasSystemd,
      services: { 'dphys-swapfile.service': '/var/swap' },
      ...(world.gpt ? { gptSwap: '/dev/vda2' } : {}),
    },
  );
  made.host.nodes.set('/etc/fstab', { type: 'file', content: world.fstab, mode: 0o644 });
  if (world.hasSystemd) made.systemd.boot(made.host);
  return made;
}

/** The bytes of fstab, which the text of the world does not show exactly. */
function fstabOf(host: MemoryHost): string | undefined {
  const node = host.nodes.get('/etc/fstab');
  return node?.type === 'file' ? node.content : undefined;
}

const paths = (host: MemoryHost) =>
  (host.text('/proc/swaps') ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ')[0])
    .filter(Boolean)
    .toSorted();

/** All files but what a reboot makes anew, fstab to the byte. */
const filesOf = (host: MemoryHost) => [...linesOf(host, (path) => !/^\/(proc|sys|run)\//.test(path)), fstabOf(host)];
const stateOf = (host: MemoryHost) => [...filesOf(host), ...paths(host)];

const isOurs = (line: string) =>
  /^\/etc\/(fstab: |systemd\/system\/.*(-> \/dev\/null|\.d\/nodeprep\.conf: ))/.test(line);

holdsTheSixProperties(
  swap,
  {
    worlds: world,
    hostIn: (world) => machine(world).host,
    stateOf,
    // With Keep swap stays off until the next reboot.
    givenBack: (host, policy) => (policy === 'Keep' ? filesOf(host) : stateOf(host)),
    ofOthers: (host, world) => [
      ...linesOf(host, (path) => !/^\/(proc|sys|run)\//.test(path)).filter((line) => !isOurs(line)),
      ...masks(host).filter((unit) => world.foreignMask && unit === 'dev-vda2.swap'),
      restoreFstabSwaps(fstabOf(host) ?? ''),
    ],
  },
  { declared: behavior.map((behavior) => ({ swap: { behavior, reserveBytes: 128 * 2 ** 20 } })), changes: 40 },
);

test('after a pass only zram may be on, and only when that is declared', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, async (world, behavior) => {
      const { host } = machine(world);

      await passSwap(host, swapSpec(behavior));

      expect(paths(host).filter((path) => behavior === 'Disabled' || path !== '/dev/zram0')).toEqual([]);
    }),
  );
});

test('after a reboot swap is off still, and a pass changes nothing', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, async (world, behavior) => {
      const { host, systemd } = machine({ ...world, hasSystemd: true });
      await passSwap(host, swapSpec(behavior));

      systemd.boot(host);

      expect(paths(host).filter((path) => path !== '/dev/zram0')).toEqual([]);
      expect((await passSwap(host, swapSpec(behavior))).applied).toEqual([]);
    }),
  );
});

test('LimitedSwap and Unmanaged change nothing at all', async () => {
  await fc.assert(
    fc.asyncProperty(world, fc.constantFrom('LimitedSwap', 'Unmanaged'), async (world, behavior) => {
      const { host } = machine(world);
      const before = host.toString();

      await passSwap(host, swapSpec(behavior));

      expect(host.toString()).toBe(before);
    }),
  );
});

test('marking and unmarking any bytes gives the same bytes, and leaves no swap line on', () => {
  fc.assert(
    fc.property(fstab, (text) => {
      const disabled = disableFstabSwaps(text);

      expect(restoreFstabSwaps(disabled)).toBe(text);
      expect(parseFstabSwaps(disabled).every((swap) => swap.isDisabled)).toBe(true);
    }),
  );
});

test('the unit of any path has a name that systemd accepts', () => {
  fc.assert(
    fc.property(bytes, (path) => {
      expect(swapUnitOf(`/${path}`) ?? 'none.swap').toMatch(/^[A-Za-z0-9:_.\\-]+\.swap$/);
    }),
  );
});
