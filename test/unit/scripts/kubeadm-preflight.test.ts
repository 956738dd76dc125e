/** The example runs as it is; only the programs that it calls are stand-ins that do what a host would. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

const SCRIPT = join(import.meta.dirname, '../../../examples/kubeadm-preflight.sh');

interface World {
  /** ActiveState of the daemon and of the bootstrap. */
  readonly daemon: string;
  readonly bootstrap: string;
  /** Shell code of `nodeprep status` and `nodeprep bootstrap`. */
  readonly status: string;
  readonly prepare: string;
}

function preflight(world: Partial<World>) {
  const directory = temporaryDirectory();
  const put = (name: string, script: string) => {
    writeFileSync(join(directory, name), `#!/bin/sh\nhere=${directory}\n${script}\n`);
    chmodSync(join(directory, name), 0o755);
  };
  const { daemon = 'inactive', bootstrap = 'inactive', status = 'exit 2', prepare = 'exit 0' } = world;
  put('systemctl', `case $2 in nodeprep.service) echo ${daemon};; *) echo ${bootstrap};; esac`);
  put('kubeadm', 'echo "$@" >$here/joined');
  put('nodeprep', `case $1 in status) ${status};; bootstrap) ${prepare};; verify) echo checklist; exit 2;; esac`);
  const env = { PATH: `${directory}:${process.env['PATH']}`, NODEPREP_WAIT_SECONDS: '2' };
  const result = spawnSync(SCRIPT, ['api:6443', '--token', 'x y'], { encoding: 'utf8', env, timeout: 20_000 });
  const joined = join(directory, 'joined');
  return { ...result, joined: existsSync(joined) ? readFileSync(joined, 'utf8').trim() : undefined };
}

const HELD = 'echo "Error: the daemon has this host" >&2; exit 1';

test('without the daemon the host is made ready, then the node joins', () => {
  expect(preflight({ prepare: 'touch $here/ready' })).toMatchObject({ status: 0, joined: 'join api:6443 --token x y' });
});

test('the daemon that has the host is waited for', () => {
  const status = 'test -e $here/asked || { touch $here/asked; exit 2; }';

  expect(preflight({ daemon: 'active', bootstrap: 'active', status, prepare: HELD })).toMatchObject({
    status: 0,
    joined: 'join api:6443 --token x y',
  });
});

test('a bootstrap unit that still works is waited for', () => {
  expect(preflight({ bootstrap: 'activating', status: 'exit 0', prepare: HELD })).toMatchObject({ status: 0 });
});

test('a unit that was stopped after it had ended does not keep the host from being made ready', () => {
  expect(preflight({ bootstrap: 'active', prepare: 'exit 0' })).toMatchObject({ status: 0, stderr: '' });
});

test.each([
  ['is not ready in time', { daemon: 'active', status: 'exit 2' }, 2],
  [
    'is ready after a boot, as the daemon says',
    { daemon: 'active', status: `echo '"reason": "RebootRequired"'; exit 2` },
    3,
  ],
  ['is ready after a boot', { prepare: 'exit 3' }, 3],
  ['cannot be made ready', { prepare: 'exit 2' }, 2],
] as const)('no node joins where the host %s', (_, world, code) => {
  const result = preflight(world);

  expect(result).toMatchObject({ status: code, joined: undefined, stdout: expect.stringContaining('checklist') });
  expect(result.stderr.includes('ready after a reboot')).toBe(code === 3);
});
