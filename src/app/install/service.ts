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

/** What became of the bootstrap; `running`: it had ended before, and nothing was started. */
export type Started =
  | { readonly outcome: 'running' | 'waiting' | 'failed' }
  | { readonly outcome: 'ended'; readonly exitCode: number };

/** Starts the units; with `anew`, what runs now is stopped first. */
export async function startUnits(host: Host, anew: boolean): Promise<Started> {
  const [bootstrap, daemon] = UNITS;
  const [before, daemonBefore] = [
    await property(host, bootstrap, 'ActiveState'),
    await property(host, daemon, 'ActiveState'),
  ];
  if (!anew && before === 'active' && daemonBefore === 'active') return { outcome: 'running' };
  // The daemon holds the host, so it makes room for the bootstrap.
  await host.run(['systemctl', 'stop', daemon], { timeoutMs: STOP_MS });
  // One that still holds the kubelet back is only joined. "restart" and not stop and start, because a kubelet that
  // waits for the start of the bootstrap would take its stop for leave to start.
  const verb = !anew && before === 'activating' ? 'start' : 'restart';
  try {
    await host.run(['systemctl', verb, bootstrap], { timeoutMs: START_MS });
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Its start goes on without us (onFailure: Block), or failed and the journal says why: the daemon goes on trying.
    await host.run(['systemctl', 'start', '--no-block', daemon], RELOAD);
    return { outcome: error.timedOut ? 'waiting' : 'failed' };
  }
  await host.run(['systemctl', 'start', daemon], { timeoutMs: START_MS });
  // A unit whose conditions are not met is not started, and that is no error to systemctl.
  if ((await property(host, bootstrap, 'ActiveState')) !== 'active') return { outcome: 'failed' };
  return { outcome: 'ended', exitCode: Number(await property(host, bootstrap, 'ExecMainStatus')) };
}

async function property(host: HostReader, unit: string, name: string): Promise<string> {
  const { stdout } = await host.query(['systemctl', 'show', `--property=${name}`, '--value', unit], RELOAD);
  return stdout.trim();
}

/**
 * Stops the units and disables them, so that what `uninstall` takes back stays taken back. The drop-in goes too: a kubelet that wants the bootstrap would start it.
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
