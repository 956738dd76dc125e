/** Whether the executable can run in an image, told by the shell that every image has. */
import type { HostReader } from '../../host/host.ts';
import { VERSION } from '../version.ts';
import { NotInstallableError } from './not-installable.ts';

/** By `e_machine` of elf(5), as Node names them. */
const ARCHITECTURES = new Map([
  [3, 'ia32'],
  [40, 'arm'],
  [62, 'x64'],
  [183, 'arm64'],
  [243, 'riscv64'],
]);

/** Throws `NotInstallableError` when the host is for another processor; a root without a shell tells nothing. */
export async function assertSameArchitecture(host: HostReader, own: string): Promise<void> {
  // The running host has just started this program.
  if (host.kernel === 'running') return;
  const found = (await architectureOf(host, '/usr/bin/sh')) ?? (await architectureOf(host, '/bin/sh'));
  if (found === undefined || found === own) return;
  const known = found === 'x64' || found === 'arm64';
  throw new NotInstallableError(
    `Cannot install NodePrep: the root is for ${found}, and this executable for ${own}, so nothing would start there. ` +
      (known
        ? `Take the executable of nodeprep-${VERSION}-linux-${found}.tar.xz: "nodeprep install --root" has to run on a ` +
          `machine with that processor (or by an emulator such as qemu-user).`
        : 'There is NodePrep for 64-bit systems only, x64 and arm64.'),
  );
}

async function architectureOf(host: HostReader, path: string): Promise<string | undefined> {
  const text = await host.readFile(path, 'bytes');
  const header = Buffer.from((text ?? '').slice(0, 20), 'latin1');
  if (header.length < 20 || header.readUInt32BE(0) !== 0x7f454c46) return undefined;
  const machine = header[5] === 2 ? header.readUInt16BE(18) : header.readUInt16LE(18);
  return ARCHITECTURES.get(machine) ?? `another processor (e_machine ${machine})`;
}
