/** The units of NodePrep: on a running systemd by its own commands, elsewhere as files and links only. */
import { CommandError } from '../../host/errors.ts';
import type { Host, HostReader } from '../../host/host.ts';
import { KUBELET_DROP_IN, UNITS, unitPath, wantsLink } from './layout.ts';
import type { OnChange } from './program.ts';

/** Longer than the bootstrap unit tries with `Degrade`. */
const START_MS = 100_000;
const STOP_MS = 120_000;
/** Systemd reads every unit of the host for these, which takes a busy Raspberry Pi more than half a minute. */
const RELOAD = { timeoutMs: 120_000 };

/** Whether systemd runs the host now; in an image or a chroot it does not. */
export async function hasSystemd(host: HostReader): Promise<boolean> {
  return host.kernel === 'running' && (await host.stat('/run/systemd/system')) !== undefined;
}

/** Writes the units and enables them; returns whether anything changed. */
export async function installUnits(host: Host, text: (name: string) => string, onChange: OnChange): Promise<boolean> {
  let changed = false;
  for (const name of [...UNITS, KUBELET_DROP_IN]) {
    const path = unitPath(name);
    if ((await host.readFile(path)) === text(name)) continue;
    await host.writeFile(path, text(name));
    onChange(path);
    changed = true;
  }
  if (await hasSystemd(host)) {
    if (changed) await host.run(['systemctl', 'daemon-reload'], RELOAD);
    await host.run(['systemctl', '--quiet', 'enable', ...UNITS], RELOAD);
    return changed;
  }
  for (const unit of UNITS) {
    if ((await host.readLink(wantsLink(unit))) === unitPath(unit)) continue;
    await host.makeLink(wantsLink(unit), unitPath(unit));
    onChange(wantsLink(unit));
    changed = true;
  }
  return changed;
}

/** Starts the units; with `anew`, what runs now is stopped first. Returns whether the bootstrap has ended. */
export async function startUnits(host: Host, anew: boolean): Promise<boolean> {
  const [bootstrap, daemon] = UNITS;
  if (anew) await host.run(['systemctl', 'stop', daemon, bootstrap], { timeoutMs: STOP_MS });
  try {
    await host.run(['systemctl', 'start', bootstrap], { timeoutMs: START_MS });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Its start goes on without us (onFailure: Block), or failed and the journal says why: the daemon goes on trying.
    await host.run(['systemctl', 'start', '--no-block', daemon], RELOAD);
    return !error.timedOut;
  }
  await host.run(['systemctl', 'start', daemon], { timeoutMs: START_MS });
  return true;
}

/**
 * Stops the units and lets no boot start them again, so that what `uninstall` takes back stays
 * taken back. The drop-in goes too: a kubelet that wants the bootstrap would start it.
 */
export async function disableUnits(host: Host): Promise<void> {
  const installed = await installedUnits(host);
  const running = await hasSystemd(host);
  if (running && installed.length > 0) {
    await host.run(['systemctl', 'stop', ...installed.toReversed()], { timeoutMs: STOP_MS });
    await host.run(['systemctl', '--quiet', 'disable', ...installed], RELOAD);
  }
  for (const unit of UNITS) {
    if ((await host.readLink(wantsLink(unit))) !== undefined) await host.removeFile(wantsLink(unit));
  }
  if ((await host.stat(unitPath(KUBELET_DROP_IN))) === undefined) return;
  await host.removeFile(unitPath(KUBELET_DROP_IN));
  await host.removeDirectory(unitPath('kubelet.service.d'));
  if (running) await host.run(['systemctl', 'daemon-reload'], RELOAD);
}

/** Removes the files of the units that `disableUnits` left. */
export async function removeUnits(host: Host): Promise<void> {
  const installed = await ownUnits(host);
  for (const unit of installed) await host.removeFile(unitPath(unit));
  if (installed.length > 0 && (await hasSystemd(host))) await host.run(['systemctl', 'daemon-reload'], RELOAD);
}

async function ownUnits(host: HostReader): Promise<string[]> {
  const found = [];
  for (const unit of UNITS) if ((await host.stat(unitPath(unit))) !== undefined) found.push(unit);
  return found;
}

/** Ours, or those that a package brought. */
async function installedUnits(host: HostReader): Promise<string[]> {
  const found = [];
  for (const unit of UNITS) {
    const places = [unitPath(unit), `/usr/lib/systemd/system/${unit}`, `/lib/systemd/system/${unit}`];
    for (const place of places) {
      if ((await host.stat(place)) === undefined) continue;
      found.push(unit);
      break;
    }
  }
  return found;
}
