/** Stands between an agent and its API server and counts what is asked. */
import { onTestFinished } from 'vitest';
import { startHttpFaultProxy } from '../../support/http-fault-proxy.ts';
import type { ControlPlane } from './control-plane.ts';

/** What was asked so far. */
export interface CountingProxy {
  readonly kubeconfig: string;
  readonly total: () => number;
  /** Requests of a method whose path ends with the given one. */
  readonly count: (method: string, pathEnd: string) => number;
  /** Lets time pass; calls back ten times a second. */
  readonly during: (ms: number, tick?: () => void) => Promise<void>;
}

/** A proxy that lives as long as the test. */
export async function startCountingProxy(plane: ControlPlane): Promise<CountingProxy> {
  const { authority, admin, url } = plane;
  const proxy = await startHttpFaultProxy({
    server: { url, ca: authority.ca, cert: admin.cert, key: admin.key },
    certificate: await authority.forServer('localhost'),
    clientCa: authority.ca,
  });
  onTestFinished(() => proxy.close());
  const identity = { ca: authority.ca, cert: admin.cert, key: admin.key };
  return {
    kubeconfig: await plane.kubeconfigFor(`counted-${proxy.port}`, identity, proxy.url),
    total: () => proxy.seen.length,
    count: (method, pathEnd) =>
      proxy.seen.filter((one) => one.method === method && one.url.pathname.endsWith(pathEnd)).length,
    during: (ms, tick) =>
      new Promise((resolve) => {
        const ticking = setInterval(() => tick?.(), 100);
        const ending = () => {
          clearInterval(ticking);
          resolve();
        };
        setTimeout(ending, ms);
      }),
  };
}
