import { expect, it } from 'vitest';
import { everyArea } from '../../../../src/areas/index.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { sweepUnfinished } from '../../../../src/reconcile/ledger/sweep.ts';

it('removes unfinished files of NodePrep and nothing else', async () => {
  const foreign = {
    '/etc/.pwd.lock': '',
    '/etc/sysctl.d/.hidden.tmp': 'theirs',
    '/etc/sysctl.d/x.nodeprep.tmp': 'not hidden, so not ours',
  };
  const host = new MemoryHost({
    ...foreign,
    '/etc/.fstab.nodeprep.tmp': 'half',
    '/etc/systemd/system/.swap.target.nodeprep.tmp': { link: '/dev/null' },
  });

  await sweepUnfinished(
    host,
    everyArea(({ writesIn }) => ({ writesIn })),
  );

  expect(host.toString()).toBe(new MemoryHost(foreign).toString());
});
