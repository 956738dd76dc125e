/** A daemon of the program under test on a copy of a captured host, and what it says of itself there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { copyOfHost, type Running, startNodeprep } from './nodeprep-process.ts';

/** The file of kernel parameters below the root. */
export const OURS = 'etc/sysctl.d/99-zz-nodeprep.conf';
/** Each test starts processes; on a busy machine a start takes many seconds. */
export const WAIT = { timeout: 40_000, interval: 20 };
/** For `vi.setConfig`, for the same reason. */
export const DAEMON_TEST = { testTimeout: 120_000 };
/** A document that wants one parameter to have the value. */
export const spec = (value: string) =>
  `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  sysctls:\n  - name: vm.swappiness\n    value: ${value}\n`;

interface StatusFile {
  readonly metadata: { readonly generation: number };
  readonly status: {
    readonly conditions: readonly { type: string; status: string; reason: string; message: string }[];
  };
}

/** The status file; `undefined` before there is one. */
export function status(root: string): StatusFile | undefined {
  const path = join(root, 'run/nodeprep/status.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** A condition of the status file. */
export const condition = (root: string, type: string) =>
  status(root)?.status.conditions.find((one) => one.type === type);
/** The file of kernel parameters; empty before there is one. */
export const ours = (root: string) => (existsSync(join(root, OURS)) ? readFileSync(join(root, OURS), 'utf8') : '');

/** A copy of a captured host with that document. */
export function hostWithSpec(content: string): string {
  const root = copyOfHost('debian-12');
  mkdirSync(join(root, 'etc/nodeprep'), { recursive: true });
  writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), content);
  return root;
}

/** A daemon that has done its first pass: on a busy machine that is reported as under way first. */
export async function daemon(root: string, ...args: string[]): Promise<Running> {
  const running = startNodeprep(['run', '--root', root, '--metrics-port', '0', ...args]);
  await expect.poll(() => condition(root, 'Progressing')?.reason ?? 'Applying', WAIT).not.toBe('Applying');
  return running;
}
