/** What the agent exchanges with the API server, as metrics; only where there is one. */
import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import type Registry from 'prom-client/lib/registry.js';

const VERBS = ['get', 'watch', 'patch', 'create'] as const;
const CODES = ['2xx', '3xx', '4xx', '5xx', 'error'] as const;

/** Takes note of every exchange with the API server. */
export interface ClusterMetrics {
  /** `code` is that of the answer, or `error` when there was none. */
  readonly onRequest: (verb: string, code: number | 'error') => void;
  readonly onContact: () => void;
  readonly onConnected: (isConnected: boolean) => void;
}

/** Registers the metrics, every label set present. */
export function clusterMetrics(registry: Registry, now: () => Date): ClusterMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: 'nodeprep_kube_requests_total',
    help: 'Requests to the API server by class of the answer; error: there was none. A watch counts when it ends.',
    labelNames: ['verb', 'code'],
    registers,
  });
  const connected = new Gauge({
    name: 'nodeprep_kube_connected',
    help: '1 while the NodePrep of this node is followed in the API server.',
    registers,
  });
  const lastContact = new Gauge({
    name: 'nodeprep_kube_last_contact_timestamp_seconds',
    help: 'Unix time at which the API server was heard last; 0 before.',
    registers,
  });
  for (const verb of VERBS) for (const code of CODES) requests.inc({ verb, code }, 0);
  return {
    onRequest: (verb, code) => requests.inc({ verb, code: classOf(code) }),
    onContact: () => lastContact.set(Math.floor(now().getTime() / 1000)),
    onConnected: (isConnected) => connected.set(isConnected ? 1 : 0),
  };
}

function classOf(code: number | 'error'): (typeof CODES)[number] {
  if (code === 'error') return code;
  return CODES.find((one) => one.startsWith(String(Math.floor(code / 100)))) ?? 'error';
}
