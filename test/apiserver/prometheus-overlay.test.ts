/**
 * The overlay for clusters with the Prometheus operator. Its two kinds are only stubs here: what they hold is checked
 * with Prometheus itself, and that they are about our pods in here.
 */
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { usingControlPlane } from './harness/control-plane.ts';
import { MANIFESTS, newestKubectl } from './harness/manifests.ts';

const OVERLAY = join(MANIFESTS, 'overlays/prometheus-operator');

interface Rendered {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec?: Readonly<Record<string, unknown>>;
}

const stub = (kind: string, plural: string) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.monitoring.coreos.com` },
  spec: {
    group: 'monitoring.coreos.com',
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [
      {
        ...{ name: 'v1', served: true, storage: true },
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

describe('kubectl apply -k overlays/prometheus-operator', () => {
  const plane = usingControlPlane({ flavor: 'current' });

  async function rendered(kind: string): Promise<readonly Rendered[]> {
    const { out } = await newestKubectl(plane())(['kustomize', OVERLAY]);
    const all = parseAllDocuments(out).map((document) => document.toJS() as Rendered);
    return all.filter((one) => one.kind === kind);
  }

  test('is accepted where the kinds of the operator are known', { timeout: 60_000 }, async () => {
    const { send } = plane();
    const kubectl = newestKubectl(plane());
    for (const definition of [stub('PodMonitor', 'podmonitors'), stub('PrometheusRule', 'prometheusrules')])
      await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition);
    const isServed = async () => (await send('GET', '/apis/monitoring.coreos.com/v1/prometheusrules')).code;
    await vi.waitFor(async () => expect(await isServed()).toBe(200), { timeout: 30_000, interval: 200 });

    const { code, out, err } = await kubectl(['apply', '--server-side', '-k', OVERLAY]);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const applied of ['podmonitor.', 'prometheusrule.', 'configmap/nodeprep-dashboard', 'daemonset.'])
      expect(out).toContain(applied);
  });

  test('is everything that manifests/ is, and what watches it', async () => {
    const kubectl = newestKubectl(plane());
    const names = (text: string) => {
      const all = parseAllDocuments(text).map((document) => document.toJS() as Rendered);
      return all.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`).toSorted();
    };
    const everything = names((await kubectl(['kustomize', MANIFESTS])).out);

    const all = names((await kubectl(['kustomize', OVERLAY])).out);

    expect(all).toEqual(expect.arrayContaining(everything));
    expect(all.filter((name) => !everything.includes(name))).toEqual([
      'ClusterRoleBinding /nodeprep-scraper',
      'ConfigMap nodeprep-system/nodeprep-dashboard',
      'PodMonitor nodeprep-system/nodeprep',
      'PrometheusRule nodeprep-system/nodeprep',
      'Secret nodeprep-system/nodeprep-scraper',
      'ServiceAccount nodeprep-system/nodeprep-scraper',
    ]);
  });

  test('monitors the pods of the DaemonSet, at a port that they have', async () => {
    const [monitor] = await rendered('PodMonitor');
    const [daemonSet] = await rendered('DaemonSet');

    const template = (daemonSet?.spec as { template: { metadata: { labels: object }; spec: object } }).template;
    const selector = (monitor?.spec as { selector: { matchLabels: object } }).selector;
    expect(monitor?.metadata.namespace).toBe(daemonSet?.metadata.namespace);
    expect(template.metadata.labels).toMatchObject(selector.matchLabels);
    expect(monitor?.spec).toMatchObject({ podMetricsEndpoints: [{ port: 'metrics', scheme: 'https' }] });
    expect(template.spec).toMatchObject({ containers: [{ ports: [{ name: 'metrics' }] }] });
  });

  test('lets the scraper read the metrics and nothing else', async () => {
    const bindings = await rendered('ClusterRoleBinding');
    const scraper = bindings.filter((one) => JSON.stringify(one).includes('nodeprep-scraper'));

    expect(scraper).toMatchObject([{ roleRef: { kind: 'ClusterRole', name: 'nodeprep-metrics-reader' } }]);
  });
});
