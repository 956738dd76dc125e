/** A ConfigMap on a real API server that is followed through a proxy, with time-outs that suit a test. */
import { onTestFinished } from 'vitest';
import { createApiClient } from '../../../src/kubernetes/transport/create-api-client.ts';
import { type FollowedObject, followObject } from '../../support/followed-object.ts';
import {
  type HttpFaultProxy,
  type HttpFaultProxyOptions,
  startHttpFaultProxy,
} from '../../support/http-fault-proxy.ts';
import { startTcpFaultProxy, type TcpFaultProxy } from '../../support/tcp-fault-proxy.ts';
import type { ControlPlane } from '../harness/control-plane.ts';

/** The collection in which the tests keep their objects. */
export const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
/** As the defaults, about thirty times faster. */
export const IMPATIENT = { connectMs: 1000, pingIntervalMs: 300, pingAnswerMs: 700, requestMs: 1500 };

/** An object with a name of its own, and how the test changes it behind the back of the proxy. */
export interface Subject {
  readonly name: string;
  readonly set: (value: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

let made = 0;

/** Makes an object that has the value `one`. */
export async function makeSubject(plane: ControlPlane): Promise<Subject> {
  made += 1;
  const name = `subject-${made}`;
  const path = `${CONFIG_MAPS}/${name}`;
  const check = async (sent: ReturnType<ControlPlane['send']>) => {
    const answer = await sent;
    if (answer.code >= 300) throw new Error(`${name}: ${answer.code} ${JSON.stringify(answer.body)}`);
  };
  const object = (value: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { value } });
  await check(plane.send('POST', CONFIG_MAPS, object('one')));
  return {
    name,
    set: (value) => check(plane.send('PATCH', path, { data: { value } }, 'application/merge-patch+json')),
    remove: () => check(plane.send('DELETE', path)),
  };
}

/** Follows the subject through a TCP proxy as administrator. */
export async function followThroughTcp(
  plane: ControlPlane,
  { name }: Pick<Subject, 'name'>,
): Promise<{ followed: FollowedObject; proxy: TcpFaultProxy }> {
  const proxy = await startTcpFaultProxy(plane.port);
  const { authority, admin } = plane;
  const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
  const kubeconfig = await plane.kubeconfigFor(`tcp-${proxy.port}`, identity, `https://127.0.0.1:${proxy.port}`);
  return { followed: follow(kubeconfig, name, () => proxy.close()), proxy };
}

/** Follows the subject through an HTTP proxy that wants a client certificate. */
export async function followThroughHttp(
  plane: ControlPlane,
  { name }: Pick<Subject, 'name'>,
  options: Partial<HttpFaultProxyOptions> = {},
): Promise<{ followed: FollowedObject; proxy: HttpFaultProxy }> {
  const proxy = await startProxy(plane, options);
  const { authority, admin } = plane;
  const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
  const kubeconfig = await plane.kubeconfigFor(`http-${proxy.port}`, identity, proxy.url);
  return { followed: follow(kubeconfig, name, () => proxy.close()), proxy };
}

/** An HTTP proxy before the control plane with a certificate that its authority issued. */
export async function startProxy(
  plane: ControlPlane,
  options: Partial<HttpFaultProxyOptions> = {},
): Promise<HttpFaultProxy> {
  const { authority, admin, url } = plane;
  const server = { url, ca: authority.ca, cert: admin.cert, key: admin.key };
  const certificate = await authority.forServer('proxy');
  return startHttpFaultProxy({ server, certificate, clientCa: authority.ca, ...options });
}

/** Follows with a kubeconfig and ends everything with the test. */
export function follow(kubeconfig: string, name: string, after: () => Promise<void>): FollowedObject {
  const client = createApiClient({ kubeconfig, userAgent: 'nodeprep-test', ...IMPATIENT });
  const followed = followObject(client, { path: CONFIG_MAPS, name });
  onTestFinished(async () => {
    await followed.stop();
    await client.close();
    await after();
  });
  return followed;
}
