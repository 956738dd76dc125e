/** What is served: /metrics, /healthz and /readyz. Nothing else, and nothing can be changed. */
import type { IncomingMessage } from 'node:http';
import type { NodeReport } from '../../reconcile/report/node-report.ts';
import type { Gate } from './access.ts';
import type { Answer } from './answer.ts';
import type { Metrics } from '../metrics/metrics.ts';

/** A process that stands by has nothing to say of the host. */
export interface StandbyNote {
  readonly text: string;
  /** Whether another agent is known to manage the host. */
  readonly ready: boolean;
}

/** What the answers are made from. */
export interface RouteOptions {
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  /** The newest report, `undefined` before the first round has ended. */
  readonly report: () => NodeReport | undefined;
  /** Behind whom this process stands by, when it does. */
  readonly standby: () => StandbyNote | undefined;
  /** Checks readers of the metrics; without it the endpoint is for this machine only. */
  readonly gate: Gate | undefined;
}

const LOOPBACK_HOST = /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?$/i;

/** Answers one request. */
export function answering(options: RouteOptions): (request: IncomingMessage) => Promise<Answer> {
  const { metrics, report, standby, gate } = options;
  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<Answer>>> = {
    '/metrics': async ({ headers }) =>
      (await gate?.(headers.authorization)) ?? {
        code: 200,
        text: await metrics.render(),
        contentType: metrics.contentType,
      },
    '/healthz': async () => ({ code: 200, text: 'ok\n' }),
    '/readyz': async () => standbyAnswer(standby(), gate === undefined) ?? readiness(report(), gate === undefined),
  };
  return async (request) => {
    if (gate === undefined && !isLoopbackHost(request.headers.host)) {
      return { code: 403, text: 'Only served under a loopback address: use http://127.0.0.1.\n' };
    }
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (route === undefined) return { code: 404, text: 'Not found. There are /metrics, /healthz and /readyz.\n' };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return { code: 405, text: 'Only GET and HEAD.\n', headers: { allow: 'GET, HEAD' } };
    }
    return route(request);
  };
}

/**
 * A web page in a browser of this machine must not reach the endpoint under a name of its own (DNS rebinding).
 * Without a Host header it is no browser; HTTP/1.1 requires one, and Node answers 400 itself.
 */
function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || LOOPBACK_HOST.test(host);
}

function standbyAnswer(note: StandbyNote | undefined, withMessage: boolean): Answer | undefined {
  return note && { code: note.ready ? 200 : 503, text: `standing by${withMessage ? `: ${note.text}` : ''}\n` };
}

/** Without the message: it names files and values of the host, and the port may be reachable by any pod. */
function readiness(report: NodeReport | undefined, withMessage: boolean): Answer {
  const ready = report?.conditions.find((condition) => condition.type === 'Ready');
  if (ready === undefined) return { code: 503, text: 'not ready: Bootstrapping: the first round has not ended yet\n' };
  if (ready.status === 'True') return { code: 200, text: 'ready\n' };
  return { code: 503, text: `not ready: ${ready.reason}${withMessage ? `: ${ready.message}` : ''}\n` };
}
