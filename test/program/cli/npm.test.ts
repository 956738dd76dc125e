/** What npm does with an option that stands before its own "--". */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { nodeprep, temporaryDirectory } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });

test.each([
  ['--dry-run', { npm_config_dry_run: 'true' }],
  ['--root', { npm_config_root: '/mnt/image' }],
  ['--file', { npm_config_force: 'true' }],
  ['--output', { npm_config_o: 'json' }],
])('an option that npm kept (%s) is not taken for one that was not given', async (option, config) => {
  const root = temporaryDirectory();
  const env = { npm_lifecycle_event: 'bootstrap', ...config };

  const { code, stderr } = await nodeprep(['bootstrap', '--root', root], { env });

  expect(code).toBe(1);
  expect(stderr).toContain(`npm run bootstrap -- ${option}`);
  expect(existsSync(join(root, 'var'))).toBe(false);
});

test('what npm itself is set to does not matter outside of its scripts', async () => {
  const env = { npm_config_dry_run: 'true', npm_lifecycle_event: undefined };

  expect((await nodeprep(['bootstrap', '--root', temporaryDirectory()], { env })).code).toBe(3);
});
