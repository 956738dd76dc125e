/** What must not be in the way of an installation; all of it is looked at before anything is changed. */
import type { HostReader } from '../../host/host.ts';
import { type OwnExecutable, sumOf } from '../../host/own/own-executable.ts';
import { assertSameArchitecture } from './architecture.ts';
import { CURRENT, KUBELET_DROP_IN, PREVIOUS, PROGRAM, PROGRAM_DIRECTORY, UNITS, unitPath } from './layout.ts';
import { NotInstallableError } from './not-installable.ts';

const PACKAGED = '/usr/lib/nodeprep/nodeprep';

/** Throws `NotInstallableError` with what is in the way and what to do about it. */
export async function assertNothingInTheWay(host: HostReader, own: OwnExecutable): Promise<void> {
  if ((await host.stat(PACKAGED)) !== undefined) {
    throw new NotInstallableError(
      'Cannot install NodePrep: the package "nodeprep" is installed, and its program and units would run beside these. ' +
        'Upgrade the package instead, or remove it first ("apt-get remove nodeprep"; its configuration is kept).',
    );
  }
  await assertSameArchitecture(host, own.architecture);
  await assertProgramsPlace(host, own);
  for (const name of [...UNITS, KUBELET_DROP_IN]) await assertUnitsPlace(host, name);
}

async function assertProgramsPlace(host: HostReader, own: OwnExecutable): Promise<void> {
  for (const path of [CURRENT, PREVIOUS]) {
    const found = await host.stat(path);
    if (found !== undefined && found.type !== 'link') throw inTheWay(path, 'a link to a build belongs there');
  }
  const directory = await host.stat(PROGRAM_DIRECTORY);
  if (directory !== undefined && directory.type !== 'directory' && directory.type !== 'link') {
    throw inTheWay(PROGRAM_DIRECTORY, 'the directory of the program belongs there');
  }
  const program = await host.stat(PROGRAM);
  if (program === undefined || program.type === 'link') return;
  // Many copy the executable here first and start it from here.
  if (program.type === 'file' && (await host.sumOf(PROGRAM)) === (await sumOf(own.files[0]))) return;
  throw inTheWay(PROGRAM, 'it is not the program that you are installing');
}

async function assertUnitsPlace(host: HostReader, name: string): Promise<void> {
  const path = unitPath(name);
  const found = await host.stat(path);
  if (found === undefined || found.type === 'file') return;
  if ((await host.readLink(path)) !== '/dev/null') throw inTheWay(path, 'a plain file belongs there');
  throw new NotInstallableError(
    `Cannot install NodePrep: "${name}" is masked, so the host would not be made ready after a reboot. ` +
      `Unmask it with "systemctl unmask ${name}", or remove the link "${path}" in an image.`,
  );
}

function inTheWay(path: string, why: string): NotInstallableError {
  return new NotInstallableError(
    `Cannot install NodePrep: "${path}" is in the way, ${why}. Look at it, move it away and install again.`,
  );
}
