import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadSpec } from '../../../src/api/spec/load.ts';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const textOf = (name: string) => readFileSync(join(EXAMPLES, name), 'utf8');
const nodePreps = readdirSync(EXAMPLES).filter((name) => /^kind: NodePrep$/m.test(textOf(name)));
const cloudInit = parse(textOf('cloud-init.yaml')) as { write_files: readonly { path: string; content: string }[] };
const written = (path: string) => cloudInit.write_files.find((file) => file.path === path)?.content ?? '';

/** Runs the script of the cloud-init example with programs that only say how they were called. */
function runJoin(install: number, files: { joined?: boolean; rebooted?: boolean } = {}) {
  const script = written('/var/lib/cloud/scripts/per-boot/join-kubernetes.sh')
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
  it.each(nodePreps)('%s is a valid document', (name) => {
    expect(parseAllDocuments(textOf(name))).toHaveLength(1);
    expect(() => loadSpec([{ file: name, contents: Buffer.from(textOf(name)) }])).not.toThrow();
  });

  it('are all named in the list of examples', () => {
    const list = textOf('README.md');

    expect(readdirSync(EXAMPLES).filter((name) => name !== 'README.md' && !list.includes(`(${name})`))).toEqual([]);
  });

  it('has a valid document in the cloud-init example', () => {
    const contents = Buffer.from(written('/etc/nodeprep/nodeprep.yaml'));

    expect(loadSpec([{ file: 'cloud-init.yaml', contents }]).spec.profile).toBe('kubeadm-worker');
  });
});

describe('the cloud-init example', () => {
  it('joins a host that is ready', () => {
    expect(runJoin(0)).toEqual({
      status: 0,
      called: ['nodeprep install', 'kubeadm join --config /etc/kubernetes/join.yaml'],
    });
  });

  it('reboots a host that is ready only then, and once', () => {
    expect(runJoin(3)).toEqual({ status: 0, called: ['nodeprep install', 'systemctl reboot'] });
    expect(runJoin(3, { rebooted: true })).toEqual({ status: 3, called: ['nodeprep install'] });
  });

  it('does not join a host that is not ready, and leaves one that has joined alone', () => {
    expect(runJoin(2)).toEqual({ status: 2, called: ['nodeprep install'] });
    expect(runJoin(0, { joined: true })).toEqual({ status: 0, called: [] });
  });
});
