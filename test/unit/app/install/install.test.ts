import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { install, purge } from '../../../../src/app/install/install.ts';
import { NotInstallableError } from '../../../../src/app/install/not-installable.ts';
import { disableUnits } from '../../../../src/app/install/service.ts';
import type { Machine } from '../../../../src/app/machine.ts';
import { VERSION } from '../../../../src/app/version.ts';
import { CommandError, HostFileError } from '../../../../src/host/errors.ts';
import {
  type MemoryBehaviour,
  type MemoryFiles,
  MemoryHost,
  MemoryHostDied,
} from '../../../../src/host/memory/memory-host.ts';
import type { OwnExecutable } from '../../../../src/host/own/own-executable.ts';

const MANIFESTS = join(import.meta.dirname, '../../../../manifests/systemd');
const SPEC = '/etc/nodeprep/nodeprep.yaml';
const LIB = '/usr/local/lib/nodeprep';
const noChange = () => undefined;

async function* bytes(text: string) {
  yield Buffer.from(text);
}

/** A build of NodePrep, told apart by its bytes. */
function build(content: string, path = '/root/nodeprep'): OwnExecutable {
  const file = (name: string, text: string) => ({ name, read: () => bytes(text) });
  return {
    path,
    architecture: 'x64',
    files: [file('nodeprep', content), file('libatomic.so.1', 'library')],
    asset: (name) => readFileSync(join(MANIFESTS, name), 'utf8'),
  };
}

/** An image: nothing runs in it. The root of the machine only matters for the rights that are asked for. */
function image(files: MemoryFiles = {}): Machine & { host: MemoryHost } {
  return machineOf(new MemoryHost(files, { kernel: 'absent' }));
}

function machineOf(host: MemoryHost): Machine & { host: MemoryHost } {
  return { root: '/image', live: false, host, here: host, areas: [], clock: () => 0, now: () => new Date(0) };
}

/** How the start of the bootstrap ends; may change the host. */
type Bootstrap = (host: MemoryHost) => 'active' | 'failed' | 'activating' | 'condition not met';

/** A running host whose systemd keeps a list of what was enabled and what is active. */
function running(
  options: {
    broken?: boolean;
    starts?: (program: string, host: MemoryHost) => boolean;
    bootstrap?: Bootstrap;
    exitStatus?: number;
  } = {},
) {
  const enabled = new Set<string>();
  const active = new Set<string>();
  const starts: string[] = [];
  const states = new Map<string, string>();
  const said = {
    stdout: options.broken === true ? 'Segmentation fault' : `nodeprep ${VERSION} (from sources)\n`,
    stderr: '',
  };
  const behaviour: MemoryBehaviour = {
    commands: new Proxy(
      {
        systemctl: (host: MemoryHost, args: readonly string[]) => {
          const [verb, ...units] = args.filter((arg) => !arg.startsWith('--'));
          const [unit = ''] = units;
          if (verb === 'show') {
            const started = states.get(unit) ?? 'inactive';
            const state = started === 'active' && !active.has(unit) ? 'inactive' : started;
            return {
              stdout: args[1] === '--property=ActiveState' ? `${state}\n` : `${options.exitStatus ?? 0}\n`,
              stderr: '',
            };
          }
          for (const unit of units) {
            if (verb === 'enable') enabled.add(unit);
            if (verb === 'disable') enabled.delete(unit);
            if (verb === 'stop' || verb === 'restart') active.delete(unit);
            if (verb !== 'start' && verb !== 'restart') continue;
            if (!active.has(unit)) starts.push(unit);
            const state = unit === 'nodeprep-bootstrap.service' ? (options.bootstrap?.(host) ?? 'active') : 'active';
            states.set(unit, state);
            if (state === 'active') active.add(unit);
            if (state === 'failed') throw new CommandError(['systemctl'], { exitCode: 1, detail: 'the job failed' });
            if (state === 'activating') throw new CommandError(['systemctl'], { timedOut: true, detail: 'too slow' });
          }
          return { stdout: '', stderr: '' };
        },
      },
      {
        get: (known, name) =>
          Reflect.get(known, name) ??
          (String(name).startsWith(LIB)
            ? (host: MemoryHost, _: readonly string[], command: readonly [string, ...string[]]) => {
                if (options.starts?.(String(name), host) !== false) return said;
                throw new CommandError(command, { exitCode: 127, detail: 'libatomic.so.1: cannot open shared object' });
              }
            : undefined),
      },
    ) as NonNullable<MemoryBehaviour['commands']>,
  };
  const host = new MemoryHost({ '/run/systemd/system': null }, { behaviours: [behaviour] });
  return { machine: machineOf(host), host, enabled, active, starts };
}

const installOn = (machine: Machine, own = build('one'), request: object = {}) =>
  install(machine, own, { start: true, ...request }, noChange);
const current = async (host: MemoryHost) => host.text(`${LIB}/current/nodeprep`);

describe('installing into an image', () => {
  test('puts the executable with its library, a spec, the units and what makes them start at boot', async () => {
    const { host, ...machine } = image();

    const installed = await installOn({ host, ...machine });

    expect(installed).toMatchObject({ specWritten: true, service: 'later' });
    expect(host.text('/usr/local/bin/nodeprep')).toBe('one');
    expect(await host.stat(`${installed.directory}/nodeprep`)).toMatchObject({ mode: 0o755 });
    expect(host.text(`${LIB}/current/libatomic.so.1`)).toBe('library');
    expect(host.text(SPEC)).toContain('profile: kubeadm-worker');
    for (const unit of ['nodeprep-bootstrap.service', 'nodeprep.service']) {
      expect(host.text(`/etc/systemd/system/multi-user.target.wants/${unit}`)).toContain('[Service]');
    }
    expect(host.text('/etc/systemd/system/kubelet.service.d/10-nodeprep.conf')).toContain(
      'Wants=nodeprep-bootstrap.service',
    );
  });

  test('again changes nothing at all', async () => {
    const machine = image();
    await installOn(machine);
    const [world, mutations] = [machine.host.toString(), machine.host.mutations];

    await installOn(machine);

    expect(machine.host.toString()).toBe(world);
    expect(machine.host.mutations).toBe(mutations);
  });

  test.each([
    ['cut short', 'nodeprep', (host: MemoryHost, path: string) => host.put(path, 'o')],
    ['of other bytes', 'nodeprep', (host: MemoryHost, path: string) => host.put(path, 'two')],
    ['a link', 'nodeprep', (host: MemoryHost, path: string) => host.put(path, { link: '/bin/true' })],
    ['gone', 'libatomic.so.1', (host: MemoryHost, path: string) => host.put(path, undefined)],
    [
      'not executable',
      'nodeprep',
      (host: MemoryHost, path: string) => {
        host.nodes.set(path, { type: 'file', content: 'one', mode: 0o644 });
      },
    ],
  ])('again repairs a file that is %s', async (_, name, damage) => {
    const machine = image();
    const { directory } = await installOn(machine);
    const world = machine.host.toString();
    damage(machine.host, `${directory}/${name}`);

    await installOn(machine);

    expect(machine.host.toString()).toBe(world);
    expect(await machine.host.stat(`${directory}/${name}`)).toMatchObject({ type: 'file', mode: 0o755 });
  });

  const elf = (machine: number) => `\u007fELF\u0002\u0001${'\0'.repeat(12)}${String.fromCharCode(machine)}\0rest`;
  const foreign = '/usr/local/lib/nodeprep/plugins/mine';

  test.each<[string, MemoryFiles, RegExp]>([
    ['the package is there', { '/usr/lib/nodeprep/nodeprep': 'x' }, /package "nodeprep" is installed.*apt-get remove/],
    ['the root is for 32 bits', { '/bin/sh': elf(40) }, /64-bit systems only/],
    [
      'the command is another program',
      { '/usr/local/bin/nodeprep': 'mine' },
      /"\/usr\/local\/bin\/nodeprep" is in the way/,
    ],
    ['the command is a directory', { '/usr/local/bin/nodeprep': null }, /in the way/],
    ['the link is a directory', { [`${LIB}/current`]: null }, /current" is in the way/],
    [
      'a unit is masked',
      { '/etc/systemd/system/nodeprep.service': { link: '/dev/null' } },
      /systemctl unmask nodeprep.service/,
    ],
    ['a present spec is broken', { [SPEC]: 'kind: NodePrep\nspec: { sysctl: [] }\n' }, /sysctl/],
  ])('is refused before anything is changed when %s', async (_, files, message) => {
    const machine = image(files);

    await expect(installOn(machine)).rejects.toThrow(message);

    expect(machine.host.mutations).toBe(0);
  });

  test('is refused when the root is for arm64, with the archive to take instead', async () => {
    const machine = image({ '/usr/bin/sh': { link: 'dash' } });
    machine.host.nodes.set('/usr/bin/dash', { type: 'file', content: elf(183), mode: 0o755 });

    await expect(installOn(machine)).rejects.toThrow(/linux-arm64\.tar\.xz/);

    expect(machine.host.mutations).toBe(0);
  });

  test('works from the place of the command, and into a root with a shell of the same processor', async () => {
    const machine = image({ '/usr/local/bin/nodeprep': 'one', '/bin/sh': elf(62) });

    await installOn(machine);

    expect(await machine.host.readLink('/usr/local/bin/nodeprep')).toBe('../lib/nodeprep/current/nodeprep');
  });

  test('leaves directories of others beside the builds', async () => {
    const machine = image({ [foreign]: 'x' });
    for (const content of ['one', 'two', 'three']) await installOn(machine, build(content));

    expect(machine.host.text(foreign)).toBe('x');
  });

  test('is complete when an old build cannot be removed, and says so', async () => {
    const machine = image();
    for (const content of ['one', 'two']) await installOn(machine, build(content));
    const old = (await machine.host.readLink(`${LIB}/previous`)) ?? '';
    machine.host.put(`${LIB}/${old}/mine`, null);

    const { warnings } = await installOn(machine, build('three'));

    expect(warnings).toEqual([expect.stringContaining(`${old}/mine`)]);
    expect(await current(machine.host)).toBe('three');
  });

  test('keeps a spec that is there, also one in nodeprep.d only', async () => {
    const mine = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {}\n';
    const machine = image({ '/etc/nodeprep/nodeprep.d/mine.yaml': mine });

    expect(await installOn(machine, build('one'))).toMatchObject({ specWritten: false });

    expect(machine.host.text(SPEC)).toBeUndefined();
    expect(machine.host.text('/etc/nodeprep/nodeprep.d/mine.yaml')).toBe(mine);
  });

  test('refuses a profile that the host would not get', async () => {
    const machine = image();
    await installOn(machine, build('one'), { profile: 'kubeadm-worker' });
    const before = machine.host.toString();

    await expect(installOn(machine, build('two'), { profile: 'raspberry-pi' })).rejects.toThrow(
      /--profile raspberry-pi.*nodeprep\.yaml.*never overwritten.*nothing was changed/s,
    );

    expect(machine.host.toString()).toBe(before);
  });

  test('accepts the profile of the host again, in whatever words its file has it', async () => {
    const mine = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {profile: raspberry-pi}\n';
    const machine = image({ [SPEC]: mine });

    expect(await installOn(machine, build('one'), { profile: 'raspberry-pi' })).toMatchObject({ specWritten: false });
    expect(machine.host.text(SPEC)).toBe(mine);
  });

  test('says which build it replaces', async () => {
    const machine = image();

    const first = await installOn(machine, build('one'));
    const second = await installOn(machine, build('two'));

    expect(first).toMatchObject({ to: expect.stringMatching(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/) });
    expect(first).not.toHaveProperty('from');
    expect(second.from).toBe(first.to);
    expect(second.to).not.toBe(first.to);
  });

  test.each([
    ['a broken document', { file: '/root/bad.yaml' }],
    ['a profile that does not exist', { profile: 'kubeadm-wroker' }],
  ])('refuses %s before it has touched anything', async (_, request) => {
    const machine = image({ '/root/bad.yaml': 'kind: NodePrep\nspec: { sysctl: [] }\n' });
    const world = machine.host.toString();

    await expect(installOn(machine, build('one'), request)).rejects.toMatchObject({ name: 'SpecInvalidError' });

    expect(machine.host.toString()).toBe(world);
  });

  test('refuses a document that is not there', async () => {
    await expect(installOn(image(), build('one'), { file: '/none.yaml' })).rejects.toBeInstanceOf(HostFileError);
  });

  test('refuses to install sources, and what a package brought', async () => {
    const machine = image();

    await expect(install(machine, undefined, { start: true }, noChange)).rejects.toBeInstanceOf(NotInstallableError);
    await expect(installOn(machine, build('one', '/usr/lib/nodeprep/nodeprep'))).rejects.toThrow(/package/);

    expect(machine.host.mutations).toBe(0);
  });

  test('keeps the build before, and no older one', async () => {
    const machine = image();
    for (const content of ['one', 'two', 'three']) await installOn(machine, build(content));

    expect(await current(machine.host)).toBe('three');
    expect(machine.host.text(`${LIB}/previous/nodeprep`)).toBe('two');
    expect(machine.host.toString()).not.toContain('"one"');
  });

  test('killed after any change leaves a NodePrep that starts, and the next install completes', async () => {
    const total = await mutationsOfUpgrade();
    for (let changes = 0; changes < total; changes += 1) {
      const machine = image();
      await installOn(machine, build('old'));
      machine.host.dieAfter(changes);
      await expect(installOn(machine, build('new'))).rejects.toBeInstanceOf(MemoryHostDied);
      machine.host.revive();

      expect(['old', 'new']).toContain(machine.host.text('/usr/local/bin/nodeprep'));
      await installOn(machine, build('new'));
      expect(machine.host.text('/usr/local/bin/nodeprep')).toBe('new');
    }
    expect(total).toBeGreaterThan(5);
  });

  test('purge leaves nothing of it', async () => {
    const machine = image({ '/etc/fstab': 'x\n', '/etc/systemd/system/kubelet.service.d/20-mine.conf': 'y\n' });
    const world = machine.host.toString();
    await installOn(machine, build('one'));
    await installOn(machine, build('two'));

    await disableUnits(machine.host);
    await purge(machine.host);

    expect(machine.host.toString()).toBe(world);
    expect(await machine.host.stat('/etc/nodeprep')).toBeUndefined();
    expect(await machine.host.stat(LIB)).toBeUndefined();
  });

  test('purge leaves a program of another owner in /usr/local/bin', async () => {
    const machine = image({ '/usr/local/bin/nodeprep': 'mine' });

    await purge(machine.host);

    expect(machine.host.text('/usr/local/bin/nodeprep')).toBe('mine');
  });
});

describe('installing on a running host', () => {
  test('enables the units and starts the bootstrap before the daemon', async () => {
    const { machine, enabled, starts } = running();

    expect(await installOn(machine)).toMatchObject({ service: 'ended' });

    expect([...enabled]).toEqual(['nodeprep-bootstrap.service', 'nodeprep.service']);
    expect(starts).toEqual(['nodeprep-bootstrap.service', 'nodeprep.service']);
  });

  test('again does not restart what runs; an upgrade does', async () => {
    const { machine, starts } = running();
    await installOn(machine);

    await installOn(machine);
    expect(starts).toHaveLength(2);

    await installOn(machine, build('two'));
    expect(starts).toHaveLength(4);
  });

  test('does not switch to a build that does not start', async () => {
    const { machine, host } = running({ broken: true });

    await expect(installOn(machine)).rejects.toThrow(/Segmentation fault/);

    expect(await host.stat(`${LIB}/current`)).toBeUndefined();
  });

  const STATUS = '/run/nodeprep/status.json';
  const status = (ready: string, reason = 'AsExpected') =>
    JSON.stringify({
      apiVersion: 'nodeprep.dev/v1alpha1',
      kind: 'NodePrep',
      metadata: { name: 'node', generation: 1 },
      spec: {},
      status: {
        observedGeneration: 1,
        inSync: '1/1',
        conditions: [
          {
            type: 'Ready',
            status: ready,
            reason,
            message: '',
            lastTransitionTime: '2026-01-01T00:00:00Z',
            observedGeneration: 1,
          },
        ],
        areas: [],
      },
    });
  const readyOf = (installed: { nodePrep?: { status: { conditions: readonly object[] } } }) =>
    installed.nodePrep?.status.conditions[0];

  test.each(['failed', 'condition not met'] as const)(
    'says so when the unit of the bootstrap ends as "%s", whatever an old report says',
    async (outcome) => {
      const { machine, host, active } = running({ bootstrap: () => outcome });
      host.put(STATUS, status('True'));

      const installed = await installOn(machine);

      expect(installed.service).toBe('failed');
      expect(readyOf(installed)).toBeUndefined();
      expect([...active]).toEqual(['nodeprep.service']);
    },
  );

  test('takes no old report for one of a bootstrap that still works', async () => {
    const { machine, host } = running({ bootstrap: () => 'activating' });
    host.put(STATUS, status('True'));

    const installed = await installOn(machine);

    expect(installed.service).toBe('waiting');
    expect(readyOf(installed)).toBeUndefined();
  });

  test('shows what a bootstrap that still works has reported', async () => {
    const { machine, host } = running({
      bootstrap: (world) => {
        world.put(STATUS, status('False', 'RebootRequired'));
        return 'activating';
      },
    });
    host.put(STATUS, status('True'));

    expect(readyOf(await installOn(machine))).toMatchObject({ reason: 'RebootRequired' });
  });

  test('tells how the bootstrap ended', async () => {
    expect(await installOn(running({ exitStatus: 3 }).machine)).toMatchObject({ service: 'ended', exitCode: 3 });
  });

  test('again starts what an administrator has stopped', async () => {
    const { machine, active, starts } = running();
    await installOn(machine);
    expect(await installOn(machine)).toMatchObject({ service: 'running' });
    active.delete('nodeprep.service');

    expect(await installOn(machine)).toMatchObject({ service: 'ended', exitCode: 0 });

    expect(active.size).toBe(2);
    expect(starts).toHaveLength(4);
  });

  /** As the dynamic linker does with the RUNPATH of the executable: beside it, then in the current build. */
  const findsLibrary = (program: string, host: MemoryHost) =>
    [program.slice(0, program.lastIndexOf('/')), `${LIB}/current`].some(
      (directory) => host.text(`${directory}/libatomic.so.1`) !== undefined,
    );

  test('goes back to the build before when the new one starts no more once it is the current one', async () => {
    const { machine, host } = running({ starts: findsLibrary });
    for (const content of ['one', 'two']) await installOn(machine, build(content));
    const alone = { ...build('three'), files: [build('three').files[0]] } satisfies OwnExecutable;

    await expect(installOn(machine, alone)).rejects.toMatchObject({
      name: 'NotInstallableError',
      message: expect.stringContaining('libatomic.so.1 belongs beside the executable'),
    });

    expect(host.text('/usr/local/bin/nodeprep')).toBe('two');
    expect(host.text(`${LIB}/previous/nodeprep`)).toBe('one');
    expect(findsLibrary(`${LIB}/current/nodeprep`, host)).toBe(true);
  });

  test('keeps a broken spec that is there, and says that it is', async () => {
    const { machine, host } = running();
    host.put(SPEC, 'kind: NodePrep\nspec: { sysctl: [] }\n');

    const { warnings, specWritten } = await installOn({ ...machine, live: true, root: '/' });

    expect(specWritten).toBe(false);
    expect(warnings).toEqual([expect.stringMatching(/broken.*sysctl/s)]);
  });

  test('starts nothing when told so', async () => {
    const { machine, starts, enabled } = running();

    expect(await installOn(machine, build('one'), { start: false })).toMatchObject({ service: 'later' });

    expect(starts).toEqual([]);
    expect(enabled.size).toBe(2);
  });

  test('uninstall first stops the units, and no boot and no kubelet starts them again', async () => {
    const { machine, host, active, enabled } = running();
    await installOn(machine);

    await disableUnits(host);

    expect([...active, ...enabled]).toEqual([]);
    expect(await host.stat('/etc/systemd/system/kubelet.service.d')).toBeUndefined();
    expect(host.text('/etc/systemd/system/nodeprep.service')).toBeDefined();
  });

  test('uninstall of a NodePrep that never was installed asks nothing of systemd', async () => {
    const refuse = () => {
      throw new CommandError(['systemctl'], { exitCode: 1, detail: 'there is no such unit' });
    };
    const host = new MemoryHost({ '/run/systemd/system': null }, { behaviours: [{ commands: { systemctl: refuse } }] });

    await disableUnits(host);

    expect(host.mutations).toBe(0);
  });
});

async function mutationsOfUpgrade(): Promise<number> {
  const machine = image();
  await installOn(machine, build('old'));
  const before = machine.host.mutations;
  await installOn(machine, build('new'));
  return machine.host.mutations - before;
}

test('the bootstrap comes before every container runtime and the kubelet', () => {
  const unit = readFileSync(join(MANIFESTS, 'nodeprep-bootstrap.service'), 'utf8');
  const before = /^Before=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];

  expect(before).toEqual(
    expect.arrayContaining(['containerd.service', 'crio.service', 'docker.service', 'kubelet.service']),
  );
});
