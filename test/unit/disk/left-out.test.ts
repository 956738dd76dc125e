import { expect, test } from 'vitest';
import { leavesOut } from '../../../src/disk/left-out.ts';

const entry = { name: 'vm.swappiness', value: 10, match: 'AtMost' };
const before = { mode: 'Audit', sysctls: [entry], modules: [{ name: 'zram', parameters: { num_devices: 2 } }] };

test.each([
  ['the same', before],
  ['another value', { ...before, mode: 'Enforce' }],
  ['another order and more', { ...before, swap: {}, sysctls: [{ name: 'vm.a', value: 1 }, entry] }],
])('leaves nothing out: %s', (_, next) => {
  expect(leavesOut(next, before)).toBe(false);
});

test.each([
  ['a field', { sysctls: before.sysctls, modules: before.modules }],
  ['an area', { mode: 'Audit', sysctls: before.sysctls }],
  ['an entry', { ...before, sysctls: [] }],
  ['a field of an entry', { ...before, sysctls: [{ name: 'vm.swappiness', value: 10 }] }],
  ['a parameter of a module', { ...before, modules: [{ name: 'zram', parameters: {} }] }],
  ['everything', undefined],
])('notices that it leaves out %s', (_, next) => {
  expect(leavesOut(next, before)).toBe(true);
});
