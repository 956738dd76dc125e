/**
 * What NodePrep manages. The order is the order of every pass, and an area may depend on those
 * before it.
 */
import type { Area, Step } from './area.ts';
import { bootParameters } from './boot-parameters/index.ts';
import { cgroup } from './cgroup/index.ts';
import { modules } from './modules/index.ts';
import { swap } from './swap/index.ts';
import { sysctls } from './sysctls/index.ts';

/** Applies `seal` to every area in order; the callback keeps each area's own types. */
export function everyArea<T>(
  seal: <Desired, Observed, S extends Step>(area: Area<Desired, Observed, S>) => T,
): readonly T[] {
  return [
    // First: loading br_netfilter is what makes the net.bridge parameters exist.
    seal(modules),
    seal(sysctls),
    // A socket that hangs is waited for 5 s, and a restarted runtime for a minute, so what is quickly made comes first.
    seal(cgroup),
    // Late: swapoff can take minutes, and networking should not wait for it.
    seal(swap),
    // Nothing waits for it before the next reboot, and making the configuration of a boot loader can take a minute.
    seal(bootParameters),
  ];
}
