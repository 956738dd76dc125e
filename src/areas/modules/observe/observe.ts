/** Observes everything that `plan` needs to know about the declared modules. */
import type { Kernel, HostReader } from '../../../host/host.ts';
import type { Memory } from '../../area.ts';
import type { Desired } from '../desired.ts';
import { GUIDE_MODULES } from '../knowledge.ts';
import { type ConfigProblem, type Located, located, readConfig } from './observe-config.ts';
import {
  type KernelFacts,
  type ParameterObserved,
  hasEffect,
  observeKernel,
  observeParameter,
} from './observe-kernel.ts';
import { type ModuleTree, listReleases, readModuleTree } from './observe-tree.ts';
import { LOAD_FILE, OPTIONS_FILE, thingOf } from '../plan/own-files.ts';
import { kernelParameter, parseParameters } from '../parameters.ts';
import { type ListedModule, type ModprobeDirective, parseLoadList, parseModprobeConfig } from './parse.ts';

/** How a module is in the kernel; `effect`: the kernel does what it would do, without showing it. */
export type Presence = 'loaded' | 'built-in' | 'effect' | 'absent';

/** One module as the host shows it. */
export interface ModuleObserved {
  readonly presence: Presence;
  /** The module that the name is an alias of, when it is one. */
  readonly realName: string;
  /** The declared parameters, and those that our file still sets, as far as sysfs shows them. */
  readonly parameters: ReadonlyMap<string, ParameterObserved>;
}

/** What the area knows about the host. */
export interface Observed {
  readonly kernel: Kernel;
  readonly facts: KernelFacts;
  /** Every declared module, every one that our files or records name, and those that the guides have people check. */
  readonly modules: ReadonlyMap<string, ModuleObserved>;
  /** The tree of the running kernel, or of each kernel of an image. */
  readonly trees: readonly ModuleTree[];
  /** Other releases with a module tree; known only when the running kernel has none. */
  readonly otherReleases: readonly string[];
  /** Every modules-load.d line in force, ours included. */
  readonly listed: readonly Located<ListedModule>[];
  /** Every modprobe.d directive in force, ours included. */
  readonly directives: readonly Located<ModprobeDirective>[];
  /** Files of both directories that could not be read. */
  readonly problems: readonly ConfigProblem[];
  /** Our two files as they are, one character per byte. */
  readonly loadFile: string | undefined;
  readonly optionsFile: string | undefined;
}

const loadListLines = located(parseLoadList);
const modprobeLines = located(parseModprobeConfig);

/** Reads the host for the declared modules. */
export async function observeModules(
  host: HostReader,
  desired: Desired,
  signal: AbortSignal,
  memory: Memory = new Map(),
): Promise<Observed> {
  const facts = await observeKernel(host);
  const loadConfig = await readConfig(host, 'modules-load.d', loadListLines);
  const modprobeConfig = await readConfig(host, 'modprobe.d', modprobeLines);
  const [listed, directives] = [loadConfig.lines, modprobeConfig.lines];
  const problems = [...loadConfig.problems, ...modprobeConfig.problems];
  signal.throwIfAborted();
  const loadFile = await host.readFile(LOAD_FILE, 'bytes');
  const optionsFile = await host.readFile(OPTIONS_FILE, 'bytes');

  const wanted = wantedParameters(desired, { listed, directives, memory });
  let trees = await readTrees(host, facts, false);
  let presences = await presencesOf(host, { facts, trees, directives }, [...wanted.keys()]);
  const someAbsent = desired.entries.some((entry) => presences.get(entry.name)?.presence === 'absent');
  if (someAbsent) {
    trees = await readTrees(host, facts, true);
    presences = await presencesOf(host, { facts, trees, directives }, [...wanted.keys()]);
  }
  signal.throwIfAborted();
  const modules = new Map<string, ModuleObserved>();
  for (const [name, seen] of presences) {
    const parameters = new Map<string, ParameterObserved>();
    for (const parameter of seen.presence === 'absent' ? [] : (wanted.get(name) ?? [])) {
      const observed = await observeParameter(host, seen.realName, parameter);
      if (observed !== undefined) parameters.set(parameter, observed);
    }
    modules.set(name, { ...seen, parameters });
  }
  const otherReleases = someAbsent && trees.length === 0 ? await listReleases(host) : [];
  return {
    kernel: host.kernel,
    facts,
    modules,
    trees,
    otherReleases,
    listed,
    directives,
    problems,
    loadFile,
    optionsFile,
  };
}

/** Whether a module is in the kernel, and how; for reading back after a change. */
export async function observePresence(host: HostReader, name: string): Promise<Presence> {
  const facts = await observeKernel(host);
  const trees = await readTrees(host, facts, true);
  const directives = (await readConfig(host, 'modprobe.d', modprobeLines)).lines;
  return (await presencesOf(host, { facts, trees, directives }, [name])).get(name)?.presence ?? 'absent';
}

type Seen = Pick<ModuleObserved, 'presence' | 'realName'>;
type Evidence = Pick<Observed, 'facts' | 'trees' | 'directives'>;

async function presencesOf(host: HostReader, evidence: Evidence, names: readonly string[]): Promise<Map<string, Seen>> {
  const seen = new Map<string, Seen>();
  for (const name of names) {
    const own = await presenceOf(host, evidence, name);
    const realName = own === 'absent' ? (aliasOf(evidence, name) ?? name) : name;
    const presence = realName === name ? own : await presenceOf(host, evidence, realName);
    seen.set(name, { presence, realName });
  }
  return seen;
}

async function presenceOf(host: HostReader, { facts, trees }: Evidence, name: string): Promise<Presence> {
  // An image may hold several kernels, and has the module only when each of them has.
  if (trees.length > 0 && trees.every((tree) => tree.builtIn.has(name))) return 'built-in';
  if (facts.loaded?.has(name) === true) return 'loaded';
  if (facts.shown.has(name)) return (await isBuiltInBySysfs(host, facts, name)) ? 'built-in' : 'loaded';
  return (await hasEffect(host, facts, name)) ? 'effect' : 'absent';
}

/**
 * `/sys/module` also shows built-in code that has parameters or a version. Only what was loaded has
 * `initstate` and a line in `/proc/modules`. A captured `/proc` may lack the latter for no reason.
 */
async function isBuiltInBySysfs(host: HostReader, facts: KernelFacts, name: string): Promise<boolean> {
  if (facts.loaded === undefined) return host.kernel === 'running' && facts.proc;
  return (await host.stat(`/sys/module/${name}/initstate`)) === undefined;
}

async function readTrees(host: HostReader, facts: KernelFacts, complete: boolean): Promise<ModuleTree[]> {
  const releases =
    facts.release !== undefined ? [facts.release] : host.kernel === 'absent' ? await listReleases(host) : [];
  const trees: ModuleTree[] = [];
  for (const release of releases) {
    const tree = await readModuleTree(host, release, complete);
    if (tree !== undefined) trees.push(tree);
  }
  return trees;
}

function aliasOf({ trees, directives }: Evidence, name: string): string | undefined {
  if (trees.some((tree) => tree.builtIn.has(name) || tree.loadable?.has(name) === true)) return undefined;
  const configured = directives.find((line) => line.directive === 'alias' && line.rest === name)?.module;
  return configured ?? trees.map((tree) => tree.aliases.get(name)).find((target) => target !== undefined);
}

function wantedParameters(
  desired: Desired,
  { listed, directives, memory }: Pick<Observed, 'listed' | 'directives'> & { readonly memory: Memory },
): Map<string, Set<string>> {
  const wanted = new Map<string, Set<string>>();
  const want = (module: string, parameters: Iterable<string>) => {
    const known = wanted.get(module) ?? new Set();
    for (const parameter of parameters) known.add(kernelParameter(parameter));
    wanted.set(module, known);
  };
  for (const name of GUIDE_MODULES) want(name, []);
  for (const entry of desired.entries) want(entry.name, Object.keys(entry.parameters));
  for (const { file, name } of listed) if (file === LOAD_FILE) want(name, []);
  for (const { file, directive, module, rest } of directives) {
    if (file === OPTIONS_FILE && directive === 'options') want(module, parseParameters(rest).keys());
  }
  // What is declared no more may have to go back, or stays until the next reboot.
  for (const key of memory.keys()) {
    const thing = thingOf(key);
    if (thing !== undefined) want(thing.name, thing.parameter === undefined ? [] : [thing.parameter]);
  }
  return wanted;
}
