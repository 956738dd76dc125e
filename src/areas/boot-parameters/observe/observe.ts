/** Looks at how the host boots, and at what the running kernel makes of its command line. Files only, no command. */
import type { HostReader, Kernel } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import type { Desired } from '../desired.ts';
import { usedLoaders, type UsedLoader } from '../loaders/loaders.ts';
import { type KernelFacts, readKernelFacts } from './kernel-facts.ts';

/** How a host boots and has booted. */
export interface Observed {
  readonly kernel: Kernel;
  /** Boot loaders in use; one, or nothing can be written. */
  readonly loaders: readonly Pick<UsedLoader, 'name' | 'state'>[];
  /** Absent where no kernel runs. */
  readonly now?: KernelFacts;
}

/** Observes the host; one on which nothing is declared, and nothing was, is not looked at. Throws `HostFileError`. */
export async function observeBoot(
  host: HostReader,
  desired: Desired,
  signal: AbortSignal,
  memory?: Memory,
): Promise<Observed> {
  const { kernel } = host;
  if (desired.length === 0 && (memory?.size ?? 0) === 0) return { kernel, loaders: [] };
  const now = await readKernelFacts(
    host,
    desired.some(({ name }) => name === 'mitigations'),
  );
  const loaders = (await usedLoaders(host, signal)).map(({ name, state }) => ({ name, state }));
  return { kernel, loaders, ...(now === undefined ? {} : { now }) };
}
