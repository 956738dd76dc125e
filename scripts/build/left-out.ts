/**
 * Parts of packages that the bundle does without, because nothing of ours can reach them: the typed
 * models of the whole Kubernetes API and the HTTP clients that KubeConfig would use with them. They
 * would be loaded with it and cost an agent 18 MB. See docs/adr about the API client.
 */
import type { Plugin } from 'esbuild';

const PACKAGES = /^(undici|socks|socks-proxy-agent)$/;
const MODELS = /^\.\/gen\/(index|rxjsStub)\.js$/;
const CLIENT = '@kubernetes/client-node/dist/';

/** Puts a module in their place whose every export says that it was left out. */
export const leftOut: Plugin = {
  name: 'left-out',
  setup(bundle) {
    bundle.onResolve({ filter: PACKAGES }, ({ path }) => ({ path, namespace: 'left-out' }));
    bundle.onResolve({ filter: MODELS }, ({ path, importer }) =>
      importer.includes(CLIENT) ? { path, namespace: 'left-out' } : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => name === '__esModule' ? true : class {
        constructor() { throw new Error(${JSON.stringify(`"${path}" is not part of this build`)}); }
      } });`,
    }));
  },
};
