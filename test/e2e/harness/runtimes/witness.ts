/**
 * Runs in namespaces of its own: starts a real containerd once for each configuration and prints, as JSON, what it does
 * and what the area makes of it. `node witness.ts PROGRAM`, configurations on standard input.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { dirname, join } from 'node:path';
import { readContainerd } from '../../../../src/areas/cgroup/observe/containerd-files.ts';
import { parseContainerd } from '../../../../src/areas/cgroup/observe/containerd.ts';
import { WITHOUT_CRI } from '../../../../src/areas/cgroup/observe/cri/cri.ts';
import { observeCgroup } from '../../../../src/areas/cgroup/observe/observe.ts';
import { createLinuxHost } from '../../../../src/host/linux/linux-host.ts';
import { DEFAULT } from '../../../support/runtimes/configurations.ts';
import type { Witnessed } from './containerd.ts';

const SOCKET = '/run/containerd/containerd.sock';
const START_MS = 30_000;

const [program = 'containerd'] = process.argv.slice(2);
const version = / v?(\d[^ ]*)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
const byDefault = execFileSync(program, ['config', 'default'], { encoding: 'utf8' }).replace(/^imports = .*\n/m, '');

/** As `record.ts` does it. */
function written(content: string): string {
  const isOn = content.includes(`${DEFAULT}SystemdCgroup`);
  const text = isOn ? byDefault.replaceAll('SystemdCgroup = false', 'SystemdCgroup = true') : byDefault;
  return content.replace(`${DEFAULT}SystemdCgroup`, DEFAULT).replace(DEFAULT, () => text);
}

async function witness(name: string, files: Readonly<Record<string, string>>): Promise<Witnessed> {
  for (const folder of ['/etc/containerd', '/run/containerd']) rmSync(folder, { recursive: true, force: true });
  for (const [path, content] of Object.entries(files)) {
    const file = join('/etc/containerd', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, written(content));
  }
  const child = spawn(program, [], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const deadline = Date.now() + START_MS;
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    while (!/containerd successfully booted/.test(said) && !isOver() && Date.now() < deadline) await sleep(10);
    if (isOver() || !existsSync(SOCKET)) {
      const config = parseContainerd(await readContainerd(createLinuxHost(), version), version);
      return { name, error: said.trim().split('\n').at(-1) ?? '', config };
    }
    for (;;) {
      const { used } = await observeCgroup(createLinuxHost(), {}, AbortSignal.timeout(START_MS));
      if (used === undefined) throw new Error(`no runtime was seen with "${name}"`);
      // It says that it has booted before it can answer.
      const isSettled = used.unreachable === undefined || used.unreachable === WITHOUT_CRI;
      if (isSettled || Date.now() > deadline) return { name, runtime: used };
      await sleep(10);
    }
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

const configurations = JSON.parse(await text(process.stdin)) as Record<string, Record<string, string>>;
const witnessed: Witnessed[] = [];
for (const [name, files] of Object.entries(configurations)) witnessed.push(await witness(name, files));
process.stdout.write(JSON.stringify({ version, witnessed }));
