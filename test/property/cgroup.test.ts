/** The six properties of every area, for cgroup; and that no foreign file makes it throw. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cgroup } from '../../src/areas/cgroup/index.ts';
import { askRuntime } from '../../src/areas/cgroup/observe/cri/cri.ts';
import { fieldsOf } from '../../src/areas/cgroup/observe/cri/protobuf.ts';
import { MemoryHost } from '../../src/host/memory/memory-host.ts';
import {
  cgroupHost,
  cgroupSpec,
  containerdWith,
  HYBRID,
  KUBELET,
  passCgroup,
  runningContainerd,
  V2,
} from '../support/cgroup-pass.ts';
import { CONTAINERD, containerdProgram } from '../support/runtimes/containerd-program.ts';
import { holdsTheSixProperties, linesOf } from '../support/six-properties.ts';

const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.constantFrom(
    '',
    containerdWith(true),
    containerdWith(false),
    KUBELET,
    'imports = ["/etc/containerd/*.toml", "../a", "config.toml"]\n',
    'version = 3\nimports = ["/etc/containerd/conf.d/*.toml"]\n',
    '[crio.runtime]\ncgroup_manager = "cgroupfs"\n',
    '{"exec-opts": ["native.cgroupdriver=systemd"]}',
    'plugins = 1\ndisabled_plugins = "cri"\n',
    '[plugins."io.containerd.grpc.v1.cri".containerd]\nruntimes = [1, {}]\n',
    'cgroupDriver: [1]\nfeatureGates: 3\ncontainerRuntimeEndpoint: {}\n',
  ),
);
const PATHS = [
  '/etc/containerd/config.toml',
  '/etc/containerd/conf.d/10.toml',
  '/etc/crio/crio.conf',
  '/etc/crio/crio.conf.d/10.conf',
  '/etc/crio/crio.conf.d/99-nodeprep.conf',
  '/etc/docker/daemon.json',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
  '/usr/lib/systemd/system/containerd.service',
  '/usr/lib/systemd/system/docker.service',
] as const;
/** The files that a driver is written to. */
const WRITTEN: ReadonlySet<string> = new Set([
  '/etc/containerd/config.toml',
  '/etc/containerd/conf.d/99-nodeprep.toml',
  '/etc/crio/crio.conf.d/99-nodeprep.conf',
  '/etc/docker/daemon.json',
  '/var/lib/kubelet/config.yaml',
]);
const node = fc.oneof({ weight: 4, arbitrary: text }, fc.constant({ link: '/etc/containerd/config.toml' }));
const world = fc.record({
  files: fc.dictionary(fc.constantFrom(...PATHS), node, { maxKeys: 6 }),
  isV2: fc.boolean(),
  runs: fc.option(fc.boolean()),
  /** The version of the containerd that is installed. */
  installed: fc.constantFrom(undefined, '1.6.20', '1.7.24', '2.1.9'),
});

function hostIn({ files, isV2, runs, installed }: typeof world extends fc.Arbitrary<infer T> ? T : never): MemoryHost {
  const programs = installed === undefined ? [] : [containerdProgram(installed).behaviour];
  const program = installed === undefined ? {} : { [CONTAINERD]: '' };
  return cgroupHost(
    { ...(isV2 ? V2 : HYBRID), ...files, ...program },
    runs === null ? [] : [runningContainerd(runs)],
    programs,
  );
}

const declared = fc
  .record({
    version: fc.constantFrom('v2' as const, 'Any' as const),
    driver: fc.constantFrom('systemd' as const, 'cgroupfs' as const),
    controllers: fc.subarray(['cpu', 'memory', 'hugetlb']),
  })
  .map((changes) => ({
    cgroup: cgroupSpec(changes).cgroup ?? ({ version: 'Any', controllers: [], whenPodsRun: 'Wait' } as const),
  }));

// A link that leads in a circle makes the pass fail with the error of the host, which is as it should be.
holdsTheSixProperties(
  cgroup,
  {
    worlds: world.filter(({ files }) => Object.values(files).every((file) => typeof file === 'string')),
    hostIn,
    // A driver that is the default needs no words, unless another one was declared before.
    stateOf: (host) => linesOf(host, (path) => !WRITTEN.has(path)),
    // With Keep the driver stays.
    givenBack: (host, policy) => linesOf(host, (path) => policy === 'Restore' || !WRITTEN.has(path)),
    ofOthers: (host) => linesOf(host, (path) => !WRITTEN.has(path)),
  },
  { declared, changes: 6 },
);

test('no file of a runtime makes a pass fail by a bug', async () => {
  await fc.assert(
    fc.asyncProperty(world, async (one) => {
      const report = await passCgroup(hostIn(one));

      expect(report.defects ?? []).toEqual([]);
      expect(report.remaining).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('no answer of a runtime throws, and a wrong one is a problem', async () => {
  const bytes = fc.uint8Array({ maxLength: 64 });
  await fc.assert(
    fc.asyncProperty(bytes, bytes, async (version, status) => {
      fieldsOf(version);
      const behaviour = {
        answer: (_: unknown, __: string, { method }: { readonly method: string }) => ({
          message: method.endsWith('Version') ? version : status,
        }),
      };
      const asked = await askRuntime(
        new MemoryHost({}, { behaviours: [behaviour] }),
        '/s',
        '1',
        new AbortController().signal,
      );

      expect('answer' in asked || asked.problem !== '').toBe(true);
    }),
    { numRuns: 1000 },
  );
});
