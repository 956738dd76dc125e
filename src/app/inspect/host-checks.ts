/** Steps of the guides that no area manages: looked at, never changed. */
import type { Check } from '../../areas/area.ts';
import { CGROUP_CONTROLLERS, observeCgroups } from '../../areas/cgroup.ts';
import { CommandError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

const PROGRAM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** cgroup version and memory controller, programs that Kubernetes calls, the clock. */
export async function hostChecks(host: HostReader): Promise<Check[]> {
  return [
    ...(await cgroupChecks(host)),
    await programCheck(
      host,
      'conntrack',
      'kubeadm before 1.32 refuses to start without it, and kube-proxy uses it to drop stale UDP flows.',
    ),
    await programCheck(host, 'socat', '"kubectl port-forward" fails with some container runtimes.'),
    await clockCheck(host),
  ];
}

async function cgroupChecks(host: HostReader): Promise<Check[]> {
  const looked = CGROUP_CONTROLLERS;
  const title = 'cgroup version is 2';
  if (host.kernel === 'absent') {
    return [
      {
        title,
        looked,
        found: 'no running kernel',
        outcome: 'skip',
        consequence: 'It shows when the image has booted.',
      },
    ];
  }
  const cgroups = await observeCgroups(host);
  if (cgroups?.version !== 'v2') {
    const consequence =
      'The kubelet from 1.35 on refuses cgroup v1 by default. Reboot with systemd.unified_cgroup_hierarchy=1, or without the option that switched it off.';
    return [{ title, looked, found: 'cgroup v1', outcome: 'warn', consequence }];
  }
  return [
    { title, looked, found: 'cgroup v2', outcome: 'pass', consequence: '' },
    {
      title: 'memory cgroup controller is enabled',
      looked,
      found: cgroups.controllers.join(' ') || 'no controllers',
      outcome: cgroups.controllers.includes('memory') ? 'pass' : 'fail',
      consequence:
        'The kubelet does not start without it. On a Raspberry Pi add cgroup_enable=memory to the end of the line in /boot/firmware/cmdline.txt and reboot.',
    },
  ];
}

async function programCheck(host: HostReader, program: string, why: string): Promise<Check> {
  for (const directory of PROGRAM_DIRECTORIES) {
    const path = `${directory}/${program}`;
    if ((await host.stat(path)) === undefined) continue;
    return { title: `${program} is installed`, looked: path, found: 'installed', outcome: 'pass', consequence: '' };
  }
  const consequence = `${why} Install it with the package manager of this system, such as "apt-get install ${program}".`;
  return {
    title: `${program} is installed`,
    looked: PROGRAM_DIRECTORIES.join(':'),
    found: 'absent',
    outcome: 'warn',
    consequence,
  };
}

async function clockCheck(host: HostReader): Promise<Check> {
  const title = 'clock is synchronised';
  const looked = 'timedatectl';
  const consequence =
    'Certificates, leases and logs of a cluster depend on one time. Install and start chrony or systemd-timesyncd.';
  try {
    const { stdout } = await host.query(['timedatectl', 'show', '--property=NTPSynchronized', '--value'], {
      timeoutMs: 5000,
    });
    const synchronised = stdout.trim() === 'yes';
    return {
      title,
      looked,
      found: synchronised ? 'synchronised' : 'not synchronised',
      outcome: synchronised ? 'pass' : 'warn',
      consequence,
    };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { title, looked, found: error.stderr.split('\n')[0] || 'cannot be asked', outcome: 'skip', consequence };
  }
}
