import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs a command to its end; most memory that any of its processes had resident, in MB, looked at so often. */
export async function peakMemoryMb([program, ...args]: readonly [string, ...string[]], sampleMs = 2): Promise<number> {
  const child = spawn(program, args, { stdio: 'ignore' });
  let peak = 0;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, largestMb(child.pid));
    await sleep(sampleMs);
  }
  return peak;
}

function largestMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    const own = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
    return Math.max(own, ...children.map((one) => largestMb(Number(one))));
  } catch {
    // It ended meanwhile.
    return 0;
  }
}
