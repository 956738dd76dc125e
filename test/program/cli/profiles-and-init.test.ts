import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadSpec } from '../../../src/api/spec/load.ts';
import { PRESET_NAMES, PROFILES } from '../../../src/api/spec/presets.ts';
import { runCommand } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

describe('nodeprep profiles', () => {
  it('lists every profile with what it is for', async () => {
    const { code, stdout } = await runCommand(['profiles']);

    expect(code).toBe(0);
    expect(PRESET_NAMES.filter((name) => !stdout.includes(`${name}\n`))).toEqual([]);
  });

  it.each(PRESET_NAMES)('shows every entry of %s with its reason', async (name) => {
    const { stdout } = await runCommand(['profiles', name]);
    const text = stdout.replaceAll(/\s+/g, ' ');

    expect(PROFILES[name].entries.filter(({ why }) => !text.includes(why))).toEqual([]);
  });

  it.each(PRESET_NAMES)('prints %s as a document that means the same', async (name) => {
    const { stdout } = await runCommand(['profiles', name, '-o', 'yaml']);
    const { profile: _, ...expected } = loadSpec([], { profile: name }).spec;

    expect(loadSpec([{ file: 'printed.yaml', contents: Buffer.from(stdout) }]).spec).toEqual(expected);
  });

  it('refuses a name that is none, and says which there are', async () => {
    const { code, stderr } = await runCommand(['profiles', 'kubadm']);

    expect(code).toBe(1);
    expect(stderr).toContain(PRESET_NAMES.join(', '));
  });
});

describe('nodeprep init', () => {
  it('prints a valid document for a profile', async () => {
    const { stdout } = await runCommand(['init', '--profile', 'raspberry-pi']);

    expect((parse(stdout) as { spec: { profile: string } }).spec.profile).toBe('raspberry-pi');
    expect(() => loadSpec([{ file: 'init.yaml', contents: Buffer.from(stdout) }])).not.toThrow();
  });

  it('writes a new file and never replaces one', async () => {
    const file = join(temporaryDirectory(), 'node.yaml');

    expect((await runCommand(['init', '--file', file])).code).toBe(0);
    writeFileSync(file, 'mine');
    const again = await runCommand(['init', '--file', file]);

    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/exists.*never overwritten/);
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });
});
