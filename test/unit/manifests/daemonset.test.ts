/** What the DaemonSet asks for, held against what the parts of NodePrep need. */
import { describe, expect, test } from 'vitest';
import { agentBundle, readAgentPod, readDefaultSeccomp } from '../../support/oci/agent-pod.ts';
import { nodeprep } from '../../support/nodeprep-process.ts';

const { pod, container } = readAgentPod();
const options = {
  rootfs: '/image',
  nodeName: 'worker-1',
  volumes: { 'default-spec': '/config' },
  serviceAccount: '/token',
  cgroupsPath: '/kubepods/agent',
};

test('starts the agent with options that it knows', async () => {
  const { stdout } = await nodeprep(['run', '--help']);
  const [command, ...given] = container.args ?? [];

  expect(command).toBe('run');
  expect(given.map((one) => one.split('=')[0]).filter((flag) => !stdout.includes(`${flag} `))).toEqual([]);
});

test('is in the namespaces of the host that decide what a kernel parameter is', () => {
  expect(pod).toMatchObject({ hostNetwork: true, hostPID: true, hostIPC: true });
  expect(pod).not.toHaveProperty('hostUsers');
});

test('is not privileged, and has the capabilities that it was shown to need and no other', () => {
  expect(container.securityContext).toMatchObject({
    privileged: false,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: {
      drop: ['ALL'],
      add: [
        ...['SYS_ADMIN', 'SYS_CHROOT', 'SYS_PTRACE', 'SYS_MODULE', 'NET_ADMIN', 'SYS_RESOURCE'],
        ...['CHOWN', 'FOWNER', 'DAC_OVERRIDE'],
      ],
    },
  });
  expect(pod.securityContext).toMatchObject({ runAsUser: 0, seccompProfile: { type: 'RuntimeDefault' } });
});

describe('the profile of the runtime for these capabilities', () => {
  const allowed = new Set(
    readDefaultSeccomp()
      .syscalls.filter(({ action }) => action === 'SCMP_ACT_ALLOW')
      .flatMap(({ names }) => names),
  );

  test.each(['setns', 'chroot', 'finit_module', 'delete_module', 'ptrace'])('allows %s', (name) => {
    expect(allowed).toContain(name);
  });

  test.each(['swapoff', 'swapon', 'reboot', 'kexec_load'])('does not allow %s', (name) => {
    expect(allowed).not.toContain(name);
  });
});

test('becomes a container that shares what it must with the host and nothing else', () => {
  expect(agentBundle(options)).toMatchObject({
    process: { noNewPrivileges: true, oomScoreAdj: -997, args: ['/usr/local/bin/nodeprep', ...(container.args ?? [])] },
    root: { path: '/image', readonly: true },
    mounts: expect.arrayContaining([
      { destination: '/host', type: 'bind', source: '/', options: ['rbind', 'rslave', 'rw'] },
      { destination: '/etc/nodeprep', type: 'bind', source: '/config', options: ['rbind', 'rprivate', 'ro'] },
    ]),
    linux: { namespaces: [{ type: 'mount' }, { type: 'cgroup' }] },
  });
});
