/** What real containerds do with configurations, in mount, network and process namespaces of their own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RuntimeConfig } from '../../../../src/areas/cgroup/observe/runtime-config.ts';
import type { RuntimeObserved } from '../../../../src/areas/cgroup/observe/runtimes.ts';

/** What was seen with one configuration: the running containerd, or why it has ended. */
export type Witnessed = { readonly name: string } & (
  | { readonly runtime: RuntimeObserved }
  | { readonly error: string; readonly config: RuntimeConfig }
);

/** Nothing that containerd writes reaches this machine. */
const WORLD = `
for folder in /etc /run /var/lib /opt; do mount -t tmpfs none $folder; done
mkdir /run/programs; ln "$1/usr/bin/containerd" /run/programs/ 2>/dev/null || cp "$1/usr/bin/containerd" /run/programs/
mount -t overlay none -o lowerdir=/run/programs:/usr/local/bin /usr/local/bin
exec "$2" "$3" /usr/local/bin/containerd
`;

/** Starts the containerd of a root tree with each of the configurations, one after the other. */
export async function witnessContainerd(
  root: string,
  configurations: Readonly<Record<string, Readonly<Record<string, string>>>>,
): Promise<{ readonly version: string; readonly witnessed: readonly Witnessed[] }> {
  const namespaces = ['--mount', '--net', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const script = ['sh', '-ec', WORLD, 'sh', root, process.execPath, join(import.meta.dirname, 'witness.ts')];
  const running = promisify(execFile)('unshare', [...namespaces, ...script], { maxBuffer: 2 ** 26, timeout: 300_000 });
  running.child.stdin?.end(JSON.stringify(configurations));
  return JSON.parse((await running).stdout);
}
