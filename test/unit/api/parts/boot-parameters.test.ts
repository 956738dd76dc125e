import { expect, test } from 'vitest';
import { DENIED_BOOT_PARAMETERS, deniedBootParameter } from '../../../../src/api/names/boot-parameters.ts';
import { bootParameters } from '../../../../src/api/parts/boot-parameters.ts';

const refusedBy = (limits: { allow?: string[]; deny?: string[] }, ...words: readonly string[]) => {
  const source = words.map((word) => {
    const [name = '', value] = word.split('=');
    return value === undefined ? { name } : { name, value };
  });
  const paths: string[] = [];
  bootParameters.limits.check(
    bootParameters.expand(source),
    limits,
    (path) => paths.push(path),
    (name) => name,
  );
  return paths;
};

test('a limit on a name holds for every value, one with a value for that one only', () => {
  expect(refusedBy({ deny: ['hugepages*'] }, 'hugepages=512', 'audit=1')).toEqual(['[name=hugepages=512]']);
  expect(refusedBy({ allow: ['cgroup_enable=memory'] }, 'cgroup_enable=memory', 'cgroup_enable=cpuset')).toEqual([
    '[name=cgroup_enable=cpuset]',
  ]);
  expect(refusedBy({ deny: ['a_b'] }, 'a-b=1')).toEqual(['[name=a_b]']);
});

test.each(Object.keys(DENIED_BOOT_PARAMETERS))('%s is refused in both spellings', (name) => {
  const plain = name.replace('*', 'x');

  expect(deniedBootParameter(plain)).toBeDefined();
  expect(deniedBootParameter(plain.replaceAll('_', '-'))).toBeDefined();
});

test('what a document says is the same after the way to the area and back', () => {
  const source = [
    { name: 'a-b', value: '1', optional: true },
    { name: 'quiet', state: 'Absent' as const },
  ];

  expect(bootParameters.sourceOf(bootParameters.expand(source))).toEqual(source);
});
