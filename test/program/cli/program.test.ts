import { describe, expect, it, vi } from 'vitest';
import { buildProgram } from '../../../src/cli/program.ts';
import type { Io } from '../../../src/cli/io.ts';
import { runCli } from '../../../src/cli/run-cli.ts';
import { copyOfHost } from '../../support/nodeprep-process.ts';

vi.setConfig({ testTimeout: 60_000 });

function terminal(parts: Partial<Io> = {}) {
  const seen = { out: '', err: '', code: 0 };
  const io: Io = {
    out: (text) => (seen.out += text),
    err: (text) => (seen.err += text),
    readStdin: async () => new Uint8Array(),
    color: false,
    columns: 120,
    signal: new AbortController().signal,
    onHangup: () => () => {},
    exit: (code) => (seen.code = code),
    ...parts,
  };
  return { io, seen };
}

const COMMANDS = buildProgram(terminal().io).commands.map((command) => command.name());

describe('the command line', () => {
  it('has the commands that the reference names', () => {
    expect(COMMANDS).toEqual(
      expect.arrayContaining([
        'validate',
        'plan',
        'bootstrap',
        'run',
        'status',
        'verify',
        'explain',
        'uninstall',
        'version',
      ]),
    );
  });

  it.each(COMMANDS)('explains %s with an example', async (name) => {
    const { io, seen } = terminal();

    await runCli([name, '--help'], io);

    expect(seen.code).toBe(0);
    expect(seen.out).toContain(`$ nodeprep ${name}`);
  });

  it('suggests a command after a typo and exits 1', async () => {
    const { io, seen } = terminal();

    await runCli(['bootstap'], io);

    expect(seen.code).toBe(1);
    expect(seen.err).toContain('bootstrap');
  });

  it.each([
    ['--timeout', 'soon'],
    ['-o', 'xml'],
    ['--root', ''],
    ['--profile', 'no-such-profile'],
  ])('refuses %s %s with exit code 1', async (...option) => {
    const { io, seen } = terminal();

    await runCli(['bootstrap', '--dry-run', '--root', copyOfHost('debian-12'), ...option], io);

    expect(seen.code).toBe(1);
    expect(seen.err).not.toBe('');
  });

  it('colours only when asked to', async () => {
    const plain = terminal();
    const coloured = terminal({ color: true });
    const args = ['plan', '--root', copyOfHost('debian-12')];

    await runCli(args, plain.io);
    await runCli(args, coloured.io);

    expect(plain.seen.out).not.toContain('\u{1b}[');
    expect(coloured.seen.out).toContain('\u{1b}[');
  });

  it('says of which areas a plan knows nothing because they are paused', async () => {
    const spec = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec: {areaModes: {swap: Paused}}\n';
    const { io, seen } = terminal({ readStdin: async () => new TextEncoder().encode(spec) });

    await runCli(['plan', '--root', copyOfHost('debian-12'), '--file', '-'], io);

    expect(seen.out).toMatch(/^Plan for .*: in sync; paused, not looked at: swap$/m);
  });

  it('prints YAML with the expanded spec', async () => {
    const { io, seen } = terminal();

    await runCli(['plan', '--root', copyOfHost('debian-12'), '-o', 'yaml'], io);

    expect(seen.out).toMatch(/^kind: Plan$/m);
    expect(seen.out).toMatch(/^spec:$/m);
  });

  it.each(['net.ipv4.ip_forward', 'net/ipv4/ip_forward', 'br_netfilter', 'br-netfilter', 'swap'])(
    'explains the entry %s',
    async (entry) => {
      const { io, seen } = terminal();

      await runCli(['explain', entry, '--root', copyOfHost('debian-12')], io);

      expect(seen.code).toBe(0);
      expect(seen.out).toContain('Why Kubernetes needs it');
      expect(seen.out).toContain('Live value');
    },
  );

  it.each(['../../etc/passwd', '--', 'a b', ''])('does not pretend to know the entry "%s"', async (entry) => {
    const { io, seen } = terminal();

    await runCli(['explain', '--root', copyOfHost('debian-12'), '--', entry], io);

    expect(seen.code).toBe(1);
    expect(seen.err).not.toContain('bug in NodePrep');
  });

  it('lists what verify looked at, found, and what breaks', async () => {
    const { io, seen } = terminal();

    await runCli(['verify', '--root', copyOfHost('debian-12'), '-o', 'json'], io);

    const { checks, passed } = JSON.parse(seen.out);
    expect(seen.code).toBe(2);
    expect(passed).toBe(false);
    for (const check of checks) {
      expect(check).toMatchObject({ title: expect.any(String), looked: expect.any(String), found: expect.any(String) });
      if (check.outcome === 'fail') expect(check.consequence).not.toBe('');
    }
  });
});
