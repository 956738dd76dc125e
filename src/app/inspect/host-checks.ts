/** Steps of the guides that no area manages: looked at, never changed. */
import type { Check } from '../../areas/area.ts';
import { CommandError } from '../../host/errors.ts';
import type { HostReader } from '../../host/host.ts';

const PROGRAM_DIRECTORIES = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Programs that Kubernetes calls, the clock. */
export async function hostChecks(host: HostReader): Promise<Check[]> {
  return [
    await programCheck(
      host,
      'conntrack',
      'kubeadm before 1.32 refuses to start without it, and kube-proxy uses it to drop stale UDP flows.',
    ),
    await programCheck(host, 'socat', '"kubectl port-forward" fails with some container runtimes.'),
    await clockCheck(host),
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
