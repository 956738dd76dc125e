/** What is written into recorded configurations of three containerds, and that it goes back. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { describe, expect, test } from 'vitest';
import { differencesOf } from '../../../../../../src/areas/cgroup/edit/differences.ts';
import { revertedText } from '../../../../../../src/areas/cgroup/plan/write/revert.ts';
import { wroteText } from '../../../../../../src/areas/cgroup/plan/write/edit.ts';
import { configOf, editOf, type Files, filesAfter } from '../../../../../support/runtimes/written.ts';

interface Recorded {
  readonly version: string;
  readonly configurations: readonly { readonly name: string; readonly files: Files }[];
}

const FOLDER = join(import.meta.dirname, '../../../../../support/runtimes');
const DRIVERS = ['systemd', 'cgroupfs'] as const;
const recorded = ['1.6.20', '1.7.24', '2.1.9'].map(
  (version): Recorded => JSON.parse(readFileSync(join(FOLDER, `containerd-${version}.json`), 'utf8')),
);
const cases = recorded.flatMap(({ version, configurations }) =>
  configurations.flatMap(({ name, files }) => DRIVERS.map((driver) => ({ version, name, driver, files }))),
);

async function editsOf({ version, driver, files }: (typeof cases)[number]) {
  const edit = await editOf(files, version, driver);
  return edit === undefined || 'why' in edit ? undefined : edit;
}

describe('an edit', () => {
  test.each(cases)('gives $driver to every runtime of runc, or there is none: $version, $name', async (one) => {
    const edit = await editsOf(one);
    if (edit === undefined) return;

    const after = filesAfter(one.files, edit);

    const { handlers, problems } = await configOf(after, one.version);
    expect(handlers.filter(({ driver }) => driver !== one.driver)).toEqual([]);
    expect(problems.filter(({ isFatal }) => isFatal)).toEqual([]);
    // Twice is once.
    expect(await editOf(after, one.version, one.driver)).toBeUndefined();
  });

  test('changes nothing but the driver, in all of them', async () => {
    let count = 0;
    for (const one of cases) {
      const edit = await editsOf(one);
      if (edit?.before === undefined || edit.after === undefined) continue;
      count += 1;
      for (const path of differencesOf(parse(edit.before), parse(edit.after))) {
        const isDriver = path.at(-1) === 'SystemdCgroup' || path.includes('runtimes') || path.at(-1) === 'containerd';
        expect({ ...one, path, isDriver }).toMatchObject({ isDriver: true });
      }
      const isKept = edit.before.split('\n').filter((line) => !line.includes('SystemdCgroup'));
      expect(edit.after.split('\n')).toEqual(expect.arrayContaining(isKept));
    }
    expect(count).toBeGreaterThan(30);
  });

  test('goes back byte for byte, also beside lines that others have added', async () => {
    for (const one of cases) {
      const edit = await editsOf(one);
      if (edit?.after === undefined) continue;
      const { file, before, after } = edit;
      const known = {
        key: '',
        original: before === undefined ? { state: 'absent' as const } : { state: 'value' as const, value: before },
        wrote: [wroteText(one.driver, after)],
        since: '',
        changed: '',
      };

      expect(revertedText({ user: 'containerd', file, now: after }, known)).toBe(before);
      if (before === undefined || before === '') continue;
      const now = `# of another\n${after}`;
      expect(revertedText({ user: 'containerd', file, now }, known)?.trimEnd()).toBe(
        `# of another\n${before}`.trimEnd(),
      );
    }
  });
});

test.each([
  ['1.6.20', 'main file of Debian', 'systemd', 'config.toml'],
  ['1.7.24', 'config default', 'systemd', 'config.toml'],
  ['2.1.9', 'config default', 'systemd', 'config.toml'],
  ['2.1.9', 'no main file', 'systemd', 'config.toml'],
  ['2.1.9', 'two drop-ins', 'systemd', 'conf.d/99-nodeprep.toml'],
  ['2.1.9', 'drop-in without CRI', 'cgroupfs', 'conf.d/99-nodeprep.toml'],
  ['1.7.24', 'drop-in without CRI', 'cgroupfs', 'config.toml'],
  ['1.7.24', 'two drop-ins', 'systemd', 'RuntimeFileElsewhere'],
  ['1.7.24', 'Debian with the lines of the guide', 'cgroupfs', 'RuntimeConfigUnsafe'],
  ['1.6.20', 'version 1', 'cgroupfs', 'DriverMismatch'],
  ['2.1.9', 'inline tables', 'cgroupfs', 'DriverMismatch'],
  ['1.7.24', 'nvidia runtime with the other driver', 'systemd', 'config.toml'],
] as const)('containerd %s, %s: %s goes to %s', async (version, name, driver, expected) => {
  const files = recorded
    .find((one) => one.version.startsWith(version))
    ?.configurations.find((one) => one.name === name);

  const edit = await editOf(files?.files ?? {}, version, driver);

  expect(edit).toMatchObject(
    expected.includes('/') || expected.endsWith('.toml')
      ? { file: `/etc/containerd/${expected}` }
      : { reason: expected },
  );
});
