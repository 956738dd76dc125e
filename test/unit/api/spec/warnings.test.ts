import { describe, expect, it } from 'vitest';
import { loadSpec } from '../../../../src/api/spec/load.ts';
import { renderProblem } from '../../../../src/api/yaml/errors.ts';

const HEAD = 'apiVersion: nodeprep.dev/v1alpha1\nkind: NodePrep\n';

function warnings(spec: string, options = {}): string[] {
  return loadSpec([{ file: 'node.yaml', contents: `${HEAD}${spec}` }], options).warnings.map(renderProblem);
}

describe('a valid document', () => {
  it('is warned about names close to usual ones', () => {
    const spec =
      'spec:\n  modules: [{name: br_netfiltr}, {name: overlay}]\n  sysctls: [{name: vm.swapiness, value: 1}]\n';

    expect(warnings(spec)).toEqual([
      'node.yaml:4:20: spec.modules[0].name: "br_netfiltr" is not a name that NodePrep knows (did you mean "br_netfilter"?)',
      'node.yaml:5:20: spec.sysctls[0].name: "vm.swapiness" is not a name that NodePrep knows (did you mean "vm.swappiness"?)',
    ]);
  });

  it.each(['spec: {}', 'spec: {mode: Audit}'])('that manages nothing says so: %s', (spec) => {
    expect(warnings(spec)).toEqual([expect.stringContaining('nothing is managed')]);
  });

  it('is no reason for a warning when a profile manages something', () => {
    expect(warnings('spec: {}', { profile: 'kubeadm-worker' })).toEqual([]);
    expect(warnings('spec: {modules: []}')).toEqual([]);
  });
});
