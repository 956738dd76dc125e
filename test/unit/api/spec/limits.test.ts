import { describe, expect, test } from 'vitest';
import { SpecInvalidError } from '../../../../src/api/yaml/errors.ts';
import { limitProblems, parseLimits } from '../../../../src/api/spec/limits.ts';
import { loadSpec } from '../../../../src/api/spec/load.ts';

const HEAD = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrepLimits\n';
const limits = (rest: string) => parseLimits('limits.yaml', HEAD + rest);
const spec = (rest: string) =>
  loadSpec([{ file: 'spec.yaml', contents: `apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\nspec:\n${rest}` }]).spec;
const refused = (rest: string, limit: string) =>
  limitProblems(spec(rest), limits(limit), 'nodepreps/worker-1').map((problem) => problem.path);
const mistakes = (text: string) => {
  try {
    parseLimits('limits.yaml', text);
  } catch (error) {
    if (error instanceof SpecInvalidError) return error.message;
    throw error;
  }
  return 'none';
};

describe('a limits file', () => {
  test('without any limit allows everything', () => {
    expect(refused('  profile: kubeadm-worker', '')).toEqual([]);
  });

  test.each([
    ['', 'the file is empty'],
    ['- a', 'expected a NodePrepLimits document'],
    [`${HEAD}sysctl: {}`, 'limits.yaml:3:1: sysctl: unknown field "sysctl" (did you mean "sysctls"?)'],
    [`${HEAD}modes: [Enforced]`, 'expected Enforce, Audit or Paused'],
    [`${HEAD}modes: []`, 'modes'],
    [`${HEAD}sysctls: {bounds: [{name: vm.swappiness, max: many}]}`, 'sysctls.bounds[0].max'],
    ['apiVersion: nodeprep.dev/v1\nkind: NodePrepLimits', 'apiVersion'],
    [`${HEAD}---\n${HEAD}`, 'a second document'],
    [`${HEAD}areas: [swap`, 'is not closed'],
    ['a\0b', 'NUL'],
  ])('with a mistake is refused and says where: %j', (text, said) => {
    expect(mistakes(text)).toContain(said);
  });
});

describe('an object', () => {
  test.each([
    ['  mode: Enforce', 'modes: [Audit, Paused]', ['spec.mode']],
    ['  mode: Audit\n  areaModes: {swap: Enforce}', 'modes: [Audit]', ['spec.areaModes.swap']],
    ['  mode: Audit', 'modes: [Audit]', []],
    ['  swap: {behavior: Disabled}', 'areas: [sysctls]', ['spec.swap']],
    ['  modules: [{name: overlay}]', 'areas: []', ['spec.modules']],
    ['  modules: [{name: br-netfilter}]', 'modules: {allow: [br_netfilter]}', []],
    ['  modules: [{name: overlay}]', 'modules: {allow: []}', ['spec.modules[name=overlay]']],
    [
      '  sysctls: [{name: kernel.panic, value: 10}]',
      'sysctls: {allow: ["net.*"]}',
      ['spec.sysctls[name=kernel.panic]'],
    ],
    ['  sysctls: [{name: net/ipv4/ip_forward, value: 1}]', 'sysctls: {allow: ["net.*"]}', []],
    [
      '  sysctls: [{name: net.ipv4.conf.all.rp_filter, value: 0}]',
      'sysctls: {allow: ["net.*"], deny: ["net.ipv4.conf.*.rp_filter"]}',
      ['spec.sysctls[name=net.ipv4.conf.all.rp_filter]'],
    ],
    [
      '  sysctls: [{name: net/ipv4/conf/eth0.100/rp_filter, value: 0}]',
      'sysctls: {deny: ["net.ipv4.conf.*.rp_filter"]}',
      ['spec.sysctls[name=net/ipv4/conf/eth0.100/rp_filter]'],
    ],
    [
      '  sysctls: [{name: vm.swappiness, value: 90}]',
      'sysctls: {bounds: [{name: vm.swappiness, max: 60}]}',
      ['spec.sysctls[name=vm.swappiness].value'],
    ],
    [
      '  sysctls: [{name: vm.swappiness, value: 60}]',
      'sysctls: {bounds: [{name: vm.swappiness, min: 0, max: 60}]}',
      [],
    ],
    [
      '  sysctls: [{name: net.ipv4.tcp_rmem, value: "4096 87380 99999999999999999999"}]',
      'sysctls: {bounds: [{name: "net.ipv4.tcp_*", max: 6291456}]}',
      ['spec.sysctls[name=net.ipv4.tcp_rmem].value'],
    ],
    [
      '  sysctls: [{name: vm.swappiness, value: 0x5a}]',
      'sysctls: {bounds: [{name: vm.swappiness, max: 60}]}',
      ['spec.sysctls[name=vm.swappiness].value'],
    ],
    ['  swap: {behavior: LimitedSwap}', 'swap: {behaviors: [Disabled, Unmanaged]}', ['spec.swap.behavior']],
  ])('is compared with the limits of the host: %j, %j', (rest, limit, paths) => {
    const quotedHex = rest.replace('0x5a', '"0x5a"');
    expect(refused(quotedHex, limit)).toEqual(paths);
  });

  test('cannot slip through by a profile that brings the entries', () => {
    expect(refused('  profile: kubeadm-worker', 'swap: {behaviors: [Unmanaged]}')).toEqual(['spec.swap.behavior']);
  });

  test('is told what the host allows and what to do', () => {
    const [problem] = limitProblems(spec('  mode: Enforce'), limits('modes: [Audit]'), 'nodepreps/worker-1');
    expect(problem?.message).toBe(
      '"Enforce" is beyond /etc/nodeprep/limits.yaml of this host, which allows Audit; ask its owner, or change the spec',
    );
  });
});
