/** Examples are copied without being read: each of them has to work. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LuaFactory } from 'wasmoon';
import { parse } from 'yaml';
import { loadSpec } from '../../src/api/spec/load.ts';
import { renderSpecDocument } from '../../src/app/install/spec-document.ts';
import { PRESET_NAMES } from '../../src/api/spec/presets.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');
const names = readdirSync(EXAMPLES).toSorted();
const read = (name: string) => readFileSync(join(EXAMPLES, name));
const OTHER_KINDS = ['cloud-init.yaml', 'node-readiness-rule.yaml'];
const documents = names.filter((name) => name.endsWith('.yaml') && !OTHER_KINDS.includes(name));

const object = (generation: number, observedGeneration: number, conditions: readonly object[]) => ({
  metadata: { generation },
  status: { observedGeneration, conditions },
});

describe('examples', () => {
  test.each(documents)('%s is a spec without a mistake', (name) => {
    expect(loadSpec([{ file: name, contents: read(name) }], {}).spec).toBeDefined();
  });

  test('the spec in the cloud-init example has no mistake, and its first line makes it one', () => {
    const text = read('cloud-init.yaml').toString();
    const { write_files } = parse(text) as { write_files: { path: string; content: string }[] };

    expect(text).toMatch(/^#cloud-config\n/);
    expect(write_files[0]?.path).toBe('/etc/nodeprep/nodeprep.yaml');
    const loaded = loadSpec([{ file: 'cloud-init', contents: Buffer.from(write_files[0]?.content ?? '') }], {});
    expect(loaded.spec.bootstrap.onFailure).toBe('Block');
  });

  test.each(names.filter((name) => name.endsWith('.sh')))('%s can be started and has no syntax error', (name) => {
    expect(statSync(join(EXAMPLES, name)).mode & 0o111).toBe(0o111);
    expect(spawnSync('sh', ['-n', join(EXAMPLES, name)], { encoding: 'utf8' })).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  const condition = (type: string, status: string, reason = 'AsExpected') => ({ type, status, reason, message: type });
  test.each([
    ['Progressing', { metadata: { generation: 1 } }],
    ['Progressing', { metadata: { generation: 1 }, status: { observedGeneration: 1, conditions: [] } }],
    ['Progressing', object(2, 1, [condition('Ready', 'True')])],
    ['Healthy', object(2, 2, [condition('Degraded', 'False'), condition('Ready', 'True')])],
    ['Suspended', object(1, 1, [condition('Ready', 'False', 'Auditing')])],
    ['Suspended', object(1, 1, [condition('Ready', 'Unknown', 'Paused')])],
    ['Suspended', object(1, 1, [condition('Ready', 'False', 'RebootRequired')])],
    ['Degraded', object(1, 1, [condition('Ready', 'False', 'ApplyFailed'), condition('Degraded', 'True')])],
    ['Degraded', object(1, 1, [condition('Ready', 'False', 'Conflict'), condition('Conflicting', 'True')])],
    ['Progressing', object(1, 1, [condition('Ready', 'False', 'DriftDetected'), condition('Drifted', 'True')])],
  ])('Argo CD calls a NodePrep %s when its conditions say so', async (health, obj) => {
    const lua = await new LuaFactory().createEngine();
    try {
      lua.global.set('obj', obj);
      expect(await lua.doString(read('argocd-health.lua').toString())).toMatchObject({ status: health });
    } finally {
      lua.global.close();
    }
  });

  test('are all listed in their README', () => {
    const text = read('README.md').toString();

    expect(names.filter((name) => name !== 'README.md' && !text.includes(`(${name})`))).toEqual([]);
  });

  test.each(PRESET_NAMES)('the document that install writes for the profile %s has no mistake', (profile) => {
    const contents = Buffer.from(renderSpecDocument(profile));

    expect(loadSpec([{ file: 'nodeprep.yaml', contents }], {}).source.profile).toBe(profile);
  });
});
