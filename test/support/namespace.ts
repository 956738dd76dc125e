/** Runs a script with mounts or a network of its own, so that a test can have a full disk or sysctls to write. */
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user'];

/** Why this machine cannot run such a script, `undefined` when it can. */
function obstacle(flag: string): string | undefined {
  const tried = spawnSync('unshare', [...asRoot, flag, 'true'], { encoding: 'utf8' });
  return tried.status === 0 ? undefined : `needs "unshare ${flag}": ${tried.error?.message ?? tried.stderr.trim()}`;
}

/** Why mounts, or a network, of one's own are not to be had here; printed once where tests are left out. */
export function namespaceObstacle(kind: 'mount' | 'net'): string | undefined {
  const reason = obstacle(`--${kind}`);
  if (reason !== undefined) console.warn(`Left out: ${reason}`);
  return reason;
}

/** Runs shell lines and then an ES module that has `createLinuxHost`; resolves with what it printed as JSON. */
export function inShell(setUp: string, module: string): Promise<unknown> {
  return runModule([], setUp, module);
}

/** The same with mounts or a network of its own. */
export function inNamespace(kind: 'mount' | 'net', setUp: string, module: string): Promise<unknown> {
  return runModule(['unshare', ...asRoot, `--${kind}`], setUp, module);
}

async function runModule(prefix: readonly string[], setUp: string, module: string): Promise<unknown> {
  const shell = `set -e\n${setUp}\nexec "$0" --input-type=module-typescript -e "$1"`;
  const imports = `import { createLinuxHost } from '${process.cwd()}/src/host/linux/linux-host.ts';`;
  const script = ['sh', '-c', shell, process.execPath, `${imports}\n${module}`];
  const [program = 'sh', ...args] = [...prefix, ...script];
  const { stdout } = await execute(program, args, { timeout: 20_000 });
  return JSON.parse(stdout);
}
