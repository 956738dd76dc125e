/** What real containerds of Debian made of their configuration files, and what is said of the same files. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readContainerd } from '../../../../src/areas/cgroup/observe/containerd-files.ts';
import { parseContainerd } from '../../../../src/areas/cgroup/observe/containerd.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';

interface Recorded {
  readonly version: string;
  readonly configurations: readonly {
    readonly name: string;
    readonly files: Readonly<Record<string, string>>;
    readonly said:
      | { readonly error: string }
      | {
          readonly default?: string;
          readonly runtimes: Readonly<Record<string, { readonly type: string; readonly SystemdCgroup: unknown }>>;
        };
  }[];
}

const FOLDER = join(import.meta.dirname, '../../../support/runtimes');
const recorded = ['1.6.20', '1.7.24', '2.1.9'].flatMap((version): Recorded[] =>
  ['', '-starts'].map((kind) => JSON.parse(readFileSync(join(FOLDER, `containerd-${version}${kind}.json`), 'utf8'))),
);

async function read(files: Readonly<Record<string, string>>, version: string | undefined) {
  const host = new MemoryHost(
    Object.fromEntries(Object.entries(files).map(([path, text]) => [`/etc/containerd/${path}`, text])),
  );
  return parseContainerd(await readContainerd(host, version), version);
}

describe.each(recorded)('files of containerd $version', ({ version, configurations }) => {
  test.each(configurations)('$name: mean what containerd takes them for', async ({ files, said }) => {
    const config = await read(files, version);

    if ('error' in said) {
      expect(config.isCriDisabled || config.problems.some(({ isFatal }) => isFatal)).toBe(true);
      return;
    }
    if (config.isCriDisabled) return;
    const handlers = Object.entries(said.runtimes)
      .filter(([, { type }]) => type === '' || type.startsWith('io.containerd.runc.'))
      .map(([name, { type, SystemdCgroup }]) => ({
        name,
        type,
        driver: SystemdCgroup === true ? 'systemd' : 'cgroupfs',
      }));
    if (handlers.length > 0) expect(config.handlers.toSorted(byName)).toEqual(handlers.toSorted(byName));
    const inForce = handlers.find(({ name }) => name === said.default);
    expect(config.driver).toBe(inForce?.driver ?? 'cgroupfs');
    const isBroken =
      inForce?.type === '' || Object.values(said.runtimes).some((one) => typeof one.SystemdCgroup === 'string');
    expect(config.problems.filter(({ isFatal }) => isFatal)).toHaveLength(isBroken ? 1 : 0);
  });

  test('never throw while the version is not known, and then claim nothing that keeps the kubelet away', async () => {
    for (const { files, said } of configurations) {
      const config = await read(files, undefined);
      if (!('error' in said) && !files['config.toml']?.includes('"yes"')) {
        expect(config.problems.filter(({ isFatal }) => isFatal).map(({ message }) => message)).toEqual([]);
      }
    }
  });
});

const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
