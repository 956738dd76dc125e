/** Does one step: writes, proves, and takes back what does not stand the proof. */
import { type Change, StepError } from '../../area.ts';
import { CommandError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { differenceBeyond, lackIn } from '../loaders/compare.ts';
import type { BootFile, BootLoader, Proof } from '../loaders/loader.ts';
import { loaderNamed } from '../loaders/loaders.ts';
import type { BootStep, WriteStep } from '../plan/steps.ts';
import { toolRunner } from './run-tool.ts';

/** Performs a step. Throws `StepError`, `HostFileError`. */
export async function applyBootStep(
  host: Host,
  step: BootStep,
  signal: AbortSignal,
): Promise<readonly Change[] | void> {
  if (step.kind !== 'write') return [];
  const loader = loaderNamed(step.loader);
  const state = await loader.observe(host, signal);
  if (state === undefined)
    throw new StepError('BootConfigRejected', `${loader.name} no longer starts this machine; nothing was written.`);
  // What overrides our words does not keep them from being taken away.
  if (state.problem !== undefined && state.problem.reason !== 'Conflict')
    throw new StepError(state.problem.reason, `Nothing was written: ${state.problem.message}.`);
  const run = await toolRunner(host, signal);
  const { present, absent } = step.undone;
  const touched = { present: [...step.wanted.present, ...present], absent: [...step.wanted.absent, ...absent] };
  const proof: Proof = { run, before: state.entries, wanted: step.wanted, touched };
  let isRun = false;
  try {
    for (const { after } of step.files) await writeFile(host, after);
    await loader.prove?.(host, proof);
    for (const command of step.commands) {
      isRun = true;
      await run(command);
    }
    await verify(host, loader, proof, signal);
    const isNothing = step.wanted.present.length + step.wanted.absent.length === 0;
    await removeCopies(host, state.files, isNothing);
  } catch (error) {
    // Also when it was aborted: a setting that was never proved must not stay.
    await takeBack(host, step, isRun);
    if (error instanceof CommandError) throw failed(loader, error.message, error);
    throw error;
  }
}

async function verify(host: Host, { name, observe }: BootLoader, proof: Proof, signal: AbortSignal): Promise<void> {
  const entries = (await observe(host, signal))?.entries ?? [];
  const wrong = differenceBeyond(proof.before, entries, proof.touched) ?? lackIn(entries, proof.wanted);
  if (wrong !== undefined)
    throw new StepError(
      'BootConfigRejected',
      `What the next boot reads from ${name} is not as expected: ${wrong}. The files are as before.`,
    );
}

async function takeBack(host: Host, { fallback, files, commands }: WriteStep, isRun: boolean): Promise<void> {
  const back = files.length > 0 ? files.map(({ before }) => before) : fallback.map(({ after }) => after);
  for (const file of back) await writeFile(host, file);
  if (!isRun || back.length === 0) return;
  const run = await toolRunner(host, new AbortController().signal);
  try {
    for (const command of commands) await run(command);
  } catch (error) {
    // The failure that led here is the one to tell.
    if (!(error instanceof CommandError)) throw error;
  }
}

async function writeFile(host: Host, { path, contents, encoding = 'utf8', isOnBoot }: BootFile): Promise<void> {
  if (contents === undefined) return host.removeFile(path);
  const current = await host.readFile(path, encoding);
  if (current === contents) return;
  const kept = copyOf(path);
  if (isOnBoot === true && current !== undefined && (await host.stat(kept)) === undefined)
    await host.writeFile(kept, current, { encoding });
  await host.writeFile(path, contents, { encoding });
  if ((await host.readFile(path, encoding)) !== contents)
    throw new StepError('BootConfigRejected', `"${path}" does not hold what was written to it.`);
}

/** Where the file is kept as it was before the first change, to be found when the machine does not start. */
function copyOf(path: string): string {
  return `${path}.nodeprep-before`;
}

/** A copy is of no more use once the file is as it was, or nothing of ours is in it. */
async function removeCopies(host: Host, files: readonly BootFile[], isNothing: boolean): Promise<void> {
  for (const { path, isOnBoot } of files) {
    if (isOnBoot !== true) continue;
    const copy = await host.readFile(copyOf(path), 'bytes');
    if (copy !== undefined && (isNothing || copy === (await host.readFile(path, 'bytes'))))
      await host.removeFile(copyOf(path));
  }
}

function failed({ name }: BootLoader, message: string, cause: unknown): StepError {
  return new StepError('BootConfigRejected', `A tool of ${name} failed, and the files are as before: ${message}`, {
    cause,
  });
}
