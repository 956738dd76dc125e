/**
 * Real containerds of three releases of Debian, each started with every configuration: what the area makes of the files
 * is what containerd does with them, and what it is told over the socket as well.
 */
import { expect, inject, test } from 'vitest';
import type { RuntimeConfig } from '../../../src/areas/cgroup/observe/runtime-config.ts';
import { leaveOut } from '../../support/leave-out.ts';
import { CONFIGURATIONS, STARTS } from '../../support/runtimes/configurations.ts';
import { note } from '../harness/note.ts';
import { type Suite, ensureContainerd } from '../harness/runtimes/packages.ts';
import { type Witnessed, witnessContainerd } from '../harness/runtimes/containerd.ts';

const ALL = { ...CONFIGURATIONS, ...STARTS };
const RELEASES: readonly (readonly [Suite, RegExp])[] = [
  ['bookworm', /^1\.6\./],
  ['trixie', /^1\.7\./],
  ['sid', /^[2-9]\./],
];

test.for(RELEASES)(
  'containerd of %s takes its files for what the area takes them for',
  { timeout: 900_000 },
  async ([suite, expected], context) => {
    const { noNodes } = inject('e2e');
    if (noNodes !== undefined) leaveOut(context, noNodes);
    const root = await ensureContainerd(suite).catch((error: unknown) =>
      leaveOut(context, String(error).split('\n', 1)[0] ?? ''),
    );
    const begin = performance.now();

    const { version, witnessed } = await witnessContainerd(root, ALL);

    expect(version).toMatch(expected);
    for (const one of witnessed) {
      const { name } = one;
      const read = 'runtime' in one ? one.runtime.config : one.config;
      expect({ name, ...said(read) }).toEqual({ name, ...shown(one, read) });
      if (!('runtime' in one) || one.runtime.answer === undefined) continue;
      const { answer } = one.runtime;
      expect(answer).toMatchObject({ version, pods: 0 });
      // The kubelet asks for it; 1.x does not know the question.
      expect(answer.driver !== undefined, name).toBe(!version.startsWith('1.'));
    }
    const seconds = (performance.now() - begin) / 1000;
    note(`containerd ${version}: ${witnessed.length} configurations in ${seconds.toFixed(0)} s`);
  },
);

type Verdict = { readonly works: boolean } & Partial<Pick<RuntimeConfig, 'handlers'>>;

/** What the files say, in the area's eyes. */
function said({ problems, isCriDisabled, handlers }: RuntimeConfig): Verdict {
  const works = !isCriDisabled && !problems.some(({ isFatal }) => isFatal);
  return works ? { works, handlers: handlers.toSorted(byName) } : { works };
}

/** What was seen; that a pod of the default runtime cannot start shows in the running configuration. */
function shown(one: Witnessed, { problems }: RuntimeConfig): Verdict {
  const answer = 'runtime' in one ? one.runtime.answer : undefined;
  if (answer === undefined) return { works: false };
  const inForce = answer.handlers.find(({ name }) => name === answer.defaultHandler);
  // A text instead of true fails with the first pod only, which none is here.
  if (inForce?.type === '' || problems.some(({ message }) => message.includes('neither true nor false')))
    return { works: false };
  const handlers = answer.handlers.filter(({ type }) => type === '' || type.startsWith('io.containerd.runc.'));
  return { works: true, handlers: handlers.toSorted(byName) };
}

const byName = (one: { readonly name: string }, other: { readonly name: string }) => one.name.localeCompare(other.name);
