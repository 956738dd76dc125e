/** Where the objects of one node are in the API, and under which names they are written. */
import { API_VERSION } from '../api/spec/nodeprep.ts';

/** Field manager of the spec from the files of the host; never forces. */
export const LOCAL_FILE_MANAGER = 'nodeprep-local-file';
/** Field manager of the status and of the condition of the Node, which it owns alone. */
export const AGENT_MANAGER = 'nodeprep-agent';

/** Field manager that restores a NodePrep which the cluster has lost, from the record of the host. */
export const RECORD_MANAGER = 'nodeprep-record';

/** Field manager of labels copied from the Node. Not the manager of the status: old servers do not keep the two apart. */
export const LABELS_MANAGER = 'nodeprep-node-labels';

/** Name of the definition of NodePreps. */
export const DEFINITION_NAME = 'nodepreps.nodeprep.dev';
/** Where that is. */
export const DEFINITION_PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${DEFINITION_NAME}`;

/** What the server offers of our group. */
export const NODE_PREP_GROUP_PATH = `/apis/${API_VERSION}`;

/** All NodePreps. */
export const NODE_PREPS_PATH = `${NODE_PREP_GROUP_PATH}/nodepreps`;

/** The NodePrep of a node. */
export function nodePrepPath(node: string): string {
  return `${NODE_PREPS_PATH}/${encodeURIComponent(node)}`;
}

/** Its status subresource. */
export function statusPath(node: string): string {
  return `${nodePrepPath(node)}/status`;
}

/** The Node itself. */
export function nodePath(node: string): string {
  return `/api/v1/nodes/${encodeURIComponent(node)}`;
}

/** The Lease by which the agent of a node shows that it is alive. */
export function leasePath(namespace: string, node: string): string {
  return `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases/${encodeURIComponent(node)}`;
}

/** Events about objects without a namespace are kept in this one. */
export const EVENTS_PATH = '/api/v1/namespaces/default/events';

/** What messages call the NodePrep of a node. */
export function nodePrepTitle(node: string): string {
  return `nodepreps/${node}`;
}

/** An object with the given spec or status, as an apply sends it; a `uid` must be that of an object that exists. */
export function appliedNodePrep(
  node: string,
  part: { readonly spec: object } | { readonly status: object },
  uid?: string,
): object {
  const metadata = { name: node, ...(uid === undefined ? {} : { uid }) };
  return { apiVersion: API_VERSION, kind: 'NodePrep', metadata, ...part };
}
