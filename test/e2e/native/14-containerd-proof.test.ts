/**
 * Real containerds of three releases of Debian judge what NodePrep would write: each edit passes their `config dump` and
 * has the driver in every runtime of runc, and texts that break pods do not pass.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'smol-toml';
import { expect, test } from 'vitest';
import { proveByContainerd } from '../../../src/areas/cgroup/apply/proof.ts';
import { isOfRunc } from '../../../src/areas/cgroup/observe/cri/cri.ts';
import { objectIn, textOf } from '../../../src/areas/tables.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { leaveOut } from '../../support/leave-out.ts';
import { CONFIGURATIONS, DEFAULT } from '../../support/runtimes/configurations.ts';
import { editOf, type Files, filesAfter, FOLDER } from '../../support/runtimes/written.ts';
import { note } from '../harness/note.ts';
import { ensureContainerd, type Suite } from '../harness/runtimes/packages.ts';

const RELEASES: readonly Suite[] = ['bookworm', 'trixie', 'sid'];
const host = createLinuxHost();
const signal = new AbortController().signal;

/** A folder that stands for /etc/containerd. */
function written<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'nodeprep-proof-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text.replaceAll(FOLDER, folder));
  }
  return use(folder).finally(() => rmSync(folder, { recursive: true }));
}

interface Dumped {
  readonly type: string;
  readonly isSystemd: unknown;
}

function runtimesOf(program: string, main: string): Readonly<Record<string, Dumped>> {
  const dump = execFileSync(program, ['-c', main, 'config', 'dump'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const found: Record<string, Dumped> = {};
  for (const plugin of Object.values(objectIn(parse(dump), 'plugins'))) {
    for (const [name, runtime] of Object.entries(objectIn(objectIn(plugin, 'containerd'), 'runtimes'))) {
      const type = textOf(objectIn({ runtime }, 'runtime')['runtime_type']);
      const options = objectIn(objectIn({ runtime }, 'runtime'), 'options');
      if (isOfRunc(type)) found[name] = { type, isSystemd: options['SystemdCgroup'] ?? false };
    }
  }
  return found;
}

test.for(RELEASES)(
  'containerd of %s takes each edit for the driver and nothing else',
  { timeout: 900_000 },
  async (suite, context) => {
    const root = await ensureContainerd(suite).catch((error: unknown) =>
      leaveOut(context, String(error).split('\n', 1)[0] ?? ''),
    );
    const program = join(root, 'usr/bin/containerd');
    const version = / v?(\d[^ ]*)/.exec(execFileSync(program, ['--version'], { encoding: 'utf8' }))?.[1]?.trim() ?? '';
    const byDefault = execFileSync(program, ['config', 'default'], { encoding: 'utf8' });
    const counts = { edited: 0, left: 0 };
    for (const [name, given] of Object.entries(CONFIGURATIONS)) {
      const files = Object.fromEntries(
        Object.entries(given).map(([path, text]) => [
          path,
          text
            .replaceAll(`${DEFAULT}SystemdCgroup`, DEFAULT)
            .replaceAll(DEFAULT, () => byDefault.replace(/^imports = .*\n/m, '')),
        ]),
      );
      for (const driver of ['systemd', 'cgroupfs'] as const) {
        const edit = await editOf(files, version, driver, program);
        if (edit === undefined || 'why' in edit || edit.proof === undefined) {
          counts.left += 1;
          continue;
        }
        counts.edited += 1;
        const { before, after = '', proof } = edit;
        await written(files, async (folder) => {
          const local = (text: string) => text.replaceAll(FOLDER, folder);
          const main = join(folder, 'config.toml');
          const shown = {
            file: local(edit.file),
            ...(before === undefined ? {} : { before: local(before) }),
            after: local(after),
          };
          const proved = proveByContainerd(
            host,
            { ...shown, proof: { ...proof, main, seen: `${name} ${driver}` } },
            signal,
          );
          expect(await proved.then(() => 'proved', String), `${name}, ${driver}`).toBe('proved');
          expect(readdirSync(folder).filter((file) => file.includes('nodeprep.tmp'))).toEqual([]);
        });
        await written(filesAfter(files, edit), async (folder) => {
          for (const [runtime, { type, isSystemd }] of Object.entries(
            runtimesOf(program, join(folder, 'config.toml')),
          )) {
            expect({ name, runtime, type, isSystemd }).toEqual({
              name,
              runtime,
              type: 'io.containerd.runc.v2',
              isSystemd: driver === 'systemd',
            });
          }
        });
      }
    }
    expect(counts.edited).toBeGreaterThan(12);
    note(`containerd ${version}: ${counts.edited} edits proved, ${counts.left} not written`);
  },
);

const V2 = 'plugins."io.containerd.grpc.v1.cri"';
const guide = (value: string) => `[${V2}.containerd.runtimes.runc.options]\n  SystemdCgroup = ${value}\n`;

test.for<[Suite, string, string, RegExp]>([
  ['bookworm', 'the lines of the guides', guide('true'), /runtime runc without runtime_type, and no pod could start/],
  ['trixie', 'the lines of the guides', guide('true'), /runtime runc without runtime_type, and no pod could start/],
  ['sid', 'the lines of the guides', guide('true'), /^proved$/],
  ...RELEASES.flatMap((suite): [Suite, string, string, RegExp][] => [
    [
      suite,
      'a text for true',
      `[${V2}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n${guide('"yes"')}`,
      /SystemdCgroup = yes for the runtime runc/,
    ],
    [
      suite,
      'a registry besides',
      `[${V2}.registry]\n  config_path = "/etc/x"\n[${V2}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n${guide('true')}`,
      /containerd would change plugins\..*config_path as well/,
    ],
    [suite, 'no TOML', '[plugins\n', /containerd refuses what NodePrep would write/],
  ]),
])(
  'containerd of %s refuses or takes %s as it does for pods',
  { timeout: 300_000 },
  async ([suite, , added, expected], context) => {
    const root = await ensureContainerd(suite).catch((error: unknown) =>
      leaveOut(context, String(error).split('\n', 1)[0] ?? ''),
    );
    const program = join(root, 'usr/bin/containerd');
    const before = CONFIGURATIONS['main file of Debian']?.['config.toml'] ?? '';

    await written({ 'config.toml': before }, async (folder) => {
      const main = join(folder, 'config.toml');
      const proof = { program, main, version: 2, driver: 'systemd' as const, seen: `${suite} ${added}` };
      const said = await proveByContainerd(
        host,
        { file: main, before, after: `${before}\n${added}`, proof },
        signal,
      ).then(() => 'proved', String);
      expect(said).toMatch(expected);
      expect(readdirSync(folder)).toEqual(['config.toml']);
    });
  },
);
