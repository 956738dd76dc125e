/** What programs read of commands: one form for all, and the same facts that a person reads. */
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/command-line.ts';

const HEAD = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\n';
const root = 'test/support/hosts/debian-12/root';

describe('a result for programs says what it is', () => {
  it.each([
    [['validate', '--root', root], 'Validation'],
    [['validate', '--file', '-'], 'Validation'],
    [['plan', '--root', root], 'Plan'],
    [['bootstrap', '--dry-run', '--root', root], 'Plan'],
    [['explain', 'net.ipv4.ip_forward', '--root', root], 'Explanation'],
    [['explain', '--list', '--root', root], 'ExplanationList'],
    [['profiles'], 'ProfileList'],
    [['profiles', 'kubeadm-worker'], 'Profile'],
    [['verify', '--root', root], 'Verification'],
    [['version'], 'Version'],
    [['status', '--root', root], 'NodePrep'],
    [['status', '--condition', 'Ready', '--root', root], 'Condition'],
    [['retry', '--root', root], 'Retry'],
    [['approve', '--root', root], 'Approval'],
  ])('%s', async (words, kind) => {
    const { stdout } = await runCommand([...words, '-o', 'json'], {
      stdin: 'kind: NodePrep\nspec: {mode: Enforced}\n',
    });

    expect(Object.entries(JSON.parse(stdout)).slice(0, 2)).toEqual([
      ['apiVersion', 'nodeprep.dev/v1alpha1'],
      ['kind', kind],
    ]);
  });
});

describe('a plan', () => {
  const blocked = `${HEAD}spec:
  sysctls: [{name: kernel.toy, value: 1, optional: true}, {name: vm.toy, value: 1}]
`;

  it('tells programs which findings are optional', async () => {
    const options = { stdin: blocked };
    const plan = await runCommand(['plan', '--root', root, '--file', '-', '-o', 'json'], options);

    expect(JSON.parse(plan.stdout).blocked).toMatchObject([
      { target: 'kernel.toy', optional: true },
      { target: 'vm.toy' },
    ]);
    expect(JSON.parse(plan.stdout).blocked[1]).not.toHaveProperty('optional');
  });
});

it('a diff counts entries that are blocked, and says what is doubtful in the spec', async () => {
  const twice = `${HEAD}spec:
  sysctls: [{name: kernel.toy, value: 1}, {name: net.ipv4.conf.toy0.rp_filter, value: 1}]
  modules: [{name: br_netfiltr}]
`;
  const { stderr } = await runCommand(['diff', '--root', root, '--file', '-'], { stdin: twice });

  expect(stderr).toContain('did you mean "br_netfilter"?');
  expect(stderr).toContain('3 entries are blocked');
});
