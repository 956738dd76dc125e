/** The maintainer scripts with the paths of the host moved below a directory; everything else runs as it is. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const SCRIPTS = join(import.meta.dirname, '../../../scripts/deb');

function host(files: Readonly<Record<string, string>>) {
  const root = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
    chmodSync(root + path, 0o755);
  }
  return {
    has: (path: string) => existsSync(root + path),
    run: (script: string, action: string) => {
      const text = readFileSync(join(SCRIPTS, script), 'utf8').replaceAll(
        /(?<= |^)\/(?=usr|var|etc|run)/gm,
        `${root}/`,
      );
      return spawnSync('sh', ['-c', text, script, action], {
        encoding: 'utf8',
        env: { PATH: `${root}/bin:/usr/bin:/bin` },
      });
    },
  };
}

test('removing the package takes everything back with the program of the package, whatever comes first in PATH', () => {
  const machine = host({
    '/usr/bin/nodeprep': '#!/bin/sh\necho package "$@"',
    '/bin/nodeprep': '#!/bin/sh\necho other',
  });

  expect(machine.run('prerm', 'remove')).toMatchObject({ status: 0, stdout: 'package uninstall --timeout 60s\n' });
  expect(machine.run('prerm', 'upgrade')).toMatchObject({ status: 0, stdout: '' });
});

test('a removal that could not take everything back goes on, and says how to try again', () => {
  const machine = host({ '/usr/bin/nodeprep': '#!/bin/sh\nexit 2' });

  expect(machine.run('prerm', 'remove')).toMatchObject({
    status: 0,
    stderr: expect.stringContaining('not everything'),
  });
});

test('a purge keeps the originals as long as something is not back, and says so', () => {
  const machine = host({ '/var/lib/nodeprep/ledger.json': '{}', '/etc/nodeprep/nodeprep.d/x.yaml': '' });

  expect(machine.run('postrm', 'purge')).toMatchObject({ status: 0, stderr: expect.stringContaining('is kept') });

  expect(machine.has('/var/lib/nodeprep/ledger.json')).toBe(true);
  expect(machine.has('/etc/nodeprep/nodeprep.d')).toBe(false);
});

test('a purge leaves nothing where everything is back', () => {
  const machine = host({ '/var/lib/nodeprep/ledger.json.old': '{}' });

  expect(machine.run('postrm', 'purge')).toMatchObject({ status: 0, stderr: '' });

  expect(machine.has('/var/lib/nodeprep')).toBe(false);
});
