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

/** A file that the cloud-init example writes. */
function scriptOf(path: string): string {
  const { write_files } = parse(read('cloud-init.yaml').toString()) as {
    write_files: readonly { path: string; content: string }[];
  };
  return write_files.find((file) => file.path === path)?.content ?? '';
}

/** Runs the script of the cloud-init example with programs that only say how they were called. */
function runJoin(install: number, files: { joined?: boolean; rebooted?: boolean } = {}) {
  const script = scriptOf('/var/lib/cloud/scripts/per-boot/join-kubernetes.sh')
    .replaceAll('/etc/kubernetes/kubelet.conf', '"$D/joined"')
    .replaceAll('/var/lib/nodeprep/rebooted-to-join', '"$D/rebooted"');
  const prepare = [
    'D=$(mktemp -d); trap \'rm -rf "$D"\' EXIT',
    files.joined === true ? 'touch "$D/joined"' : '',
    files.rebooted === true ? 'touch "$D/rebooted"' : '',
    `nodeprep() { echo "nodeprep $*"; return ${install}; }`,
    'kubeadm() { echo "kubeadm $*"; }',
    'systemctl() { echo "systemctl $*"; }',
  ];
  const { status, stdout } = spawnSync('sh', ['-c', `${prepare.join('\n')}\n${script}`], { encoding: 'utf8' });
  return {
    status,
    called: stdout
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

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

describe('the cloud-init example', () => {
  test('joins a host that is ready', () => {
    expect(runJoin(0)).toEqual({
      status: 0,
      called: ['nodeprep install', 'kubeadm join --config /etc/kubernetes/join.yaml'],
    });
  });

  test('reboots a host that is ready only then, and once', () => {
    expect(runJoin(3)).toEqual({ status: 0, called: ['nodeprep install', 'systemctl reboot'] });
    expect(runJoin(3, { rebooted: true })).toEqual({ status: 3, called: ['nodeprep install'] });
  });

  test('does not join a host that is not ready, and leaves one that has joined alone', () => {
    expect(runJoin(2)).toEqual({ status: 2, called: ['nodeprep install'] });
    expect(runJoin(0, { joined: true })).toEqual({ status: 0, called: [] });
  });
});
