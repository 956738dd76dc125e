import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../../src/reconcile/report/message.ts';
import { sameFindings } from '../../../../src/reconcile/report/same-findings.ts';

const unsupported = (target: string) => ({
  target,
  message: `Cannot set "${target}": the running kernel has no such parameter; check the spelling`,
});

function messages(findings: readonly { readonly target: string; readonly message: string }[]): string[] {
  return sameFindings(findings).map(({ message }) => message);
}

describe('findings', () => {
  it('that differ in their entry only are one with the list of entries', () => {
    expect(messages([unsupported('vm.a'), unsupported('vm.b'), unsupported('vm.c')])).toEqual([
      'Cannot set "vm.a", "vm.b" and "vm.c": the running kernel has no such parameter; check the spelling',
    ]);
  });

  it('keep what all of them say, and nothing that is true of one only', () => {
    const missing = (target: string, breaks: string) => ({
      target,
      message: `Cannot load kernel module "${target}": this host has no modprobe command. Without it: ${breaks} Install the package "kmod".`,
    });

    expect(sameFindings([missing('overlay', 'No containers.'), missing('vxlan', 'No pod network.')])).toMatchObject([
      {
        message:
          'Cannot load kernel modules "overlay" and "vxlan": this host has no modprobe command. Install the package "kmod".',
        isShortened: true,
      },
    ]);
  });

  it('follow each other as sentences or as clauses', () => {
    const of = (...messages: string[]) => summaryOf(messages.map((message) => ({ target: 'a', message })));

    expect(of('The a is gone.', 'a is 1')).toBe('The a is gone. a is 1');
    expect(of('a is 1', 'The a is gone.')).toBe('a is 1; The a is gone.');
    expect(of('One a.', 'Two a.', 'Three a.', 'Four a.')).toBe('One a. Two a. Three a. And 1 more.');
  });

  it('whose values alone differ are one', () => {
    const drift = (target: string, is: string) => ({
      target,
      message: `${target} is not as declared on the running system; is "${is}", must be "1"; changed at the next reboot`,
    });

    expect(summaryOf([drift('vm.a', '0'), drift('vm.b', '2')])).toEqual(
      'vm.a and vm.b: not as declared on the running system; changed at the next reboot',
    );
  });

  it('that name their entry where no list can stand stay apart', () => {
    const odd = (target: string) => ({ target, message: `The line of ${target} does not come back` });

    expect(messages([odd('/dev/a'), odd('/dev/b')])).toHaveLength(2);
  });

  it('of different places, areas and causes stay apart', () => {
    const findings = [
      unsupported('vm.a'),
      unsupported('vm.b'),
      { target: 'vm.c', message: 'Cannot set "vm.c": denied' },
    ];

    expect(sameFindings(findings, ({ target }) => (target === 'vm.a' ? 'sysctls' : 'other'))).toHaveLength(3);
  });

  it('of one entry are told unchanged', () => {
    expect(messages([unsupported('vm.a'), unsupported('vm.a')])).toEqual([unsupported('vm.a').message]);
  });

  it('in a condition are counted when there are too many to list', () => {
    const many = Array.from({ length: 40 }, (_, at) => unsupported(`vm.key${at}`));

    expect(summaryOf(many)).toMatch(/^Cannot set "vm\.key0", .*"vm\.key5" and 34 more: the running kernel/);
    expect(
      summaryOf(['a: x', 'b: y', 'c: z', 'd: 1'].map((message) => ({ target: message.slice(0, 1), message }))),
    ).toBe('a: x; b: y; c: z; and 1 more');
  });
});
