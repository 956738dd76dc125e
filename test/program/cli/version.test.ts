import { expect, it } from 'vitest';
import { buildInfo } from '../../../scripts/build/build-info.ts';
import { VERSION } from '../../../src/app/version.ts';
import { runCommand } from '../../support/command-line.ts';
import { nodeprep } from '../../support/nodeprep-process.ts';

it('a build names its commit, in words and for programs', async () => {
  const { commit, date } = buildInfo();

  const [line, json] = [await nodeprep(['version']), await nodeprep(['version', '-o', 'json'])];

  expect(line.stdout).toBe(`nodeprep ${VERSION} (commit ${commit.replace(/(?<=^.{12})[0-9a-f]*/, '')}, ${date})\n`);
  expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'Version', version: VERSION, commit, date });
});

it('a run from the sources says so', async () => {
  expect((await runCommand(['version'])).stdout).toBe(`nodeprep ${VERSION} (from sources)\n`);
});

it('two builds of one commit are equal, and the environment speaks where there is no git', () => {
  const told = { NODEPREP_COMMIT: '1f3a9c02ab41', SOURCE_DATE_EPOCH: '1796054459' };

  expect(buildInfo()).toEqual(buildInfo());
  expect(buildInfo(told)).toEqual({ commit: '1f3a9c02ab41', date: '2026-11-30T16:00:59Z' });
});
