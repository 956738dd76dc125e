/**
 * GRUB as Debian and Ubuntu have it: settings in /etc/default/grub.d, made into grub.cfg by update-grub. The words are
 * in a drop-in of NodePrep's own, in GRUB_CMDLINE_LINUX, so that rescue entries have them as well.
 */
import { dirname } from 'node:path';
import type { HostReader } from '../../../host/host.ts';
import { hasAny } from '../../has-any.ts';
import { wordsOf, type WantedWords } from '../words.ts';
import { folderProblem } from './files/boot-folder.ts';
import { grubEntries } from './grub-cfg.ts';
import { grubAssignments, grubSources, replacedBy } from './grub-defaults.ts';
import { GRUB_CFG, GRUB_DEFAULTS, GRUB_DROP_IN, GRUB_FOLDER } from './grub-names.ts';
import { proveGrub } from './grub-proof.ts';
import type { BootLoader, LoaderEdit, LoaderProblem, LoaderState } from './loader.ts';

const OWNER_LINE = '# Owned by NodePrep, which overwrites edits of this file.';
const TOOLS = ['/usr/sbin/update-grub', '/sbin/update-grub', '/usr/bin/update-grub'];

/** x86: COMMAND_LINE_SIZE is 2048, with a closing NUL. Other architectures with GRUB have as much. */
const LONGEST = 2047;

/** GRUB with Debian's update-grub. */
export const GRUB: BootLoader = {
  name: 'GRUB',
  observe,
  edit,
  byHand: ({ present, absent }) => {
    const added = present.length === 0 ? [] : [`add ${present.map(quotedWord).join(' ')} to GRUB_CMDLINE_LINUX`];
    const removed = absent.length === 0 ? [] : [`remove ${absent.map(quotedWord).join(' ')}`];
    return `In ${GRUB_DEFAULTS} ${[...added, ...removed].join(' and ')}, and run "update-grub".`;
  },
  prove: proveGrub,
};

async function observe(host: HostReader): Promise<LoaderState | undefined> {
  if (!(await hasAny(host, TOOLS))) return undefined;
  const entries = await host.parsed(GRUB_CFG, grubEntries);
  if (entries === undefined) return undefined;
  const names = (await host.listDirectory(GRUB_FOLDER)) ?? [];
  const files = names.filter((name) => name.endsWith('.cfg')).map((name) => `${GRUB_FOLDER}/${name}`);
  const assignments = [];
  for (const file of [GRUB_DEFAULTS, ...files.toSorted()])
    assignments.push(...((await host.parsed(file, grubAssignments)) ?? []));
  const problem =
    (await folderProblem(host, dirname(GRUB_CFG))) ?? problemOf(entries.length, replacedBy(assignments, GRUB_DROP_IN));
  return {
    sources: grubSources(assignments, GRUB_DROP_IN),
    entries,
    files: [{ path: GRUB_DROP_IN, contents: await host.readFile(GRUB_DROP_IN, 'bytes'), encoding: 'bytes' }],
    longest: LONGEST,
    ...(problem === undefined ? {} : { problem }),
  };
}

function problemOf(entries: number, replaced: ReturnType<typeof replacedBy>): LoaderProblem | undefined {
  if (entries === 0)
    return {
      reason: 'BootConfigRejected',
      message: `${GRUB_CFG} has no entry with a kernel and a root file system, so nothing there can be compared after a change`,
      file: GRUB_CFG,
    };
  if (replaced === undefined) return undefined;
  const { file, line } = replaced;
  return {
    reason: 'Conflict',
    message: `${file}:${line} assigns GRUB_CMDLINE_LINUX after every other file and drops what those say`,
    file,
    line,
  };
}

/** The drop-in with exactly the words; without any it goes. One that others wrote stays until there is something to say. */
function edit({ files }: LoaderState, { present }: WantedWords): LoaderEdit {
  const current = files[0]?.contents;
  const isForeign = current !== undefined && !current.startsWith(OWNER_LINE);
  const contents = present.length === 0 ? (isForeign ? current : undefined) : dropIn(present);
  return {
    files: contents === current ? [] : [{ path: GRUB_DROP_IN, contents, encoding: 'bytes' }],
    commands: [['update-grub']],
  };
}

function dropIn(words: readonly string[]): string {
  return `${OWNER_LINE}
# Declare kernel parameters in /etc/nodeprep/nodeprep.yaml, under spec.bootParameters.
GRUB_CMDLINE_LINUX="\${GRUB_CMDLINE_LINUX:+$GRUB_CMDLINE_LINUX }${words.flatMap(wordsOf).join(' ')}"
`;
}

function quotedWord(word: string): string {
  return `"${word}"`;
}
