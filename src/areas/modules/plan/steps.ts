/** The steps of this area, and the words in which their changes are shown. Pure. */
import type { Change, Memo, Step } from '../../area.ts';
import type { ParameterDrift } from './assess.ts';
import { liveKey } from './own-files.ts';

/** Runs modprobe for one module. */
export interface LoadStep extends Step {
  readonly kind: 'load';
  readonly name: string;
  /** The line of our options file that must be there first, since modprobe reads it. */
  readonly options: string | undefined;
}

/** Writes one parameter of a module that is in the kernel. */
export interface ParameterStep extends Step {
  readonly kind: 'set-parameter';
  readonly name: string;
  /** The module that sysfs shows, when the name is an alias. */
  readonly realName: string;
  readonly parameter: string;
  readonly to: string;
}

/** A list of modules, of which those in `unproven` are written only once they are present. */
export interface ProvenList {
  readonly names: readonly string[];
  readonly unproven: readonly string[];
  /** Contents when no module is left to list: the original of the file, `undefined` when there was none. */
  readonly otherwise: string | undefined;
}

/** Brings one of our files to its contents; `undefined` removes it. */
export interface FileStep extends Step {
  readonly kind: 'write-file';
  readonly path: string;
  readonly contents: string | undefined;
  /** Set when the contents depend on what the kernel takes. */
  readonly list?: ProvenList;
}

/** One action of the modules area. */
export type ModuleStep = LoadStep | ParameterStep | FileStep;

/** The step that loads a module; everything about it ends with the boot. */
export function loadStep(name: string, options: string | undefined): LoadStep {
  const change: Change = {
    action: 'load',
    target: name,
    from: 'absent',
    to: options === undefined ? 'loaded' : `loaded, ${options}`,
    scope: 'live',
    // Pods may have neither network nor root file system without it.
    urgent: true,
    disruption: 'None',
  };
  const memo: Memo = { key: liveKey(name), original: { state: 'absent' }, wrote: 'loaded' };
  return { kind: 'load', name, options, changes: [change], memos: [memo], chain: name };
}

/** The step that sets a parameter now, or waits for a reboot when the kernel takes it only at load time. */
export function parameterStep(name: string, realName: string, drift: ParameterDrift): ParameterStep {
  const { parameter, from, to, writable } = drift;
  const change: Change = {
    action: 'update',
    target: name,
    from: `${parameter}=${from}`,
    to: `${parameter}=${to}`,
    scope: 'live',
    disruption: writable ? 'None' : 'Reboot',
  };
  const memo: Memo = { key: liveKey(name, parameter), original: { state: 'value', value: from }, wrote: to };
  const waits = writable ? { memos: [memo] } : ({ reason: 'ModuleParameters' } as const);
  return { kind: 'set-parameter', name, realName, parameter, to, changes: [change], chain: name, ...waits };
}
