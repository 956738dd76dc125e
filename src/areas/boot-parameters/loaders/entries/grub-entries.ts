/** The GRUB of Fedora and Enterprise Linux, which reads entries of the Boot Loader Specification. */
import type { HostReader } from '../../../../host/host.ts';
import type { WantedWords } from '../../words.ts';
import { bootFile, editableSource, editFiles, KERNEL_CMDLINE, settingFile, typed } from '../files/boot-files.ts';
import { folderProblem } from '../files/boot-folder.ts';
import { editEntry, editKernelopts, kerneloptsOf, roomIn, savedEntryOf } from './boot-entry.ts';
import { bootEntriesFrom, type FoundEntry, readEntries } from './entry-folder.ts';
import type { BootFile, BootLoader, LoaderProblem, LoaderSource } from '../loader.ts';
import { editWords } from '../files/one-line.ts';
import { assignmentsOf, editAssignment, wordsIn } from '../files/shell-words.ts';

const ENTRIES = '/boot/loader/entries';
const GRUB_CFG = '/boot/grub2/grub.cfg';
const BLOCK = '/boot/grub2/grubenv';
const OSTREE = '/run/ostree-booted';
const DEFAULTS = '/etc/default/grub';
const VARIABLE = 'GRUB_CMDLINE_LINUX';
const LONGEST = 2047;
const KERNELOPTS = /\$\{?kernelopts\b/;

/** Edits what grubby edits: the entries, the words they share on Enterprise Linux 8, and what later entries are made of. */
export const grubEntries: BootLoader = {
  name: 'GRUB with boot loader entries',
  observe: async (host) => {
    // The entries of ostree are deployments, which its own tool changes.
    if ((await host.stat(GRUB_CFG)) === undefined || (await host.stat(OSTREE)) !== undefined) return undefined;
    const found = await readEntries(host, ENTRIES);
    if (found.length === 0) return undefined;
    const block = await readBlock(host);
    const kernelopts = kerneloptsOf(block?.contents ?? '');
    const saved = savedEntryOf(block?.contents ?? '');
    const defaults = await settingFile(host, DEFAULTS);
    const kernel = await settingFile(host, KERNEL_CMDLINE);
    const there = [defaults, kernel].filter(({ contents }) => contents !== undefined);
    const problem = (await folderProblem(host, ENTRIES)) ?? kerneloptsProblem(found, block, kernelopts);
    return {
      // Later kernels get the words of the second file where there is one.
      sources: [...defaultsSource(defaults), editableSource(kernel)],
      entries: bootEntriesFrom(found, ({ name }) => name === `${saved}.conf`, kernelopts),
      files: [...there, ...(block === undefined ? [] : [block]), ...found.map(({ file }) => file)],
      longest: found.some(({ options }) => KERNELOPTS.test(options))
        ? Math.min(LONGEST, roomIn(block?.contents))
        : LONGEST,
      ...(problem === undefined ? {} : { problem }),
    };
  },
  edit: ({ files }, wanted) => ({ files: editFiles(files, (file) => edited(file, wanted)), commands: [] }),
  byHand: ({ present, absent }) =>
    `Run: grubby --update-kernel=ALL${present.length === 0 ? '' : ` --args=${typed(present)}`}${absent.length === 0 ? '' : ` --remove-args=${typed(absent)}`}`,
};

function edited({ path, contents }: BootFile, wanted: WantedWords): string | undefined {
  if (contents === undefined) return undefined;
  if (path === DEFAULTS) return editAssignment(contents, VARIABLE, wanted);
  if (path === KERNEL_CMDLINE) return editWords(contents, wanted);
  if (path.endsWith('/grubenv')) return editKernelopts(contents, wanted) ?? contents;
  // What the entry takes from the block is changed there, or it would stand twice.
  return KERNELOPTS.test(contents)
    ? editEntry(contents, { present: [], absent: wanted.absent })
    : editEntry(contents, wanted);
}

/** On EFI machines it is a link to the EFI system partition. */
async function readBlock(host: HostReader): Promise<(BootFile & { contents: string }) | undefined> {
  const path = await host.realPath(BLOCK);
  return path === undefined ? undefined : bootFile(host, path);
}

function defaultsSource({ path, contents = '' }: BootFile): readonly LoaderSource[] {
  const last = assignmentsOf(contents, VARIABLE).at(-1);
  if (last === undefined) return [];
  return [{ file: path, line: last.line, words: wordsIn(last), isOurs: false, isEditable: last.isPlain }];
}

function kerneloptsProblem(
  found: readonly FoundEntry[],
  block: BootFile | undefined,
  kernelopts: string | undefined,
): LoaderProblem | undefined {
  if (kernelopts !== undefined) return undefined;
  if (!found.some(({ options }) => KERNELOPTS.test(options))) return undefined;
  return unusable(block?.path ?? BLOCK, 'does not set kernelopts, which entries take their parameters from');
}

function unusable(file: string, what: string): LoaderProblem {
  const message = `"${file}" ${what}; make it anew with "grub2-mkconfig -o ${GRUB_CFG}"`;
  return { reason: 'BootConfigRejected', file, message };
}
