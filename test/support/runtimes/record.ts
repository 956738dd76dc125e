/**
 * Shows the configurations to a real containerd: `node record.ts /path/to/containerd`, as root or not. Writes
 * `containerd-VERSION.json`: the files, and what `containerd config dump` makes of them.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import { CONFIGURATIONS, DEFAULT } from './configurations.ts';

const [program = 'containerd'] = process.argv.slice(2);
const version = / v?(\d[^ ]*)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
// An import stands in the file itself; the one of the default would win over it.
const byDefault = execFileSync(program, ['config', 'default'], { encoding: 'utf8' }).replace(/^imports = .*\n/m, '');
const isOf1 = version.startsWith('1.');

type Tables = Record<string, Record<string, Record<string, unknown>>>;

function runtimesIn(dump: string) {
  const plugins = (parse(dump) as { plugins?: Tables }).plugins ?? {};
  const cri = plugins[isOf1 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.runtime'] ?? {};
  const containerd = cri['containerd'] as { default_runtime_name?: string; runtimes?: Tables } | undefined;
  const runtimes = Object.entries(containerd?.runtimes ?? {}).map(([name, value]) => [
    name,
    { type: value['runtime_type'] ?? '', SystemdCgroup: value['options']?.['SystemdCgroup'] ?? null },
  ]);
  return { default: containerd?.default_runtime_name, runtimes: Object.fromEntries(runtimes) };
}

const recorded = Object.entries(CONFIGURATIONS).map(([name, files]) => {
  const folder = mkdtempSync(join(tmpdir(), 'nodeprep-record-'));
  try {
    const written = Object.fromEntries(
      Object.entries(files).map(([path, text]) => {
        const isOn = text.includes(`${DEFAULT}SystemdCgroup`);
        const full = text
          .replace(`${DEFAULT}SystemdCgroup`, DEFAULT)
          .replace(DEFAULT, () =>
            isOn ? byDefault.replaceAll('SystemdCgroup = false', 'SystemdCgroup = true') : byDefault,
          );
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), full.replaceAll('/etc/containerd', folder));
        return [path, full];
      }),
    );
    const main = join(folder, 'config.toml');
    if (!existsSync(main) && isOf1) return { name, files: written, said: { default: 'runc', runtimes: {} } };
    const { status, stdout, stderr } = spawnSync(program, ['-c', main, 'config', 'dump'], { encoding: 'utf8' });
    const said =
      status === 0
        ? runtimesIn(stdout)
        : { error: stderr.trim().split('\n').at(-1)?.replaceAll(folder, '/etc/containerd') };
    return { name, files: written, said };
  } finally {
    rmSync(folder, { recursive: true });
  }
});
const file = join(import.meta.dirname, `containerd-${/^[\d.]+/.exec(version)?.[0]}.json`);
writeFileSync(file, `${JSON.stringify({ version, configurations: recorded }, undefined, 1)}\n`);
process.stdout.write(`${file}: ${recorded.length}\n`);
