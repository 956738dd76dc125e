import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../support/command-line.ts';
import { copyOfHost, temporaryDirectory } from '../../support/nodeprep-process.ts';
import { treeOf } from '../../support/tree.ts';

vi.setConfig({ testTimeout: 60_000 });

const json = (text: string) => JSON.parse(text);

describe('nodeprep on a captured host', () => {
  it('plans live and persistent changes and exits 2', async () => {
    const root = copyOfHost('debian-12');

    const { code, stdout } = await runCommand(['plan', '--root', root, '-o', 'json']);

    const plan = json(stdout);
    expect(code).toBe(2);
    expect(Object.keys(plan)).toEqual([
      'apiVersion',
      'kind',
      'inSync',
      'entries',
      'changes',
      'files',
      'blocked',
      'conflicts',
      'left',
    ]);
    expect(plan).toMatchObject({ apiVersion: 'nodeprep.dev/v1alpha1', kind: 'Plan', inSync: false });
    const forward = plan.changes.filter((change: { target: string }) => change.target === 'net.ipv4.ip_forward');
    expect(forward).toContainEqual({
      area: 'sysctls',
      action: 'update',
      target: 'net.ipv4.ip_forward',
      from: '0',
      to: '1',
      scope: 'live',
      disruption: 'None',
      when: 'next boot',
    });
    expect(forward.map((change: { scope: string }) => change.scope).toSorted()).toEqual(['live', 'persistent']);
  });

  it('changes nothing when it only looks', async () => {
    const root = copyOfHost('debian-12');
    const before = treeOf(root, { directories: true });

    for (const command of ['plan', 'status', 'verify']) await runCommand([command, '--root', root]);
    await runCommand(['explain', 'net.ipv4.ip_forward', '--root', root]);
    const dryRun = await runCommand(['bootstrap', '--dry-run', '--root', root]);

    expect(dryRun.code).toBe(0);
    expect(dryRun.stdout).toContain('net.ipv4.ip_forward');
    expect(treeOf(root, { directories: true })).toBe(before);
  });

  it('writes the persistent side, leaves the captured kernel alone and exits 3', async () => {
    const root = copyOfHost('debian-12');

    const { code, stdout } = await runCommand(['bootstrap', '--root', root]);

    expect(code).toBe(3);
    expect(stdout).toContain('at the next boot');
    expect(readFileSync(join(root, 'etc/sysctl.d/99-zz-nodeprep.conf'), 'utf8')).toMatch(
      /^net\.ipv4\.ip_forward\s*=\s*1$/m,
    );
    expect(readFileSync(join(root, 'etc/modules-load.d/nodeprep.conf'), 'utf8')).toMatch(/^br_netfilter$/m);
    expect(readFileSync(join(root, 'etc/fstab'), 'utf8')).not.toMatch(/^LABEL=swap/m);
    expect(readFileSync(join(root, 'proc/sys/net/ipv4/ip_forward'), 'utf8')).toBe('0\n');
  });

  it('applies nothing the second time', async () => {
    const root = copyOfHost('debian-12');
    await runCommand(['bootstrap', '--root', root]);
    const before = treeOf(root);

    const { code } = await runCommand(['bootstrap', '--root', root]);

    expect(code).toBe(3);
    expect(treeOf(root)).toBe(before);
  });

  it.each(['debian-12', 'debian-13'])('gives %s back byte for byte on uninstall', async (host) => {
    const root = copyOfHost(host);
    const before = treeOf(root);
    await runCommand(['bootstrap', '--root', root]);
    expect(treeOf(root)).not.toBe(before);

    const { code, stdout } = await runCommand(['uninstall', '--root', root]);

    expect(stdout).toContain('NodePrep is off this machine');
    expect(code).toBe(0);
    expect(treeOf(root)).toBe(before);
  });

  it('reports the whole object as JSON', async () => {
    const root = copyOfHost('debian-12');
    writeFileSync(join(root, 'etc/hostname'), 'Node1\n');

    const { code, stdout } = await runCommand(['status', '--root', root, '-o', 'json']);

    const object = json(stdout);
    expect(code).toBe(2);
    expect(object).toMatchObject({
      apiVersion: 'nodeprep.dev/v1alpha1',
      kind: 'NodePrep',
      metadata: { name: 'node1' },
    });
    expect(object.status.conditions.map((condition: { type: string }) => condition.type)).toContain('Ready');
  });
});

describe('nodeprep on an image without a kernel', () => {
  it('persists everything and is in sync afterwards as far as files go', async () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'etc'));

    expect((await runCommand(['bootstrap', '--root', root])).code).toBe(3);

    expect(readFileSync(join(root, 'etc/sysctl.d/99-zz-nodeprep.conf'), 'utf8')).toContain(
      'net.bridge.bridge-nf-call-iptables',
    );
    const { code, stdout } = await runCommand(['plan', '--root', root, '-o', 'json']);
    expect({ code, inSync: json(stdout).inSync }).toEqual({ code: 0, inSync: true });
  });
});

describe('nodeprep on a hostile directory', () => {
  it('refuses a directory link that leads out and writes nothing there', async () => {
    const outside = temporaryDirectory();
    const root = temporaryDirectory();
    mkdirSync(join(root, 'etc'));
    symlinkSync(outside, join(root, 'etc/sysctl.d'));

    const { code, stdout, stderr } = await runCommand(['bootstrap', '--root', root]);

    expect(treeOf(outside)).toBe('');
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('etc/sysctl.d');
  });

  it.each(['etc/fstab', 'etc/sysctl.d/99-zz-nodeprep.conf', 'var/lib/nodeprep/ledger.json'])(
    'never writes through %s when it is a link that leads out',
    async (path) => {
      const outside = temporaryDirectory();
      const root = copyOfHost('debian-12');
      writeFileSync(join(outside, 'victim'), 'LABEL=swap none swap sw 0 0\n');
      mkdirSync(join(root, path, '..'), { recursive: true });
      rmSync(join(root, path), { force: true });
      symlinkSync(join(outside, 'victim'), join(root, path));

      const { code } = await runCommand(['bootstrap', '--root', root]);

      expect(code).not.toBe(0);
      expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('LABEL=swap none swap sw 0 0\n');
    },
  );

  it('says that a root does not exist', async () => {
    const { code, stderr } = await runCommand(['plan', '--root', '/nonexistent/image']);

    expect(code).toBe(1);
    expect(stderr).toContain('/nonexistent/image');
    expect(stderr).not.toContain('bug in NodePrep');
  });

  it.each([
    ['truncated', '{"kind":"Ledger","ver'],
    ['newer', '{"kind":"Ledger","version":99,"areas":{}}'],
  ])('keeps a %s ledger aside and says so', async (_, content) => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'var/lib/nodeprep'), { recursive: true });
    writeFileSync(join(root, 'var/lib/nodeprep/ledger.json'), content);

    const { code, stdout } = await runCommand(['bootstrap', '--root', root]);

    const aside = /var\/lib\/nodeprep\/ledger\.json\.unusable-\w+/.exec(stdout)?.[0];
    expect(code).toBe(3);
    expect(aside).toBeDefined();
    expect(readFileSync(join(root, aside ?? ''), 'utf8')).toBe(content);
  });

  it('says on uninstall which records it leaves, and that there was no record', async () => {
    const root = copyOfHost('debian-12');
    await runCommand(['bootstrap', '--root', root]);
    writeFileSync(join(root, 'var/lib/nodeprep/ledger.json.unusable-1'), 'kept');
    rmSync(join(root, 'var/lib/nodeprep/ledger.json'));

    const { code, stdout } = await runCommand(['uninstall', '--root', root]);

    expect(code).toBe(0);
    expect(stdout).toContain('/var/lib/nodeprep/ledger.json.unusable-1 is left');
    expect(stdout).toContain('no record of originals');
    expect(readFileSync(join(root, 'var/lib/nodeprep/ledger.json.unusable-1'), 'utf8')).toBe('kept');
  });

  it('does its work although a directory is in the place of the status file', async () => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'run/nodeprep/status.json'), { recursive: true });

    const { code, stdout } = await runCommand(['bootstrap', '--root', root]);

    expect(code).toBe(3);
    expect(stdout).toContain('/run/nodeprep/status.json');
    expect((await runCommand(['uninstall', '--root', root])).code).toBe(0);
  });

  it('keeps an unusable status file aside', async () => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'run/nodeprep'), { recursive: true });
    writeFileSync(join(root, 'run/nodeprep/status.json'), '{"apiVersion":"nodeprep.dev/v9","kind":"NodePrep"}');

    const { stdout } = await runCommand(['bootstrap', '--root', root]);

    expect(stdout).toMatch(/status\.json.*kept as/);
    expect(existsSync(join(root, 'run/nodeprep/status.json'))).toBe(true);
  });
});

describe('nodeprep told where the running host is', () => {
  it('does not take a directory that stands for a host and a running host at once', async () => {
    const { code, stderr } = await runCommand(['plan', '--root', copyOfHost('debian-12'), '--host-root', '/host']);

    expect(code).toBe(1);
    expect(stderr).toContain("'--root <directory>' cannot be used with option '--host-root <directory>'");
  });

  it('works on the named directory, whatever the environment of its container says', async () => {
    const env = { NODEPREP_HOST_ROOT: '/no/such/host' };

    const named = await runCommand(['plan', '--root', copyOfHost('debian-12')], { env });
    const unnamed = await runCommand(['plan'], { env });

    expect(named.code).toBe(2);
    expect(unnamed.code).toBe(1);
    expect(unnamed.stderr).toContain('/no/such/host');
  });

  it('refuses a directory that is no running host', async () => {
    const root = copyOfHost('debian-12');

    const { code, stderr } = await runCommand(['bootstrap', '--host-root', root]);

    expect(code).toBe(1);
    expect(stderr).toContain(`Cannot use "${root}" as the root of the running host`);
    expect(existsSync(join(root, 'var/lib/nodeprep'))).toBe(false);
  });
});

describe('a message about a file below --root', () => {
  it.each([
    ['a spec that is refused', 'etc/nodeprep/nodeprep.yaml', 'kind: ['],
    ['a spec that others may write', 'etc/nodeprep/nodeprep.yaml', 'apiVersion: nodeprep.dev/v1alpha1\n'],
  ])('names %s where it is on this machine', async (what, path, text) => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'etc/nodeprep'), { recursive: true });
    writeFileSync(join(root, path), text, { mode: 0o644 });
    if (what.includes('others')) chmodSync(join(root, path), 0o666);

    const { code, stderr } = await runCommand(['plan', '--root', root]);

    expect(code).toBe(1);
    expect(stderr).toContain(join(root, path));
  });

  it('names a file that cannot be read where it is on this machine', async () => {
    const root = copyOfHost('debian-12');
    mkdirSync(join(root, 'etc/nodeprep/nodeprep.yaml'), { recursive: true });

    const { code, stderr } = await runCommand(['plan', '--root', root]);

    expect(code).toBe(1);
    expect(stderr).toContain(`"${join(root, 'etc/nodeprep/nodeprep.yaml')}"`);
  });
});
