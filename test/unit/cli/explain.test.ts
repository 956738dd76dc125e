import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });

const explain = async (root: string, entry: string) =>
  JSON.parse((await runCommand(['explain', entry, '--root', root, '-o', 'json'])).stdout);

describe('explain after a bootstrap', () => {
  it('tells original and last change of what was changed, and of nothing else', async () => {
    const root = copyOfHost('debian-12');
    await runCommand(['bootstrap', '--root', root]);

    const [declared, fromFile, foreign] = await Promise.all(
      ['net.ipv4.ip_forward', 'overlay', 'ext4'].map((entry) => explain(root, entry)),
    );

    expect(declared).toMatchObject({ original: { state: 'value', value: '0' }, changed: expect.any(String) });
    expect(fromFile).toMatchObject({ changed: expect.any(String) });
    expect(fromFile).not.toHaveProperty('original');
    expect(foreign).not.toHaveProperty('original');
    expect(foreign).not.toHaveProperty('changed');
  });

  it('shows the original of a file line by line', async () => {
    const root = copyOfHost('debian-12');
    await runCommand(['bootstrap', '--root', root]);

    const { stdout } = await runCommand(['explain', 'swap', '--root', root]);

    expect(stdout).toMatch(/^Original value\n {2}LABEL=root \/ .*\n {2}LABEL=swap none swap sw 0 0$/m);
    expect(stdout).not.toContain('\u{FFFD}');
  });

  it('says that originals are not known when their record cannot be read', async () => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'var/lib/nodeprep'), { recursive: true });
    writeFileSync(join(root, 'var/lib/nodeprep/ledger.json'), '{');

    const { notes } = await explain(root, 'swap');
    const { stderr } = await runCommand(['status', '--root', root]);

    expect(notes.join()).toMatch(/Originals are not known: .*ledger\.json/);
    expect(stderr).toMatch(/ledger\.json.*kept aside/);
  });
});
