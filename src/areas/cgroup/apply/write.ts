/** Writes one configuration file, after the program that reads it has confirmed the text. */
import type { Host } from '../../../host/host.ts';
import { StepError } from '../../area.ts';
import type { WriteStep } from '../plan/steps.ts';
import { proveByContainerd } from './proof.ts';

/** Writes the file of the step. Nothing is written over a text that the plan has not seen. */
export async function applyWrite(host: Host, step: WriteStep, signal: AbortSignal): Promise<void> {
  if (!(await confirmWrite(host, step, signal))) return;
  const { file, after } = step;
  if (after === undefined) await host.removeFile(file);
  else await host.writeFile(file, after, { onlyName: true });
}

/** Throws `StepError` when the file is not to be written; `false` when it holds the text already. */
export async function confirmWrite(host: Host, step: WriteStep, signal: AbortSignal): Promise<boolean> {
  const { file, before, after, proof } = step;
  const now = await host.readFile(file);
  if (now === after) return false;
  if (now !== before) {
    const message = `${file} has been changed since it was looked at, so it is left as it is. The next pass plans anew.`;
    throw new StepError('ApplyFailed', message, { transient: true });
  }
  // The programs of a host that does not run cannot be asked.
  if (proof !== undefined && host.kernel === 'running') await proveByContainerd(host, { ...step, proof }, signal);
  return true;
}
