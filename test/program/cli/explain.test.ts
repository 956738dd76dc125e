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

describe('explain of a word that is no entry', () => {
  it.each([
    ['net.ipv4.ip_foward', 'net.ipv4.ip_forward'],
    ['ip_forward', 'net.ipv4.ip_forward'],
    ['net.core.rmem_maxx', 'net.core.rmem_max'],
    ['br_netfiltr', 'br_netfilter'],
    ['swapp', 'swap'],
  ])('%s fails and asks whether %s was meant', async (entry, meant) => {
    const { code, stdout, stderr } = await runCommand(['explain', entry, '--root', copyOfHost('debian-12')]);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`Did you mean "${meant}"?`);
  });

  it.each(['no_such_module', 'net.core.no_such_thing'])('%s fails and says how to see what there is', async (entry) => {
    const { code, stderr } = await runCommand(['explain', entry, '--root', copyOfHost('debian-12')]);

    expect(code).toBe(1);
    expect(stderr).toContain('explain --list');
    expect(stderr).not.toContain('Did you mean');
  });

  it('is explained when the spec declares it, or when no kernel can be asked', async () => {
    const root = copyOfHost('debian-12');
    const file = join(root, 'own.yaml');
    writeFileSync(file, 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {modules: [{name: own_module}]}\n');
    const image = join(root, 'image');
    mkdirSync(image);

    const declared = await runCommand(['explain', 'own_module', '--root', root, '--file', file]);
    const unseen = await runCommand(['explain', 'net.core.no_such_thing', '--root', image]);

    expect([declared.code, unseen.code]).toEqual([0, 0]);
  });
});

describe('explain --list', () => {
  it('names what is declared and what there are texts about, each explained', async () => {
    const root = copyOfHost('debian-12');
    const { entries } = JSON.parse((await runCommand(['explain', '--list', '--root', root, '-o', 'json'])).stdout);

    expect(entries).toContainEqual(expect.objectContaining({ name: 'net.ipv4.ip_forward', declared: true }));
    expect(entries).toContainEqual(expect.objectContaining({ name: 'vxlan', declared: false }));
    expect(entries.filter(({ name }: { name: string }) => name === 'swap')).toHaveLength(1);
    for (const { name } of entries) expect((await runCommand(['explain', name, '--root', root])).code).toBe(0);
  });

  it('is named when no entry is given', async () => {
    const { code, stderr } = await runCommand(['explain']);

    expect(code).toBe(1);
    expect(stderr).toContain('explain --list');
  });
});
