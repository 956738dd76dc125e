import { describe, expect, test } from 'vitest';
import { createLinuxHost } from '../../../../src/host/linux/linux-host.ts';
import { changeLines, modulesSpec, planOf } from '../../../support/modules-pass.ts';

describe.each(['debian-12', 'debian-13'])('on a captured %s', (system) => {
  const host = createLinuxHost({ root: `test/support/hosts/${system}/root` });

  test('what is loaded, built in or loadable is told apart', async () => {
    const plan = await planOf(host, modulesSpec(['overlay', 'ext4', 'page_reporting', 'br_netfilter', 'no_such']));

    expect(plan.entries.map(({ name, live }) => [name, live])).toEqual([
      ['overlay', 'loaded'],
      ['ext4', 'built-in'],
      ['page_reporting', 'built-in'],
      ['br_netfilter', 'absent'],
      ['no_such', 'absent'],
    ]);
    expect(plan.blocked).toMatchObject([{ target: 'no_such', reason: 'ModuleNotFound' }]);
  });

  test('the modules of the guides need these changes', async () => {
    expect(changeLines(await planOf(host, modulesSpec(['overlay', 'br_netfilter'])))).toEqual([
      'live load br_netfilter: absent -> loaded',
      'persistent create overlay: - -> loaded at boot',
      'persistent create br_netfilter: - -> loaded at boot',
    ]);
  });
});
