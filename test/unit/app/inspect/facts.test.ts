import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { factsOf } from '../../../../src/app/inspect/facts.ts';
import type { Surroundings } from '../../../../src/areas/surroundings.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { everyArea } from '../../../../src/areas/index.ts';
import { openMachine } from '../../../../src/app/machine.ts';
import { copyOfHost } from '../../../support/nodeprep-process.ts';

const BOOT = '6c0cbb43-ccbd-4bf0-9c1b-1f8e4f0b3a11';

function factsWith(files: Readonly<Record<string, string>>) {
  const root = copyOfHost('debian-12');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return factsOf(openMachine({ root }).host, []);
}

describe('facts of a host', () => {
  it('tell the machine and its boot, as the kubelet tells them in its Node', async () => {
    const facts = await factsWith({
      'etc/machine-id': `${'0a'.repeat(16)}\n`,
      'proc/sys/kernel/random/boot_id': `${BOOT}\n`,
    });
    expect(facts).toMatchObject({ machineID: '0a'.repeat(16), bootID: BOOT });
  });

  it.each(['', 'uninitialized\n', 'a machine', `${'0a'.repeat(16)}0`])(
    'have no machine ID where the file has %j, which tells no machine from another',
    async (content) => {
      expect(await factsWith({ 'etc/machine-id': content })).not.toHaveProperty('machineID');
    },
  );

  it('are told where one of them cannot be read, as when a container engine made a directory of the file', async () => {
    const facts = await factsWith({
      'etc/machine-id/inside': '',
      'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
      'proc/sys/kernel/random/boot_id': `${BOOT}\n`,
    });
    expect(facts).toMatchObject({ kernel: '6.1.0-18-amd64', bootID: BOOT });
    expect(facts).not.toHaveProperty('machineID');
  });

  it('of areas are told by the areas, each as far as it can be read', async () => {
    const host = new MemoryHost({
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory\n',
      '/var/lib/kubelet/config.yaml/inside': '',
    });

    expect(await factsOf(host, [])).not.toHaveProperty('cgroup');
    expect(
      await factsOf(
        host,
        everyArea((area): Pick<Surroundings, 'facts'> => area),
      ),
    ).toMatchObject({ cgroup: 'v2' });
  });
});
