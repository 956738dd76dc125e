/** Kernels that are booted with less than a kubelet needs of control groups: what is said of each. */
import { expect } from 'vitest';
import type { Machine } from '../harness/machine.ts';
import { note } from '../harness/note.ts';
import { CURRENT, scenario } from '../harness/scenario.ts';

scenario(
  'a kernel with cgroup v1, and one without the memory controller, are named by their effect',
  12,
  async (machines) => {
    const machine = await machines.pristine();
    await machine.run('sync');

    await machine.powerCycle('systemd.unified_cgroup_hierarchy=0');
    const v1 = await said(machine);
    expect(v1.left).toMatchObject([
      {
        reason: 'CgroupV1',
        message: expect.stringMatching(
          /^kernel v1 \(hybrid\) \(.*\bmemory\b.*\); .*systemd\.unified_cgroup_hierarchy=1 under spec/,
        ),
      },
    ]);
    expect(v1.blocked.map(({ reason }) => reason)).not.toContain('ControllerMissing');
    expect(v1.verify).toMatch(/! cgroup version is 2; found: cgroup v1 \(hybrid\)/);
    expect(v1.verify).toMatch(/✓ memory cgroup controller is enabled/);

    await machine.powerCycle('cgroup_disable=memory');
    const without = await said(machine);
    const missing = without.blocked.find(({ reason }) => reason === 'ControllerMissing');
    expect(missing?.message).toMatch(/^kernel v2 \((?![^)]*\bmemory\b)[^)]*\); .*does not offer the controller memory/);
    expect(without.left.map(({ reason }) => reason)).not.toContain('CgroupV1');
    expect(without.verify).toMatch(/✓ cgroup version is 2; found: cgroup v2/);
    expect(without.verify).toMatch(/✗ memory cgroup controller is enabled/);
    note(missing?.message ?? '');
  },
);

interface Finding {
  readonly area: string;
  readonly reason: string;
  readonly message: string;
}

/** What plan and verify say of control groups. */
async function said(machine: Machine) {
  const plan = JSON.parse((await machine.exec(`${CURRENT} plan -o json`)).output) as Record<
    'blocked' | 'left',
    readonly Finding[]
  >;
  const { output: verify } = await machine.exec(`${CURRENT} verify`);
  const ofCgroup = ({ area }: Finding) => area === 'cgroup';
  return { blocked: plan.blocked.filter(ofCgroup), left: plan.left.filter(ofCgroup), verify };
}
