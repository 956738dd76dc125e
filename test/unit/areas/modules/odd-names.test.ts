import { expect, test } from 'vitest';
import { modules } from '../../../../src/areas/modules/index.ts';
import { emptySpec } from '../../../../src/api/spec/nodeprep.ts';
import { MemoryHost } from '../../../../src/host/memory/memory-host.ts';
import { linuxWorld } from '../../../support/linux-world.ts';

test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'])(
  'a module named %s is one that does not exist, and stops no other',
  async (name) => {
    const host = new MemoryHost(linuxWorld());
    const entry = (one: string) => ({ name: one, parameters: {}, required: true });
    const desired = modules.desired({ ...emptySpec('Keep'), modules: [entry(name), entry('overlay')] });

    const observed = await modules.observe(host, desired, new AbortController().signal);
    const plan = modules.plan(desired, observed, new Map());

    expect(plan.blocked).toMatchObject([{ target: name, reason: 'ModuleNotFound' }]);
    expect(plan.steps.flatMap(({ changes }) => changes.map(({ target }) => target))).toContain('overlay');
    expect(modules.explain(name, desired, observed)?.name).toBe(name);
  },
);
