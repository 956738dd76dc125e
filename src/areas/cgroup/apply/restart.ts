/**
 * Restarts a runtime, proves its driver, and puts the previous files back when it does not come up with them. A file that
 * was written and is not proved yet is on trial: its memo is in the ledger before the file is written, so a kill at any
 * moment leaves enough to prove it later or to go back.
 */
import { CommandError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { type Change, StepError } from '../../area.ts';
import type { GoBackStep, RestartStep } from '../plan/steps.ts';
import { recordRefused, type Refused, sumOfText } from '../refused.ts';
import { type RuntimeName, restartedUnit } from '../observe/runtimes.ts';
import { type Proof, proveRuntime } from './prove.ts';
import { control, firstError, isWanted } from './unit.ts';

/** Restarts the runtime of the step and returns once it is proved to have the driver. One that is stopped stays so. */
export async function applyRestart(
  host: Host,
  step: RestartStep,
  signal: AbortSignal,
): Promise<readonly Change[] | void> {
  const { unit, user, driver, written } = step;
  if (!(await isWanted(host, unit, signal))) return [];
  const proof = { user, ...(driver === undefined ? {} : { driver }) };
  const problem = await restarted(host, unit, proof, signal);
  if (problem === undefined) return;
  const wanted = driver === undefined ? 'with its new configuration' : `with the cgroup driver ${driver}`;
  const what = `${unit} does not run ${wanted}: ${problem}`;
  if (written.length === 0) throw failed(`${what}. See "journalctl -u ${unit}".`);
  const why = `${what}. ${written.map(({ file }) => file).join(' and ')} is as before and is not written again until it or the spec changes.`;
  const refused = written.map((one): Refused => ({ ...one, user, why, isBack: false }));
  for (const one of refused) await recordRefused(host, one);
  const answers = await goBack(host, user, refused, signal);
  throw failed(`${why} ${answers}`);
}

/** Goes back to the previous text where a kill has kept that from being done. */
export async function applyGoBack(host: Host, { refused }: GoBackStep, signal: AbortSignal): Promise<void> {
  await goBack(host, refused.user, [refused], signal);
}

/** Puts the files back, has the runtime read them where it runs, and says how that went. */
async function goBack(
  host: Host,
  user: RuntimeName,
  refused: readonly Refused[],
  signal: AbortSignal,
): Promise<string> {
  for (const { file, sha256, before } of refused) {
    // A text that came since is not ours to judge.
    if (sumOfText((await host.readFile(file)) ?? '') !== sha256) continue;
    if (before === undefined) await host.removeFile(file);
    else await host.writeFile(file, before);
  }
  const unit = restartedUnit(user);
  let said = 'The runtime was not running.';
  if (await isWanted(host, unit, signal)) {
    // systemd would refuse a unit that failed too often in a short time.
    await control(host, 'reset-failed', unit, signal).catch(ignoreCommand);
    const problem = await restarted(host, unit, { user }, signal);
    said =
      problem === undefined
        ? 'The runtime answers with the previous file.'
        : `The runtime does not answer with the previous file either: ${problem}. See "journalctl -u ${unit}".`;
  }
  for (const one of refused) await recordRefused(host, { ...one, why: `${one.why} ${said}`, isBack: true });
  return said;
}

/** Restarts and proves; returns what is wrong, with what the runtime logged when it does not start or answer. */
async function restarted(host: Host, unit: string, proof: Proof, signal: AbortSignal): Promise<string | undefined> {
  let problem = 'it does not start';
  try {
    await control(host, 'restart', unit, signal);
    const found = await proveRuntime(host, proof, signal);
    if (found === undefined || found.isFinal === true) return found?.problem;
    problem = found.problem;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError)) throw error;
  }
  const line = await firstError(host, unit, signal);
  return line === '' ? problem : `${problem}, and logged ${JSON.stringify(line)}`;
}

function ignoreCommand(error: unknown): void {
  if (!(error instanceof CommandError)) throw error;
}

function failed(message: string): StepError {
  return new StepError('RuntimeRestartFailed', message);
}
