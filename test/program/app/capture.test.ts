import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { look } from '../../../src/app/inspect/look.ts';
import { openMachine } from '../../../src/app/machine.ts';
import { capture } from '../../../src/app/capture/capture.ts';
import { withoutSecrets } from '../../../src/app/capture/sources.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { writeTree } from '../../../src/host/linux/files/write-tree.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const SIGNAL = new AbortController().signal;
const NOW = new Date('2026-03-01T00:00:00Z');

function writeFiles(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), contents);
  }
}

async function* entriesOf(...entries: readonly { path: string; contents: string }[]) {
  yield* entries;
}

describe('a capture', () => {
  const LATIN1 = Buffer.from([0x23, 0xe9, 0xff, 0x0a]);
  let root: string;
  let copy: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'nodeprep-host-'));
    cpSync(join(import.meta.dirname, '../../support/hosts/debian-12/root'), root, {
      recursive: true,
      verbatimSymlinks: true,
    });
    writeFiles(root, {
      '/proc/cmdline': 'root=/dev/vda1 luks.key=/secret/file rd.password=hunter2 quiet\n',
      '/etc/fstab': '/dev/vda2 none swap sw 0 0\n//nas/share /mnt cifs username=a,password=hunter2,uid=0 0 0\n',
      '/etc/modprobe.d/wifi.conf': 'options wifi psk_key=hunter2 power=1\n',
      '/etc/sysctl.d/50-latin1.conf': LATIN1,
      '/etc/sysctl.d/README.large': '#'.repeat(400_000),
      '/proc/sys/kernel/hostname': 'hunter2\n',
      '/proc/sys/net/ipv6/conf/all/stable_secret': 'hunter2\n',
      '/sys/module/wifi/parameters/token': 'hunter2\n',
      '/etc/machine-id': 'hunter2\n',
      '/etc/tuned/tuned-main.conf': 'reapply_sysctl = 0\n',
      '/etc/tuned/active_profile': 'mine\n',
      '/etc/tuned/mine/tuned.conf': '[sysctl]\nnet.ipv4.ip_forward = 0\n',
      '/etc/systemd/system/multi-user.target.wants/tuned.service': '',
    });
    copy = join(mkdtempSync(join(tmpdir(), 'nodeprep-capture-')), 'copy');
    await writeTree(copy, capture(createLinuxHost({ root }), openMachine({ root }).areas, NOW));
  });
  afterAll(() => {
    for (const directory of [root, dirname(copy)]) rmSync(directory, { recursive: true, force: true });
  });

  it('plans the same as the host it was taken from', async () => {
    const changesOf = async (directory: string) => {
      const { report } = await look(openMachine({ root: directory }), { files: [], profile: 'kubeadm-worker' }, SIGNAL);
      return report.areas.map(({ entries, drift, blocked, conflicts }) => ({ entries, drift, blocked, conflicts }));
    };

    expect(JSON.stringify(await changesOf(root))).toContain('/etc/tuned/mine/tuned.conf');

    expect(await changesOf(join(copy, 'root'))).toEqual(await changesOf(root));
  });

  it('leaves keys, names and identifiers out', () => {
    const texts = readdirSync(copy, { recursive: true, encoding: 'utf8' })
      .map((name) => join(copy, name))
      .filter((path) => existsSync(path) && statSync(path).isFile())
      .map((path) => readFileSync(path, 'utf8'));

    expect(texts.filter((text) => text.includes('hunter2') || text.includes('/secret/file'))).toEqual([]);
    expect(readFileSync(join(copy, 'root/etc/fstab'), 'utf8')).toContain('username=a,password=REDACTED,uid=0 0 0\n');
    expect(readFileSync(join(copy, 'root/proc/cmdline'), 'utf8')).toContain('quiet');
  });

  it('keeps bytes that are not UTF-8', () => {
    expect(readFileSync(join(copy, 'root/etc/sysctl.d/50-latin1.conf'))).toEqual(LATIN1);
  });

  it('keeps links as links and large files empty', () => {
    expect(readlinkSync(join(copy, 'root/etc/sysctl.d/99-sysctl.conf'))).toBe('../sysctl.conf');
    expect(statSync(join(copy, 'root/etc/sysctl.d/README.large')).size).toBe(0);
  });

  it('is readable by its owner only, and replaces nothing', async () => {
    expect(statSync(copy).mode & 0o777).toBe(0o700);
    await expect(writeTree(copy, entriesOf())).rejects.toThrow('something is in the way');
  });

  it('cannot leave its folder', async () => {
    const parent = temporaryDirectory();
    await writeTree(join(parent, 'copy'), entriesOf({ path: '../../outside', contents: 'x' }));

    expect(readdirSync(parent)).toEqual(['copy']);
    expect(readFileSync(join(parent, 'copy/outside'), 'utf8')).toBe('x');
  });
});

describe('secrets', () => {
  it.each([
    ['kernel.keys.root_maxkeys = 1000000', 'kernel.keys.root_maxkeys = 1000000'],
    ['a.password=b c', 'a.password=REDACTED c'],
    ['{"line":"x,token=abc"}', '{"line":"x,token=REDACTED"}'],
    ['  password = "a b" # registry', '  password = "REDACTED" # registry'],
    ["identitytoken = 'a'", 'identitytoken = "REDACTED"'],
    ['{"auths": {"r": {"auth": "dXNlcg=="}}}', '{"auths": {"r": {"auth": "REDACTED"}}}'],
    ['authentication:\n  x509: {clientCAFile: "/a"}', 'authentication:\n  x509: {clientCAFile: "/a"}'],
    ['"http-proxy": "http://me:hunter2@proxy:3128"', '"http-proxy": "http://REDACTED@proxy:3128"'],
  ])('of %j are redacted and nothing else is', (text, expected) => {
    expect(withoutSecrets(text)).toBe(expected);
  });
});
