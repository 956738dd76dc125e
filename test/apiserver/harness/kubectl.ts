/** Runs kubectl as a person would, with nothing of this machine's own configuration. */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** How a command ended and what it printed. */
export interface KubectlResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a command gets besides its arguments. */
export interface KubectlOptions {
  readonly stdin?: string;
  /** Path of another kubeconfig than the administrator's. */
  readonly kubeconfig?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs kubectl with arguments; a failed command is a result, not an exception. */
export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<KubectlResult>;

/** A kubectl whose cache and configuration are in `home`. */
export function kubectlWith(program: string, kubeconfig: string, home: string): Kubectl {
  return async (args, options = {}) => {
    const child = spawn(program, [`--kubeconfig=${options.kubeconfig ?? kubeconfig}`, ...args], {
      env: { PATH: process.env['PATH'], HOME: home, LC_ALL: 'C', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: 200_000,
    });
    // A command that refuses its arguments ends before it reads anything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    const ended = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? -1));
    });
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { code, out, err };
  };
}
