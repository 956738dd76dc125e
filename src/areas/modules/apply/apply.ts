/** Performs one step and reads back: what the kernel says counts, not that a command ended well. */
import { HostFileError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { type Change, StepError } from '../../area.ts';
import { loadFailure, stillAbsent } from './diagnose.ts';
import { observeModules, observePresence } from '../observe/observe.ts';
import { observeParameter, parameterPath } from '../observe/observe-kernel.ts';
import { OPTIONS_FILE, renderLoadFile } from '../plan/own-files.ts';
import { isSameParameter } from '../parameters.ts';
import { parseModprobeConfig } from '../observe/parse.ts';
import type { FileStep, LoadStep, ModuleStep, ParameterStep, ProvenList } from '../plan/steps.ts';

/** A module may probe hardware while it starts; half a minute is long even then. */
const MODPROBE_TIMEOUT_MS = 30_000;

/** Performs one step of a plan and says what it changed. */
export async function applyModuleStep(host: Host, step: ModuleStep, signal: AbortSignal): Promise<readonly Change[]> {
  if (step.kind === 'write-file') return applyFile(host, step);
  if (step.kind === 'load') await applyLoad(host, step, signal);
  else await applyParameter(host, step);
  return step.changes;
}

async function applyLoad(host: Host, step: LoadStep, signal: AbortSignal): Promise<void> {
  if ((await observePresence(host, step.name)) !== 'absent') return;
  await requireOptions(host, step);
  // The evidence is read again: what the plan saw may have changed since, and it names file and line.
  const observeAgain = async () =>
    observeModules(
      host,
      { entries: [{ name: step.name, parameters: {}, required: true }], deletionPolicy: 'Keep' },
      signal,
    );
  try {
    await host.run(['modprobe', '--', step.name], { timeoutMs: MODPROBE_TIMEOUT_MS, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw loadFailure(step.name, error, await observeAgain());
  }
  if ((await observePresence(host, step.name)) === 'absent') throw stillAbsent(step.name, await observeAgain());
}

/** Many parameters are read at load time only: loading without them would cost a reboot to correct. */
async function requireOptions(host: Host, { name, options }: LoadStep): Promise<void> {
  if (options === undefined) return;
  const text = (await host.readFile(OPTIONS_FILE, 'bytes')) ?? '';
  const isWritten = parseModprobeConfig(text).some(
    (line) => line.directive === 'options' && line.module === name && line.rest === options,
  );
  if (isWritten) return;
  throw new StepError(
    'ApplyFailed',
    `Cannot load kernel module "${name}" with its parameters: ${OPTIONS_FILE} does not have them yet, and without them a reboot would be needed to correct it. See why the file could not be written.`,
    { transient: true },
  );
}

async function applyParameter(host: Host, { name, realName, parameter, to }: ParameterStep): Promise<void> {
  try {
    await host.writeKernelFile(parameterPath(realName, parameter), to);
  } catch (error) {
    if (!(error instanceof HostFileError) || error.code !== 'EINVAL') throw error;
    const message = `Cannot set parameter "${parameter}" of kernel module "${name}" to "${to}": the kernel refuses the value and keeps the old one (EINVAL). Declare one that the module takes; "modinfo ${realName}" says which.`;
    // Its bounds may be another parameter, which may be declared, too.
    throw new StepError('ApplyFailed', message, { cause: error, dependsOnOthers: true });
  }
  const shown = await observeParameter(host, realName, parameter);
  if (shown === undefined || isSameParameter(realName, parameter, to, shown.value)) return;
  throw new StepError(
    'ApplyFailed',
    `Cannot set parameter "${parameter}" of kernel module "${name}": the kernel took "${to}" but shows "${shown.value}". Declare the value that the kernel keeps.`,
  );
}

async function applyFile(host: Host, step: FileStep): Promise<readonly Change[]> {
  const refused = step.list === undefined ? new Set<string>() : await refusedOf(host, step.list);
  const contents = step.list === undefined ? step.contents : listContents(step.list, refused);
  if (contents === (await host.readFile(step.path, 'bytes'))) return [];
  if (contents === undefined) await host.removeFile(step.path);
  else await host.writeFile(step.path, contents, { encoding: 'bytes' });
  return step.changes.filter((change) => !refused.has(change.target));
}

/** systemd-modules-load fails at every boot for a module that the kernel refuses, so those are left out. */
async function refusedOf(host: Host, { unproven }: ProvenList): Promise<Set<string>> {
  const refused = new Set<string>();
  if (host.kernel !== 'running') return refused;
  for (const name of unproven) {
    if ((await observePresence(host, name)) === 'absent') refused.add(name);
  }
  return refused;
}

function listContents({ names, otherwise }: ProvenList, refused: ReadonlySet<string>): string | undefined {
  return renderLoadFile(names.filter((name) => !refused.has(name))) ?? otherwise;
}
