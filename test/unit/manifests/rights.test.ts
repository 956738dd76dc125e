/** Units and pod grant exactly what the engine and the areas say they need: nothing is missing, and nothing is left over. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { everyArea } from '../../../src/areas/index.ts';
import type { AreaRights } from '../../../src/areas/surroundings.ts';
import { readAgentPod } from '../../support/oci/agent-pod.ts';

const KEEPS_OWNER = 'an edited file of the host keeps its owner and mode';

/** What NodePrep needs whatever it manages. */
const ENGINE: AreaRights = {
  unit: {
    CapabilityBoundingSet: { CAP_CHOWN: KEEPS_OWNER, CAP_FOWNER: KEEPS_OWNER, CAP_DAC_OVERRIDE: KEEPS_OWNER },
    SystemCallFilter: { '@system-service': 'any service' },
    RestrictAddressFamilies: { AF_UNIX: 'the lock, systemd', AF_INET: '/metrics', AF_INET6: '/metrics' },
  },
  unprotected: {
    ProtectHostname: 'a private host name would hide that the Node gets another one',
    PrivateNetwork: 'the lock belongs to the network namespace of the host',
  },
  pod: {
    capabilities: {
      SYS_ADMIN: 'nsenter into the mount namespace of process 1',
      SYS_CHROOT: 'the same',
      SYS_PTRACE: 'looking at process 1',
      CHOWN: KEEPS_OWNER,
      FOWNER: KEEPS_OWNER,
      DAC_OVERRIDE: KEEPS_OWNER,
    },
    namespaces: { hostPID: 'commands run in the mount namespace of process 1', hostNetwork: 'the lock' },
    mounts: { '/': 'the host' },
  },
};

const RIGHTS = [ENGINE, ...everyArea(({ rights }) => rights)];

/** Protections of a unit, each of which is there or left out for a reason that an area declares. */
const PROTECTIONS = [
  ...['PrivateDevices', 'PrivateNetwork', 'PrivateTmp', 'PrivateMounts'],
  ...['ProtectHome', 'ProtectHostname', 'ProtectKernelTunables', 'ProtectKernelModules', 'ProtectKernelLogs'],
  ...['ProtectClock', 'ProtectProc', 'ProcSubset', 'ProtectControlGroups', 'ProtectSystem', 'MemoryDenyWriteExecute'],
];

/** Every value that the rights give for a setting, in order. */
function union(of: (rights: AreaRights) => Readonly<Record<string, string>> | undefined): readonly string[] {
  return [...new Set(RIGHTS.flatMap((rights) => Object.keys(of(rights) ?? {})))].toSorted();
}

describe.each(['nodeprep.service', 'nodeprep-bootstrap.service'])('the unit %s', (name) => {
  const lines = readFileSync(new URL(`../../../manifests/systemd/${name}`, import.meta.url), 'utf8').split('\n');
  const valuesOf = (setting: string) =>
    lines
      .filter((line) => line.startsWith(`${setting}=`) && !line.startsWith(`${setting}=~`))
      .map((line) => line.slice(setting.length + 1));
  const wordsOf = (setting: string) => valuesOf(setting).flatMap((value) => value.split(' '));

  test.each([
    'CapabilityBoundingSet',
    'SystemCallFilter',
    'RestrictAddressFamilies',
    'ReadWritePaths',
    'BindPaths',
  ] as const)('allows with %s what is declared, and no more', (setting) => {
    expect(wordsOf(setting).toSorted()).toEqual(union(({ unit }) => unit?.[setting]));
  });

  test('allows the devices that are declared, and no more', () => {
    expect(valuesOf('DeviceAllow').toSorted()).toEqual(union(({ unit }) => unit?.DeviceAllow));
  });

  test('leaves out the protections that something declares to need, and no other', () => {
    expect(PROTECTIONS.filter((setting) => valuesOf(setting).length === 0).toSorted()).toEqual(
      union(({ unprotected }) => unprotected),
    );
  });
});

test('capabilities for single parameters are documented, and neither unit nor pod has them', () => {
  const onDemand = union((rights) => rights.onDemand);
  const docs = readFileSync(new URL('../../../docs/areas.md', import.meta.url), 'utf8');

  expect(onDemand).toEqual(['CAP_MAC_ADMIN', 'CAP_SYS_PTRACE', 'CAP_SYS_RAWIO']);
  expect(onDemand.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  expect(union(({ unit }) => unit?.CapabilityBoundingSet)).not.toEqual(expect.arrayContaining([onDemand[0]]));
});

describe('the pod of the agent', () => {
  const { pod, container } = readAgentPod();

  test('has the capabilities that are declared, and no more', () => {
    const { add } = (container.securityContext as { capabilities: { add: readonly string[] } }).capabilities;

    expect(add.toSorted()).toEqual(union((rights) => rights.pod?.capabilities));
  });

  test('shares the namespaces and paths of the host that are declared, and no more', () => {
    const { volumes } = pod as unknown as { volumes: readonly { hostPath?: { path: string } }[] };

    expect(
      Object.keys(pod)
        .filter((key) => /^host[A-Z]/.test(key))
        .toSorted(),
    ).toEqual(union((rights) => rights.pod?.namespaces));
    expect(volumes.flatMap(({ hostPath }) => hostPath?.path ?? [])).toEqual(union((rights) => rights.pod?.mounts));
  });
});
