import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SpecInvalidError } from '../../../src/api/yaml/errors.ts';
import { loadSpec } from '../../../src/api/spec/load.ts';
import { openSpecKeeper, readSpec } from '../../../src/disk/file-spec-source.ts';
import { beyondLimitsOf } from '../../../src/disk/host-limits.ts';
import { createSpecReader } from '../../../src/disk/watched-spec-source.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';
import { type MemoryFiles, MemoryHost } from '../../../src/host/memory/memory-host.ts';
import { runCommand } from '../../support/command-line.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const DOCUMENT = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n  mode: Audit\n';
const MAIN = '/etc/nodeprep/nodeprep.yaml';
const DROP_INS = '/etc/nodeprep/nodeprep.d';
const NOBODY = 65534;
const isRoot = process.geteuid?.() === 0;

function hostWith(files: MemoryFiles = {}): MemoryHost {
  return new MemoryHost({ [MAIN]: DOCUMENT, '/tmp/elsewhere.yaml': DOCUMENT, ...files });
}

async function refusalOf(host: MemoryHost): Promise<string> {
  const error: unknown = await readSpec(host, host, { files: [] }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(SpecInvalidError);
  return (error as Error).message;
}

describe('a spec that only root may write', () => {
  it.each<[string, MemoryFiles]>([
    ['in a plain file', {}],
    ['with drop-ins', { [`${DROP_INS}/10-a.yaml`]: DOCUMENT }],
    ['behind a link', { '/srv/spec.yaml': DOCUMENT, [MAIN]: { link: '../../srv/spec.yaml' } }],
  ])('is read %s', async (_, files) => {
    const host = hostWith(files);

    expect((await readSpec(host, host, { files: [] })).source).toEqual({ mode: 'Audit' });
  });
});

describe('a spec that other users may write', () => {
  it.each(['666', '664', '646', '777'])('is refused with the mode %s', async (mode) => {
    const host = hostWith();
    host.own(MAIN, { mode: Number.parseInt(mode, 8) });

    expect(await refusalOf(host)).toContain(`run "chmod go-w ${MAIN}"`);
  });

  it('is refused when it belongs to another user', async () => {
    const host = hostWith();
    host.own(MAIN, { owner: NOBODY });

    expect(await refusalOf(host)).toContain(`belongs to user 65534`);
    expect(await refusalOf(host)).toContain(`run "chown root:root ${MAIN}"`);
  });

  it.each(['/', '/etc', '/etc/nodeprep', DROP_INS])('is refused with %s open to others', async (path) => {
    const host = hostWith({ [`${DROP_INS}/10-a.yaml`]: DOCUMENT });
    host.own(path, { mode: 0o777 });

    expect(await refusalOf(host)).toContain(`run "chmod go-w ${path}"`);
  });

  it('is refused in an empty drop-in directory that others may fill', async () => {
    const host = hostWith({ [DROP_INS]: null });
    host.own(DROP_INS, { owner: 1000 });

    expect(await refusalOf(host)).toContain(DROP_INS);
  });

  it.each<[string, MemoryFiles]>([
    ['a file', { [MAIN]: { link: '/tmp/elsewhere.yaml' } }],
    [
      'a directory',
      { [MAIN]: undefined as never, '/etc/nodeprep': { link: '../tmp/specs' }, '/tmp/specs/nodeprep.yaml': DOCUMENT },
    ],
    [
      'a link back to a file of root',
      { [MAIN]: { link: '/tmp/hop' }, '/tmp/hop': { link: '/srv/spec.yaml' }, '/srv/spec.yaml': DOCUMENT },
    ],
  ])('is refused behind a link to %s in /tmp', async (_, files) => {
    const host = hostWith(files);
    host.own('/tmp', { mode: 0o1777 });

    expect(await refusalOf(host)).toContain('/tmp, where a link leads,');
    expect(await refusalOf(host)).toContain('replace the link with a plain file of root');
  });

  it('names every file and directory to repair at once', async () => {
    const host = hostWith({ [`${DROP_INS}/10-a.yaml`]: DOCUMENT, [`${DROP_INS}/it's.yaml`]: DOCUMENT });
    for (const path of [MAIN, DROP_INS, `${DROP_INS}/it's.yaml`]) host.own(path, { mode: 0o777, owner: 1 });

    const message = await refusalOf(host);

    expect(message).toContain('3 problems');
    expect(message).toContain(`run "chown root:root '${DROP_INS}/it'\\''s.yaml' && chmod go-w`);
  });

  it('leaves the last good one in force, and counts again after the repair', async () => {
    const host = hostWith();
    const refusals: string[] = [];
    const keeper = await openSpecKeeper({ host, now: () => new Date(0) }, 'worker-1', () => undefined);
    const onRefused = (message: string) => void refusals.push(message);
    const current = createSpecReader({
      machine: host,
      host,
      keeper,
      request: { files: [] },
      onRefused,
      onWarning: () => undefined,
    });
    await current();
    host.put(MAIN, DOCUMENT.replace('Audit', 'Enforce'));
    host.own(MAIN, { mode: 0o666 });

    const refused = await current();
    host.own(MAIN, { mode: 0o600 });

    expect(refused).toMatchObject({ source: { mode: 'Audit' }, refused: expect.stringContaining('chmod go-w') });
    expect(refusals).toHaveLength(1);
    expect(await current()).toMatchObject({ source: { mode: 'Enforce' }, generation: 2 });
  });

  it('is read when it is named, because volumes of Kubernetes have the mode 0777', async () => {
    const host = hostWith();
    host.own(MAIN, { mode: 0o777, owner: NOBODY });

    expect((await readSpec(host, host, { files: [MAIN] })).source).toEqual({ mode: 'Audit' });
  });
});

describe('limits that other users may write', () => {
  it('allow a cluster nothing new', async () => {
    const host = hostWith({ '/etc/nodeprep/limits.yaml': `sysctls:\n- vm.*\n` });
    host.own('/etc/nodeprep/limits.yaml', { mode: 0o666 });
    const { spec } = loadSpec([{ file: 'a', contents: DOCUMENT }]);

    const breach = await beyondLimitsOf(host, spec, 'NodePrep worker-1');

    expect(breach?.problem).toContain('run "chmod go-w /etc/nodeprep/limits.yaml"');
    expect(breach?.isCertain).toBe(false);
  });
});

describe('a directory that stands for a host', () => {
  function directory(): string {
    const root = temporaryDirectory();
    chmodSync(root, 0o755);
    mkdirSync(join(root, DROP_INS), { recursive: true });
    for (const path of ['/etc', '/etc/nodeprep', DROP_INS]) chmodSync(root + path, 0o755);
    writeFileSync(root + MAIN, DOCUMENT);
    chmodSync(root + MAIN, 0o644);
    return root;
  }

  it.each([
    ['validate', 1],
    ['plan', 1],
    ['bootstrap', 1],
  ])('%s refuses a spec that everybody may write', async (command, code) => {
    const root = directory();
    chmodSync(root + MAIN, 0o666);

    const refused = await runCommand([command, '--root', root]);

    expect(refused.code).toBe(code);
    expect(refused.stdout + refused.stderr).toContain(`chmod go-w ${root}${MAIN}`);
    expect((await runCommand(['validate', '--file', root + MAIN])).code).toBe(0);
  });

  it.skipIf(!isRoot)('validate refuses a spec of another user [needs root]', async () => {
    const root = directory();
    chownSync(root + MAIN, NOBODY, NOBODY);

    const { code, stdout } = await runCommand(['validate', '--root', root]);

    expect(code).toBe(1);
    expect(stdout).toContain(`chown root:root ${root}${MAIN}`);
  });

  it.skipIf(!isRoot)('may belong to another user as a whole [needs root]', async () => {
    const root = directory();
    for (const path of ['', '/etc', '/etc/nodeprep', DROP_INS, MAIN]) chownSync(root + path, 1000, 1000);

    expect((await runCommand(['validate', '--root', root])).code).toBe(0);
  });

  it.each(['relative', 'absolute'])('refuses the %s link to where others may write', async (kind) => {
    const root = directory();
    mkdirSync(`${root}/tmp`);
    chmodSync(`${root}/tmp`, 0o1777);
    writeFileSync(`${root}/tmp/other.yaml`, DOCUMENT);
    symlinkSync(`${kind === 'relative' ? '../../..' : root}/tmp/other.yaml`, `${root}${DROP_INS}/10-link.yaml`);

    const host = createLinuxHost({ root });

    await expect(readSpec(host, host, { files: [] })).rejects.toThrow(/may be written by others.*1777/);
  });
});
