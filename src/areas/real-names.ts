import type { NodePrepSpec } from '../api/spec/nodeprep.ts';
import type { HostReader } from '../host/host.ts';
import { modules } from './modules/index.ts';

/** By which name the kernel of a host knows a module: a spec may declare one by an alias such as `fs-udf`. */
export async function realModuleNames(host: HostReader, spec: NodePrepSpec): Promise<(name: string) => string> {
  if ((spec.modules ?? []).length === 0) return (name) => name;
  const observed = await modules.observe(host, modules.desired(spec), new AbortController().signal);
  return (name) => observed.modules.get(name)?.realName ?? name;
}
