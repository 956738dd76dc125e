import { SpecInvalidError } from '../api/yaml/errors.ts';
import { type LimitBreach, limitProblems, LIMITS_PATH, parseLimits } from '../api/spec/limits.ts';
import type { NodePrepSpec } from '../api/spec/nodeprep.ts';
import { realModuleNames } from '../areas/real-names.ts';
import { HostFileError } from '../host/errors.ts';
import type { HostReader } from '../host/host.ts';

/** Why the owner of this host does not let a cluster ask for this; limits that cannot be read allow nothing new. */
export async function beyondLimitsOf(
  host: HostReader,
  spec: NodePrepSpec,
  called: string,
): Promise<LimitBreach | undefined> {
  try {
    const text = await host.readFile(LIMITS_PATH, 'bytes');
    if (text === undefined) return undefined;
    const limits = parseLimits(LIMITS_PATH, Buffer.from(text, 'latin1'));
    const problems = limitProblems(spec, limits, called, await realModuleNames(host, spec));
    return problems.length === 0 ? undefined : { problem: new SpecInvalidError(problems).message, isCertain: true };
  } catch (error) {
    if (!(error instanceof SpecInvalidError || error instanceof HostFileError)) throw error;
    const problem = `Nothing new of the cluster is enforced as long as the limits of this host cannot be read: ${error.message}`;
    return { problem, isCertain: false };
  }
}
