/**
 * Looks what update-grub would write, before it does: a broken setting makes it fail, and with it every later update of
 * a kernel package; a grub.cfg that differs in more than our words may not start.
 */
import { StepError } from '../../area.ts';
import { CommandError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { differenceBeyond, lackIn } from './compare.ts';
import { GRUB_CFG, GRUB_DROP_IN } from './grub-names.ts';
import { grubEntries } from './grub-cfg.ts';
import type { Proof } from './loader.ts';

/** The candidate, for grub-script-check, which reads a file. */
const CANDIDATE = '/run/nodeprep/grub.cfg';

/** Runs grub-mkconfig without an output file and compares. Throws `StepError`. */
export async function proveGrub(host: Host, { run, before, touched, wanted }: Proof): Promise<void> {
  if ((await host.stat(GRUB_DROP_IN)) !== undefined) await passes(() => host.run(['sh', '-n', GRUB_DROP_IN]));
  const text = await passes(() => run(['grub-mkconfig']));
  await host.writeFile(CANDIDATE, text, { mode: 0o600 });
  try {
    await passes(() => host.run(['grub-script-check', CANDIDATE]));
  } finally {
    await host.removeFile(CANDIDATE);
  }
  const made = grubEntries(text, GRUB_CFG);
  const difference = differenceBeyond(before, made, touched);
  if (difference !== undefined)
    throw rejected(
      `update-grub would change more in ${GRUB_CFG} than the declared parameters: ${difference}. Run "update-grub" yourself first, and look at what it changes`,
    );
  const lack = lackIn(made, wanted);
  if (lack !== undefined)
    throw rejected(`What grub-mkconfig makes is not as declared: ${lack}. Look at /etc/default/grub and /etc/grub.d`);
}

async function passes<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw rejected(`GRUB refuses its settings: ${error.message}`, error);
  }
}

function rejected(message: string, cause?: unknown): StepError {
  return new StepError('BootConfigRejected', message, { cause });
}
