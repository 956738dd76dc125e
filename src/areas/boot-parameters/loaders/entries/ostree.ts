/** ostree: the parameters belong to a deployment, and rpm-ostree makes a new one with others. */
import type { Command, HostReader } from '../../../../host/host.ts';
import { differenceOf, identityOf, type WantedWords, wordsOf } from '../../words.ts';
import { typed } from '../files/boot-files.ts';
import { folderProblem } from '../files/boot-folder.ts';
import { parseEntry } from './boot-entry.ts';
import { bootEntriesFrom, readEntries } from './entry-folder.ts';
import type { BootEntry, BootLoader, LoaderProblem, LoaderState } from '../loader.ts';

const BOOTED = '/run/ostree-booted';
const TOOL = '/usr/bin/rpm-ostree';
const ENTRIES = '/boot/loader/entries';
const LONGEST = 2047;

/** Fedora CoreOS, RHEL CoreOS, IoT. Older deployments keep their parameters, as what one rolls back to. */
export const ostree: BootLoader = {
  name: 'ostree',
  observe: async (host) => {
    if ((await host.stat(BOOTED)) === undefined) return undefined;
    // The highest version is the deployment that is started next; the others are not changed.
    const next = (await readEntries(host, ENTRIES)).slice(0, 1);
    const problem = (await toolProblem(host)) ?? (await folderProblem(host, ENTRIES));
    return {
      sources: [],
      entries: bootEntriesFrom(next, () => true).map(withoutDeployment),
      files: next.map(({ file }) => file),
      longest: LONGEST,
      ...(problem === undefined ? {} : { problem }),
    };
  },
  edit: (state, wanted) => {
    const changes = argumentsFor(state, wanted);
    return { files: [], commands: changes.length === 0 ? [] : [['rpm-ostree', 'kargs', ...changes] satisfies Command] };
  },
  byHand: (wanted) => {
    const changes = [
      ...wanted.present.map((word) => `--append-if-missing=${word}`),
      ...wanted.absent.map((word) => `--delete-if-present=${word}`),
    ];
    return `Run: rpm-ostree kargs ${changes.map((one) => typed([one])).join(' ')}`;
  },
};

/** The path of the deployment is another one in each, which is no difference that matters. */
function withoutDeployment(entry: BootEntry): BootEntry {
  const words = wordsOf(entry.commandLine).filter((word) => !word.startsWith('ostree='));
  return { ...entry, commandLine: words.join(' ') };
}

/** Both options can be repeated without harm, and name whole words: another value of a name is taken out first. */
function argumentsFor({ files: [file] }: LoaderState, wanted: WantedWords): readonly string[] {
  const line = parseEntry(file?.contents ?? '').options;
  const { missing, stray } = differenceOf(line, wanted);
  const names = new Set(missing.map(identityOf));
  const others = wordsOf(line).filter((word) => names.has(identityOf(word)) && !wanted.present.includes(word));
  return [
    ...[...new Set([...stray, ...others])].map((word) => `--delete-if-present=${word}`),
    ...missing.map((word) => `--append-if-missing=${word}`),
  ];
}

async function toolProblem(host: HostReader): Promise<LoaderProblem | undefined> {
  if ((await host.stat(TOOL)) !== undefined) return undefined;
  const message =
    'this system is a deployment of ostree without rpm-ostree, by which its kernel parameters could be changed';
  return { reason: 'Unsupported', message };
}
