/** The steps that write the declared driver, and what a person has to write. Pure. */
import type { CgroupDriver, CgroupSpec, CgroupUser } from '../../../../api/parts/cgroup.ts';
import type { Change, Memo, Original } from '../../../area.ts';
import { hasBlock } from '../../edit/toml.ts';
import type { Observed } from '../../observe/observe.ts';
import { differingWriters } from '../../observe/writing/writers.ts';
import type { Writing } from '../../observe/writing/writing.ts';
import { fileKey } from '../../keys.ts';
import { chainOf, type WriteStep } from '../steps.ts';
import { writeContainerd } from './containerd.ts';
import { writeCrio } from './crio.ts';
import { writeDocker } from './docker.ts';
import { OWN_HEADER } from '../../edit/marks.ts';
import { type ByHand, type Edit, notEditable, wroteText } from './edit.ts';
import { writeKubelet } from './kubelet.ts';

/** What is written, runtimes before the kubelet, and what is not. */
export interface Writes {
  readonly steps: readonly WriteStep[];
  readonly byHand: ReadonlyMap<CgroupUser, ByHand>;
}

/** Plans the files of every program that does not have the driver yet. */
export function planWrites(spec: CgroupSpec, observed: Observed): Writes {
  const { writing } = observed;
  const wanted = spec.driver;
  const steps: WriteStep[] = [];
  const byHand = new Map<CgroupUser, ByHand>();
  if (writing === undefined || wanted === undefined) return { steps, byHand };
  for (const user of differingWriters(spec, observed)) {
    const edit = editFor(user, writing, wanted, observed);
    if (edit === undefined) continue;
    if ('why' in edit) byHand.set(user, edit);
    else if (writing.links.has(edit.file)) byHand.set(user, notEditable(edit.file, 'is a link'));
    else steps.push(stepFor(user, edit, { wanted, from: driverNow(user, observed) }));
  }
  const runtime = steps.find(({ user }) => user === observed.used?.name);
  const needs = runtime === undefined ? {} : { needs: chainOf(runtime.user) };
  return { steps: steps.map((step) => (step.user === 'kubelet' ? { ...step, ...needs } : step)), byHand };
}

function editFor(user: CgroupUser, writing: Writing, wanted: CgroupDriver, { cgroups }: Observed) {
  switch (user) {
    case 'containerd':
      return writing.containerd && writeContainerd(writing.containerd, wanted);
    case 'crio':
      return writing.crio && writeCrio(writing.crio, wanted);
    case 'docker':
      return writing.docker && writeDocker(writing.docker, wanted, cgroups?.version === 'v2');
    case 'kubelet':
      return writing.kubelet && writeKubelet(writing.kubelet, wanted);
  }
}

function stepFor(
  user: CgroupUser,
  { file, before, after, proof }: Edit,
  { wanted, from }: { readonly wanted: CgroupDriver; readonly from: string },
): WriteStep {
  const change: Change = {
    action: before === undefined ? 'create' : 'update',
    target: `cgroup driver of ${user}`,
    from,
    to: wanted,
    scope: 'persistent',
    file,
    disruption: 'None',
  };
  return {
    kind: user === 'kubelet' ? 'write-kubelet' : 'write-runtime',
    user,
    file,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
    ...(proof === undefined ? {} : { proof }),
    chain: chainOf(user),
    changes: [change],
    memos: [memoFor(user, file, { before, after, wanted })],
  };
}

interface Written {
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly wanted: CgroupDriver;
}

function memoFor(user: CgroupUser, file: string, { before, after, wanted }: Written): Memo {
  return { key: fileKey(user, file), original: originalOf(before), wrote: wroteText(wanted, after ?? '') };
}

/** A file with our mark and without a record: what was there before is not known. */
function originalOf(text: string | undefined): Original {
  if (text === undefined || text.startsWith(OWN_HEADER)) return { state: 'absent' };
  if (hasBlock(text)) return { state: 'unknown', why: 'the file has a block of NodePrep, and the record was lost' };
  return { state: 'value', value: text };
}

function driverNow(user: CgroupUser, { runtimes, kubelet }: Observed): string {
  if (user === 'kubelet') return kubelet?.driver ?? 'cgroupfs';
  const config = runtimes.find(({ name }) => name === user)?.config;
  if (config === undefined) return 'cgroupfs';
  const others = config.handlers.filter(({ driver }) => driver !== config.driver);
  return [config.driver, ...others.map(({ name, driver }) => `${driver} (${name})`)].join(', ');
}
