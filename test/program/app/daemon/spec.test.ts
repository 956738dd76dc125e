import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import {
  DAEMON_TEST,
  OURS,
  WAIT,
  condition,
  daemon,
  hostWithSpec,
  ours,
  spec,
  status,
} from '../../../support/daemon-process.ts';
import { nodeprep } from '../../../support/nodeprep-process.ts';

vi.setConfig(DAEMON_TEST);

describe('the spec of a daemon', () => {
  it('enforces a changed file without being told', async () => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);

    writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), spec('20'));

    await expect.poll(() => ours(root), WAIT).toMatch(/vm\.swappiness\s*=\s*20/);
    await expect.poll(() => status(root)?.metadata.generation, WAIT).toBe(2);
  });

  it('refuses a broken spec, says so, and keeps enforcing the last good one, also after a restart', async () => {
    const root = hostWithSpec(spec('10'));
    const first = await daemon(root);

    writeFileSync(join(root, 'etc/nodeprep/nodeprep.yaml'), 'kind: NodePrep\nspec: 7\n');
    first.child.kill('SIGHUP');
    await expect.poll(() => condition(root, 'Degraded'), WAIT).toMatchObject({ status: 'True', reason: 'SpecInvalid' });
    expect(condition(root, 'Degraded')?.message).toContain('nodeprep.yaml');
    rmSync(join(root, OURS));
    await expect.poll(() => ours(root), WAIT).toMatch(/vm\.swappiness\s*=\s*10/);
    first.child.kill('SIGTERM');
    await first.finished;
    rmSync(join(root, OURS));
    rmSync(join(root, 'run'), { recursive: true });

    await daemon(root);
    await expect.poll(() => ours(root), WAIT).toMatch(/vm\.swappiness\s*=\s*10/);
    expect(condition(root, 'Degraded')).toMatchObject({ reason: 'SpecInvalid' });
  });

  it('keeps enforcing when the spec file is deleted, instead of falling back to a profile', async () => {
    const root = hostWithSpec(spec('10'));
    await daemon(root);

    rmSync(join(root, 'etc/nodeprep/nodeprep.yaml'));

    await expect.poll(() => condition(root, 'Degraded'), WAIT).toMatchObject({ status: 'True', reason: 'SpecInvalid' });
    expect(ours(root)).toMatch(/vm\.swappiness\s*=\s*10/);
    expect(ours(root)).not.toContain('ip_forward');
  });

  it('does not start with a broken spec when there never was a good one', async () => {
    const root = hostWithSpec('kind: nonsense\n');

    const { code, stderr } = await nodeprep(['run', '--root', root, '--metrics-port', '0']);

    expect(code).toBe(1);
    expect(stderr).toContain('nodeprep.yaml');
    expect(existsSync(join(root, OURS))).toBe(false);
  });
});
