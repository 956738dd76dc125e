/**
 * Has containerd itself say what it makes of a text before the text is written: `config dump` of what is in force and of a
 * candidate may differ in the driver only. That it ends with 0 proves the syntax and no more.
 */
import { posix } from 'node:path';
import { scalarText } from '../../../api/yaml/words.ts';
import { CommandError } from '../../../host/errors.ts';
import type { Host } from '../../../host/host.ts';
import { StepError } from '../../area.ts';
import { isTable, objectIn, type Table, textOf } from '../../tables.ts';
import { differencesOf } from '../edit/differences.ts';
import { CRI_PLUGIN } from '../observe/containerd-tables.ts';
import { isOfRunc } from '../observe/cri/cri.ts';
import { tomlFrom } from '../observe/toml.ts';
import type { ContainerdProof, WriteStep } from '../plan/steps.ts';
import { sumOfText } from '../refused.ts';

/** What is proved. */
export type Proved = Pick<WriteStep, 'file' | 'before' | 'after'> & { readonly proof: ContainerdProof };

/** Long enough for a machine that is emulated and busy. */
const TIMEOUT_MS = 60_000;
/** Refusals by host and text: until spec or files change, the same text is not shown again. */
const refusals = new WeakMap<Host, { readonly text: string; readonly message: string }>();

/** Throws `StepError` unless the text changes the driver and nothing else. */
export async function proveByContainerd(host: Host, proved: Proved, signal: AbortSignal): Promise<void> {
  const { file, after = '', proof } = proved;
  const text = sumOfText(`${file}\0${after}\0${proof.program}\0${proof.seen}`);
  const known = refusals.get(host);
  const message = known?.text === text ? known.message : await refusal(host, proved, signal);
  if (message === undefined) return;
  refusals.set(host, { text, message });
  throw new StepError('RuntimeConfigUnsafe', message);
}

async function refusal(host: Host, { file, before, after = '', proof }: Proved, signal: AbortSignal) {
  const { main, program, version, driver } = proof;
  const [candidate, wrapper, last] = ['candidate', 'wrapper', 'last'].map((name) => candidatePath(main, name)) as [
    string,
    string,
    string,
  ];
  const show = (path: string) => dump(host, [program, '-c', path, 'config', 'dump'], signal);
  const put = (path: string, text: string) => host.writeFile(path, text, { mode: 0o600 });
  const importing = (...paths: readonly string[]) => `version = ${version}\nimports = ${JSON.stringify(paths)}\n`;
  const begin = `${file} is left as it is: `;
  try {
    let now: Table | string;
    if (file === main) {
      if (before === undefined) await put(candidate, `version = ${version}\n`);
      now = await show(before === undefined ? candidate : main);
      await put(candidate, after);
    } else {
      await put(wrapper, importing(main));
      now = await show(wrapper);
      await put(candidate, after);
      // Files are merged level by level: one level down, it comes after the drop-ins that the main file imports.
      await put(last, importing(candidate));
      await put(wrapper, importing(main, last));
    }
    if (typeof now === 'string')
      return `${begin}containerd does not take its present configuration (${now}). Correct it.`;
    const then = await show(file === main ? candidate : wrapper);
    if (typeof then === 'string')
      return `${begin}containerd refuses what NodePrep would write (${then}). Write the driver by hand.`;
    const problem = problemBetween(now, then, driver === undefined ? undefined : driver === 'systemd');
    return problem === undefined ? undefined : `${begin}${problem}. Write the driver by hand.`;
  } finally {
    for (const path of [candidate, wrapper, last]) await host.removeFile(path);
  }
}

/** Beside the main file, because relative imports are looked for in its folder; swept after a kill by its name. */
function candidatePath(main: string, what: string): string {
  return `${posix.dirname(main)}/.${posix.basename(main)}.${what}.nodeprep.tmp`;
}

/** The configuration with all defaults, or the error of containerd. */
async function dump(host: Host, command: readonly [string, ...string[]], signal: AbortSignal): Promise<Table | string> {
  try {
    const { stdout } = await host.run(command, { timeoutMs: TIMEOUT_MS, signal });
    const { parsed } = tomlFrom(stdout);
    return 'table' in parsed ? parsed.table : `its dump cannot be read, ${parsed.problem}`;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CommandError) || error.timedOut) throw error;
    const said = error.stderr.trim() === '' ? error.message : error.stderr.trim();
    return said.split('\n').at(-1)?.slice(0, 300) ?? '';
  }
}

const PLUGINS = [CRI_PLUGIN[2], CRI_PLUGIN[3]] as const;

function problemBetween(now: Table, then: Table, isSystemd: boolean | undefined): string | undefined {
  for (const [name, runtime] of runtimesIn(then)) {
    const type = textOf(objectIn({ runtime }, 'runtime')['runtime_type']);
    if (!isOfRunc(type)) continue;
    if (type === '') return `containerd would take the runtime ${name} without runtime_type, and no pod could start`;
    const value = objectIn(objectIn({ runtime }, 'runtime'), 'options')['SystemdCgroup'] ?? false;
    if (isSystemd !== undefined && value !== isSystemd) {
      return `containerd would take SystemdCgroup = ${scalarText(value)} for the runtime ${name}, from another file`;
    }
  }
  const [first] = differencesOf(comparable(now), comparable(then));
  return first === undefined ? undefined : `containerd would change ${first.join('.')} as well`;
}

function runtimesIn(dumped: Table): readonly (readonly [string, unknown])[] {
  const plugins = objectIn(dumped, 'plugins');
  return PLUGINS.flatMap((name) =>
    Object.entries(objectIn(objectIn(objectIn(plugins, name), 'containerd'), 'runtimes')),
  );
}

/** Without the driver, the names of files, and what a table of a runtime that stands in a file leaves at its default. */
function comparable(dumped: Table): Table {
  const { imports: _, ...rest } = dumped;
  const plugins: Record<string, unknown> = { ...objectIn(dumped, 'plugins') };
  for (const name of PLUGINS) {
    const plugin = objectIn(plugins, name);
    const containerd = objectIn(plugin, 'containerd');
    if (!isTable(containerd['runtimes'])) continue;
    const runtimes: Record<string, Table> = {};
    for (const [key, runtime] of Object.entries(containerd['runtimes'])) runtimes[key] = said(runtime);
    plugins[name] = { ...plugin, containerd: { ...containerd, runtimes } };
  }
  return { ...rest, plugins };
}

function said(runtime: unknown): Table {
  if (!isTable(runtime)) return {};
  const { SystemdCgroup: _, ...options } = objectIn(runtime, 'options');
  return withoutDefaults({ ...runtime, options: withoutDefaults(options) });
}

/** 1.x fills in these when it starts, and prints them only of its own default runtime. */
function withoutDefaults(table: Table): Table {
  const isDefault = (value: unknown) =>
    value === '' ||
    value === false ||
    Number(value) === 0 ||
    value === 'podsandbox' ||
    (isTable(value) && Object.keys(value).length === 0);
  return Object.fromEntries(Object.entries(table).filter(([, value]) => !isDefault(value)));
}
