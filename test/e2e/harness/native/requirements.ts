/** What native nodes need of this machine: installed where that is possible, or why they cannot run. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newFolder } from '../cache.ts';
import { whyNotInstalled } from '../requirements.ts';

/** Commands and the Debian packages that have them. */
const TOOLS = {
  'systemd-nspawn': 'systemd-container',
  mmdebstrap: 'mmdebstrap',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  mke2fs: 'e2fsprogs',
  xz: 'xz-utils',
};

/** What the kernel must have and a node cannot load, with the module that brings it. */
const KERNEL = {
  '/sys/module/overlay': 'overlay',
  '/proc/sys/net/bridge': 'br_netfilter',
};

/** Installs what is missing; the first reason why no node can run, in words for the person who runs the tests. */
export function whyNoNodes(): string | undefined {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return `they need Linux on x64, and this is ${process.platform} on ${process.arch}`;
  if (process.getuid?.() !== 0) return 'they need root, to start systemd in a container';
  return whyNotInstalled(TOOLS) ?? whyNotKernel() ?? whyNotMounts();
}

function whyNotKernel(): string | undefined {
  for (const [path, module] of Object.entries(KERNEL)) {
    if (existsSync(path)) continue;
    try {
      execFileSync('modprobe', [module], { stdio: 'ignore' });
    } catch {
      // What counts is below.
    }
    if (!existsSync(path)) return `they need ${path}, and the kernel of this machine has no ${module}`;
  }
  return existsSync(`/proc/${process.pid}/task/${process.pid}/children`)
    ? undefined
    : 'they need /proc/PID/task/PID/children, and the kernel of this machine does not have it';
}

/** Namespaces and an overlay in the cache, which a container around this process may forbid. */
function whyNotMounts(): string | undefined {
  const folder = newFolder('nodes');
  try {
    for (const name of ['lower', 'upper', 'work', 'root']) mkdirSync(join(folder, name));
    const layers = 'lowerdir=lower,upperdir=upper,workdir=work';
    const script = `mount -t overlay overlay -o ${layers} root && mount -t proc proc root`;
    execFileSync('unshare', ['--mount', '--pid', '--net', '--uts', '--ipc', '--cgroup', '--fork', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return undefined;
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? error).trim();
    return `they need namespaces and an overlay file system, which this machine does not allow: ${said.split('\n')[0]}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
