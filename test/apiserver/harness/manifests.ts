/** What the manifests of the project make of a cluster. */
import { join } from 'node:path';
import { inject } from 'vitest';
import type { ControlPlane } from './control-plane.ts';
import { type Kubectl, kubectlWith } from './kubectl.ts';
import { type Identity, type Send, sender } from './request.ts';

/** The folder of all manifests. */
export const MANIFESTS = join(import.meta.dirname, '../../../manifests');

export const NAMESPACE = 'nodeprep-system';
export const AGENT = 'nodeprep-agent';
/** How the API server calls the agents. */
export const AGENT_USER = `system:serviceaccount:${NAMESPACE}:${AGENT}`;

/** Whether the server knows what Kubernetes 1.30 does: admission policies, and every field of the DaemonSet. */
export function isRecent({ minor }: ControlPlane): boolean {
  return minor >= 30;
}

/** The newest kubectl there is: its kustomize is what people have, and the one of 1.20 cannot read our files. */
export function newestKubectl(plane: ControlPlane): Kubectl {
  const program = inject('controlPlane').assets.current?.kubectl ?? plane.assets.kubectl;
  return kubectlWith(program, plane.kubeconfig, join(plane.folder, 'home'));
}

/** Options of `kubectl apply` for a server that does not know every field: it drops those instead of refusing them. */
export function leniency(plane: ControlPlane): readonly string[] {
  return isRecent(plane) ? [] : ['--validate=ignore'];
}

/** Applies a kustomization below the manifests; throws with kubectl's own words when that fails. */
export async function applyManifests(plane: ControlPlane, kustomization: string): Promise<string> {
  const kubectl = newestKubectl(plane);
  const { code, out, err } = await kubectl(['apply', ...leniency(plane), '-k', join(MANIFESTS, kustomization)]);
  if (code !== 0) throw new Error(`kubectl apply -k ${kustomization}: ${err}`);
  return out;
}

/** A token of the agents' ServiceAccount, as the kubelet gets one for a pod. */
export async function agentToken(plane: ControlPlane): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${AGENT}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { code, body } = await plane.send('POST', path, request);
  if (code !== 201) throw new Error(`No token for the agents: ${code} ${JSON.stringify(body)}`);
  return (body as { status: { token: string } }).status.token;
}

/** Requests with such a token. */
export async function agentSender(plane: ControlPlane): Promise<{ readonly send: Send; readonly close: () => void }> {
  return sender(plane.url, { ca: plane.authority.ca, token: await agentToken(plane) });
}

/** Requests of an administrator who acts as the agent of a node; without one its token names none. */
export function asAgentOf(
  plane: ControlPlane,
  node?: string,
  user = AGENT_USER,
): { readonly send: Send; readonly close: () => void } {
  const { authority, admin, url } = plane;
  const claim = 'Impersonate-Extra-authentication.kubernetes.io%2fnode-name';
  const identity: Identity = {
    ca: authority.ca,
    cert: admin.cert,
    key: admin.key,
    headers: { 'Impersonate-User': user, ...(node === undefined ? {} : { [claim]: node }) },
  };
  return sender(url, identity);
}
