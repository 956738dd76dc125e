/**
 * A world to change without harm: a network namespace has net.ipv4 sysctls of its own, a mount
 * namespace an /etc, /run and /var/lib of its own. The part of the benchmark that changes a host
 * runs in it, never on the machine itself.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Why this machine cannot give such a world; `undefined` when it can. */
export function worldObstacle(): string | undefined {
  const { status, error, stderr } = spawnSync('unshare', ['--mount', '--net', 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `needs root and unshare(1): ${error?.message ?? stderr.trim()}`;
}

/** Runs a script of this folder in a new world and returns what it printed. */
export function runInWorld(script: string, args: readonly string[]): string {
  return execFileSync('unshare', ['--mount', '--net', process.execPath, script, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    // Nothing of the caller's environment but the way to programs: it names files that the world hides. Ansible needs a home.
    env: { PATH: process.env['PATH'], HOME: '/run' },
  });
}

/** Called first inside: gives the world its own directories. */
export function furnishWorld(): void {
  execFileSync('mount', ['--make-rprivate', '/']);
  for (const directory of ['/etc', '/run', '/var/lib']) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m,mode=755', 'none', directory]);
  }
  mkdirSync('/etc/nodeprep', { recursive: true });
  mkdirSync('/run/other-proc');
  execFileSync('mount', ['-t', 'proc', 'proc', '/run/other-proc']);
  writeFileSync('/etc/hostname', 'bench\n');
}

/** Kernel parameters of this network namespace with a number that can be raised by one, with that number. */
export function worldSysctls(count: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const name of candidates()) {
    const path = sysctlFile(name);
    try {
      const value = Number(readFileSync(path, 'utf8'));
      if (!Number.isInteger(value) || value < 0 || value > 1 << 20) continue;
      writeFileSync(path, String(value + 1));
      const isFree = Number(readFileSync(path, 'utf8')) === value + 1;
      writeFileSync(path, String(value));
      if (isFree) found.set(name, value);
    } catch {
      // Not readable, or the kernel takes only certain values: not one to measure with.
    }
    if (found.size === count) return found;
  }
  throw new Error(`This kernel has only ${found.size} parameters to measure with, ${count} are needed`);
}

function* candidates(): Generator<string> {
  // Not those that change others with them, or mean something else than a number.
  const linked = /forwarding|disable_ipv6|disable_policy|accept_local|rp_filter|secret|mc_|bootp|mtu/;
  for (const family of ['ipv4', 'ipv6']) {
    for (const parent of ['conf/default', 'conf/lo', 'conf/all']) {
      if (!existsSync(`/proc/sys/net/${family}/${parent}`)) continue;
      for (const name of readdirSync(`/proc/sys/net/${family}/${parent}`)) {
        if (!linked.test(name)) yield `net.${family}.${parent.replace('/', '.')}.${name}`;
      }
    }
  }
}

/** The file of a parameter, in the procfs of the machine or in another one of the same kernel. */
export function sysctlFile(name: string, proc = '/proc'): string {
  return `${proc}/sys/${name.replaceAll('.', '/')}`;
}

/** A NodePrep that declares parameters and nothing else. */
export function sysctlDocument(values: ReadonlyMap<string, number>): string {
  const entries = [...values].map(([name, value]) => `  - { name: ${name}, value: ${value} }\n`);
  return `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  sysctls:\n${entries.join('')}`;
}
