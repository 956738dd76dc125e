/** The definition of NodePrep in a control plane. */
import { join } from 'node:path';
import { vi } from 'vitest';
import type { ControlPlane } from './control-plane.ts';
import { NAMESPACE } from './manifests.ts';

/** The file that people apply. */
export const DEFINITION = join(import.meta.dirname, '../../../crds/nodeprep.dev_nodepreps.yaml');

/** Path of all NodePreps. */
export const NODEPREPS = '/apis/nodeprep.dev/v1alpha1/nodepreps';

/** Whether the server checks CEL rules and unknown fields; 1.20 does neither. */
export function checksRules({ minor }: ControlPlane): boolean {
  return minor >= 29;
}

/** The namespace of the agents' Leases, where the server knows namespaces; it stays when it is there already. */
export async function makeNamespace({ send }: ControlPlane): Promise<void> {
  const { code } = await send('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  });
  if (![201, 404, 409].includes(code)) throw new Error(`The namespace ${NAMESPACE} was refused: ${code}`);
}

/** Installs the definition as a person would and waits until the server serves it. */
export async function installDefinition(plane: ControlPlane): Promise<void> {
  // CEL rules came after 1.20, which takes the definition without them, but not by server-side apply.
  const how = checksRules(plane) ? ['--server-side'] : ['--validate=false'];
  const applied = await plane.kubectl(['apply', ...how, '-f', DEFINITION]);
  if (applied.code !== 0) throw new Error(`The definition was refused: ${applied.err}`);
  await plane.kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/nodepreps.nodeprep.dev']);
  await vi.waitFor(
    async () => {
      const { code } = await plane.send('GET', NODEPREPS);
      if (code !== 200) throw new Error(`NodePreps are not served: ${code}`);
    },
    { timeout: 30_000, interval: 100 },
  );
}
