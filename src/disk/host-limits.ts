import { SpecInvalidError } from '../api/yaml/errors.ts';
import { type LimitBreach, limitProblems, LIMITS_PATH, parseLimits, type RealNames } from '../api/spec/limits.ts';
import type { AreaName, NodePrepSpec } from '../api/spec/nodeprep.ts';
import { everyArea } from '../areas/index.ts';
import { HostFileError } from '../host/errors.ts';
import type { HostReader } from '../host/host.ts';
import { refuseDistrusted } from './distrust.ts';

/** Why the owner of this host does not let a cluster ask for this; limits that cannot be read allow nothing new. */
export async function beyondLimitsOf(
  host: HostReader,
  spec: NodePrepSpec,
  called: string,
): Promise<LimitBreach | undefined> {
  try {
    const text = await host.readFile(LIMITS_PATH, 'bytes');
    if (text === undefined) return undefined;
    await refuseDistrusted(host, [LIMITS_PATH]);
    const limits = parseLimits(LIMITS_PATH, Buffer.from(text, 'latin1'));
    const problems = limitProblems(spec, limits, called, await realNames(host, spec));
    return problems.length === 0 ? undefined : { problem: new SpecInvalidError(problems).message, isCertain: true };
  } catch (error) {
    if (!(error instanceof SpecInvalidError || error instanceof HostFileError)) throw error;
    const problem = `Nothing new of the cluster is enforced as long as the limits of this host cannot be read: ${error.message}`;
    return { problem, isCertain: false };
  }
}

/** The names that the host has for entries of the areas that are declared. */
async function realNames(host: HostReader, spec: NodePrepSpec): Promise<RealNames> {
  const declared = everyArea(({ name, namesOnHost }) => ({ name, namesOnHost })).filter(({ name }) => spec[name]);
  const names: [AreaName, (name: string) => string][] = [];
  for (const { name, namesOnHost } of declared) {
    if (namesOnHost !== undefined) names.push([name, await namesOnHost(host, spec)]);
  }
  return Object.fromEntries(names);
}
