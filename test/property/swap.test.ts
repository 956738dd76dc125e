/** The six properties of every area, for swap. */
import * as fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { emptySpec, type DeletionPolicy } from '../../src/api/spec/nodeprep.ts';
import { disableFstabSwaps, parseFstabSwaps, restoreFstabSwaps } from '../../src/areas/swap/plan/fstab.ts';
import { swapUnitOf } from '../../src/areas/swap/plan/unit-names.ts';
import type { MemoryHost } from '../../src/host/memory/memory-host.ts';
import { survive } from '../support/survive.ts';
import { masks, memoryOf, onDisk, passSwap, swapMachine, swapSpec, swapsText } from '../support/swap-pass.ts';

// Hundreds of worlds take their time on a busy machine; the limit is there for what hangs.
vi.setConfig({ testTimeout: 60_000 });

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

/** What matters of a host: all files, fstab to the byte, and what is on. */
const stateOf = (host: MemoryHost) => [...onDisk(host), fstabOf(host), ...paths(host)];

test('after a pass nothing remains, and only zram may be on when that is declared', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, async (world, behavior) => {
      const { host } = machine(world);

      const report = await passSwap(host, swapSpec(behavior));

      expect(report.error).toBeUndefined();
      expect([report.remaining, report.failures]).toEqual([[], []]);
      expect(paths(host).filter((path) => behavior === 'Disabled' || path !== '/dev/zram0')).toEqual([]);
    }),
  );
});

test('a second pass changes nothing, nor does one after a boot find swap on', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, async (world, behavior) => {
      const { host, systemd } = machine(world);
      await passSwap(host, swapSpec(behavior));
      const before = stateOf(host);

      expect((await passSwap(host, swapSpec(behavior))).applied).toEqual([]);
      expect(stateOf(host)).toEqual(before);
      if (!world.hasSystemd) return;
      systemd.boot(host);
      expect(paths(host).filter((path) => path !== '/dev/zram0')).toEqual([]);
      expect((await passSwap(host, swapSpec(behavior))).applied).toEqual([]);
    }),
  );
});

test('Audit, Paused, LimitedSwap and Unmanaged change nothing at all', async () => {
  const spec = fc.constantFrom(
    swapSpec('Disabled', { mode: 'Audit' }),
    swapSpec('Disabled', { mode: 'Paused' }),
    swapSpec('LimitedSwap'),
    swapSpec('Unmanaged'),
  );
  await fc.assert(
    fc.asyncProperty(world, spec, async (world, spec) => {
      const { host } = machine(world);
      const before = host.toString();

      await passSwap(host, spec);

      expect(host.toString()).toBe(before);
    }),
  );
});

test('the empty spec gives back every file byte for byte, and with Restore every device', async () => {
  await fc.assert(
    fc.asyncProperty(
      world,
      fc.array(behavior, { minLength: 1, maxLength: 3 }),
      fc.constantFrom<DeletionPolicy>('Keep', 'Restore'),
      async (world, behaviors, policy) => {
        const { host } = machine(world);
        const before = { files: onDisk(host), fstab: fstabOf(host), on: paths(host) };
        for (const behavior of behaviors) await passSwap(host, swapSpec(behavior, { deletionPolicy: policy }));

        const report = await passSwap(host, emptySpec(policy));

        expect([onDisk(host), fstabOf(host)]).toEqual([before.files, before.fstab]);
        if (policy === 'Restore') expect(paths(host)).toEqual(before.on);
        expect([report.remaining, report.failures]).toEqual([[], []]);
        expect([...(await memoryOf(host)).keys()]).toEqual([]);
      },
    ),
  );
});

test('killed after any change, the next pass converges, and everything can still be given back', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, fc.nat({ max: 25 }), async (world, behavior, changes) => {
      const whole = machine(world).host;
      await passSwap(whole, swapSpec(behavior));
      const { host } = machine(world);
      const before = stateOf(host);
      host.dieAfter(changes);
      await survive(passSwap(host, swapSpec(behavior)));
      host.revive();

      await passSwap(host, swapSpec(behavior));

      expect(stateOf(host)).toEqual(stateOf(whole));
      await passSwap(host, emptySpec('Restore'));
      expect(stateOf(host)).toEqual(before);
    }),
    { numRuns: 300 },
  );
});

/** After so many changes of taking back, and of the pass that declares it anew, when there is one. */
const kills = fc.tuple(fc.nat({ max: 40 }), fc.option(fc.nat({ max: 40 })));

test('killed while it takes everything back, the next start still gives back everything', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, kills, async (world, behavior, [changes, again]) => {
      const { host } = machine(world);
      const before = stateOf(host);
      await passSwap(host, swapSpec(behavior));
      host.dieAfter(changes);
      await survive(passSwap(host, emptySpec('Restore')));
      host.revive();
      if (again !== null) host.dieAfter(again);
      if (again !== null) await survive(passSwap(host, swapSpec(behavior)));
      host.revive();

      const report = await passSwap(host, emptySpec('Restore'));

      expect(stateOf(host)).toEqual(before);
      expect([report.remaining, report.failures]).toEqual([[], []]);
      expect([...(await memoryOf(host)).keys()]).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('nothing of others is changed but the marked lines of fstab', async () => {
  await fc.assert(
    fc.asyncProperty(world, behavior, async (world, behavior) => {
      const { host } = machine(world);
      const isOurs = (line: string) =>
        /^\/etc\/(fstab: |systemd\/system\/.*(-> \/dev\/null|\.d\/nodeprep\.conf: ))/.test(line);
      const before = onDisk(host).filter((line) => !isOurs(line));
      const masked = masks(host);

      await passSwap(host, swapSpec(behavior));

      expect(onDisk(host).filter((line) => !isOurs(line))).toEqual(before);
      expect(masks(host)).toEqual(expect.arrayContaining(masked));
      expect(restoreFstabSwaps(fstabOf(host) ?? '')).toBe(world.fstab);
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
