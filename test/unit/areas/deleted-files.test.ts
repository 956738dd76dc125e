/** What happens when our file was deleted by another party and the entry left the spec after that. */
import { expect, test } from 'vitest';
import { emptySpec } from '../../../src/api/spec/nodeprep.ts';
import type { Plan } from '../../../src/areas/area.ts';
import { MemoryHost } from '../../../src/host/memory/memory-host.ts';
import { modprobe } from '../../../src/host/memory/modprobe.ts';
import { openLedger } from '../../../src/reconcile/ledger/ledger.ts';
import { linuxWorld } from '../../support/linux-world.ts';
import * as modules from '../../support/modules-pass.ts';
import * as swap from '../../support/swap-pass.ts';
import * as sysctls from '../../support/sysctls-pass.ts';
import { inUse } from '../../support/records.ts';

const KEEP = emptySpec('Keep');
const NBD = { name: 'nbd', parameters: { max_part: '8' } };
const UNIT = '/etc/systemd/system/swapfile.swap';

interface Case {
  readonly file: string;
  /** A managed host that has the file. */
  readonly host: () => Promise<MemoryHost>;
  readonly removal: (host: MemoryHost) => Promise<unknown>;
  readonly plan: (host: MemoryHost) => Promise<Plan>;
}

const managedModules = async () => {
  const host = new MemoryHost(linuxWorld(), {
    behaviours: [modprobe({ parameters: { nbd: { max_part: { value: '0' } } } })],
  });
  await modules.passModules(host, modules.modulesSpec([NBD]));
  return host;
};
const managedSysctls = async () => {
  const host = sysctls.kernelHost({ 'net.ipv4.conf.all.rp_filter': '0', 'net.bridge.bridge-nf-call-iptables': '0' });
  await sysctls.passSysctls(host, sysctls.sysctlsSpec([['net.bridge.bridge-nf-call-iptables', '1']]));
  return host;
};
const ofModules = {
  host: managedModules,
  removal: (host: MemoryHost) => modules.passModules(host, KEEP),
  plan: (host: MemoryHost) => modules.planOf(host, KEEP),
};
const ofSysctls = {
  host: managedSysctls,
  removal: (host: MemoryHost) => sysctls.passSysctls(host, KEEP),
  plan: (host: MemoryHost) => sysctls.planOf(host, KEEP),
};

const cases: Case[] = [
  { file: '/etc/modules-load.d/nodeprep.conf', ...ofModules },
  { file: '/etc/modprobe.d/nodeprep.conf', ...ofModules },
  { file: '/etc/sysctl.d/99-zz-nodeprep.conf', ...ofSysctls },
  {
    file: `${UNIT}.d/nodeprep.conf`,
    host: async () => {
      const { host } = swap.swapMachine({ [UNIT]: '[Swap]\nWhat=/swapfile\n', '/swapfile': 'file' });
      await swap.passSwap(host);
      return host;
    },
    removal: (host) => swap.passSwap(host, KEEP),
    plan: async (host) => swap.planOf(host, KEEP),
  },
];

const recordsOf = async (host: MemoryHost) => {
  const ledger = await openLedger(host, () => new Date(0));
  return (['modules', 'sysctls', 'swap'] as const).flatMap((area) => inUse(ledger.memory(area)));
};

test.each(cases)('the record of $file goes although the file is gone', async ({ file, host: make, removal }) => {
  const host = await make();
  await host.removeFile(file);

  await removal(host);

  expect(await recordsOf(host)).toEqual([]);
});

test.each(cases)('a foreign $file written before the removal stays', async ({ file, host: make, removal }) => {
  const host = await make();
  await host.writeFile(file, '# mine\n');

  await removal(host);
  await removal(host);

  expect(host.text(file)).toBe('# mine\n');
  expect(await recordsOf(host)).toEqual([]);
});

test.each(cases)('forgetting the record of $file is no step that people see', async ({ file, host: make, plan }) => {
  const host = await make();
  await host.removeFile(file);

  const targets = (await plan(host)).steps.flatMap((step) => step.changes.map((change) => change.from));

  expect(targets).not.toContain('recorded original');
  expect(targets).not.toContain('kept records');
});
