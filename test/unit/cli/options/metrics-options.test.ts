import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { type EndpointChoice, endpointFrom, withMetrics } from '../../../../src/cli/options/metrics-options.ts';
import type { Endpoint } from '../../../../src/app/daemon/serve-metrics.ts';

/** What `run` would serve with these arguments; rejects with what it would print. */
async function endpointOf(...args: readonly string[]): Promise<Endpoint> {
  let endpoint: Endpoint | undefined;
  const command = withMetrics(new Command('run').option('--kube'))
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action((options: EndpointChoice) => {
      endpoint = endpointFrom(options);
    });
  await command.parseAsync(args, { from: 'user' });
  if (endpoint === undefined) throw new Error('nothing was run');
  return endpoint;
}

describe('where metrics are served', () => {
  test.each([
    [[], { host: '127.0.0.1', port: 9752, secure: false }],
    [['--kube'], { host: '127.0.0.1', port: 9752, secure: false }],
    [['--metrics-port', '0'], { host: '127.0.0.1', port: 0, secure: false }],
    [['--metrics-bind-address', '0'], { host: '127.0.0.1', port: 0, secure: false }],
    [['--metrics-bind-address', '127.0.0.2:9000'], { host: '127.0.0.2', port: 9000, secure: false }],
    [['--metrics-bind-address', '[::1]:9000'], { host: '::1', port: 9000, secure: false }],
    [['--kube', '--metrics-bind-address', ':9753'], { host: '', port: 9753, secure: true }],
    [['--kube', '--metrics-bind-address', '0.0.0.0:9753'], { host: '0.0.0.0', port: 9753, secure: true }],
    [['--kube', '--metrics-bind-address', '[fd00::1]:9753'], { host: 'fd00::1', port: 9753, secure: true }],
    [['--kube', '--metrics-bind-address', '127.0.0.1.example:1'], { host: '127.0.0.1.example', port: 1, secure: true }],
    [['--kube', '--metrics-secure'], { host: '127.0.0.1', port: 9752, secure: true }],
    [
      ['--kube', '--metrics-bind-address=:9753', '--metrics-cert-path', '/certs'],
      { host: '', port: 9753, secure: true, certDirectory: '/certs' },
    ],
  ])('%j', async (args, endpoint) => {
    expect(await endpointOf(...args)).toEqual(endpoint);
  });

  test.each([
    [['--metrics-bind-address', ':9753'], "need '--kube'"],
    [['--metrics-secure'], "need '--kube'"],
    [['--kube', '--metrics-cert-path', '/certs'], "needs '--metrics-secure'"],
    [['--metrics-port', '9000', '--metrics-bind-address', ':9753'], 'cannot be used with'],
    ...['', '9753', ':', ':0', ':70000', '::1:9753', '[::1]', 'http://a:1', '10.0.0.1', 'a b:1', '[::1:9753'].map(
      (address) => [['--kube', '--metrics-bind-address', address], 'Expected an address'] as const,
    ),
  ] as const)('%j is refused', async (args, message) => {
    await expect(endpointOf(...args)).rejects.toThrow(message);
  });
});
