/** systemd-boot: entries of the Boot Loader Specification on the EFI system partition. */
import type { HostReader } from '../../../../host/host.ts';
import { matchesGlob } from '../../../glob.ts';
import type { WantedWords } from '../../words.ts';
import { editableSource, editFiles, KERNEL_CMDLINE, settingFile, typed } from '../files/boot-files.ts';
import { folderProblem } from '../files/boot-folder.ts';
import { editEntry, parseEntry } from './boot-entry.ts';
import { bootEntriesFrom, type FoundEntry, readEntries } from './entry-folder.ts';
import type { BootFile, BootLoader, LoaderProblem } from '../loader.ts';
import { editWords } from '../files/one-line.ts';

/** Where the EFI system partition, and the one with further kernels, are mounted. */
const PARTITIONS = ['/efi', '/boot/efi', '/boot'] as const;
const LONGEST = 2047;

/** Edits the entries that are there, and what kernel-install gives to later ones. */
export const systemdBoot: BootLoader = {
  name: 'systemd-boot',
  observe: async (host) => {
    const home = await firstOf(PARTITIONS, (folder) => isInstalled(host, folder));
    if (home === undefined) return undefined;
    const lists = await Promise.all(PARTITIONS.map((folder) => readEntries(host, `${folder}/loader/entries`)));
    const found = lists.flat();
    const chosen = /^default[ \t]+(\S+)/m.exec((await host.readFile(`${home}/loader/loader.conf`)) ?? '')?.[1];
    const setting = await settingFile(host, KERNEL_CMDLINE);
    const image = await firstOf(PARTITIONS, (folder) => hasImage(host, folder));
    const folders = new Set(found.map(({ file }) => file.path.replace(/\/loader\/entries\/.*$/, '')));
    const problems = await Promise.all([...folders].map((folder) => folderProblem(host, folder)));
    const problem = image === undefined ? problems.find((one) => one !== undefined) : imageProblem(image);
    return {
      sources: [editableSource(setting)],
      entries: bootEntriesFrom(found, (entry) => isChosen(entry, chosen)),
      // The setting first: a kernel that is installed in between gets the words as well.
      files: [setting, ...found.map(({ file }) => file)],
      longest: LONGEST,
      ...(problem === undefined ? {} : { problem }),
    };
  },
  edit: ({ files, entries }, wanted) => {
    const first = files.find(({ path }) => path === entries[0]?.file);
    const edited = editFiles(files, ({ path, contents }) => {
      if (path !== KERNEL_CMDLINE) return contents && editEntry(contents, wanted);
      return contents === undefined ? newSetting(first, wanted) : editWords(contents, wanted);
    });
    return { files: edited, commands: [] };
  },
  byHand: ({ present, absent }) =>
    `Change ${KERNEL_CMDLINE}${present.length === 0 ? '' : `, append ${typed(present)}`}${absent.length === 0 ? '' : `, take ${typed(absent)} out`}, then run for each kernel VERSION: kernel-install add VERSION /boot/vmlinuz-VERSION /boot/initrd.img-VERSION (Fedora: kernel-install add VERSION /lib/modules/VERSION/vmlinuz).`,
};

/**
 * Without the file kernel-install copies the command line of the running kernel, which has the words only after the next
 * reboot; so it begins as what is booted now.
 */
function newSetting(entry: BootFile | undefined, wanted: WantedWords): string | undefined {
  if (entry?.contents === undefined || editEntry(entry.contents, wanted) === entry.contents) return undefined;
  return `${editWords(parseEntry(entry.contents).options, wanted)}\n`;
}

async function isInstalled(host: HostReader, folder: string): Promise<boolean> {
  const names = (await host.listDirectory(`${folder}/EFI/systemd`)) ?? [];
  return names.some((name) => /^systemd-boot.*\.efi$/i.test(name));
}

async function hasImage(host: HostReader, folder: string): Promise<boolean> {
  return ((await host.listDirectory(`${folder}/EFI/Linux`)) ?? []).some((name) => /\.efi$/i.test(name));
}

function imageProblem(folder: string): LoaderProblem {
  const file = `${folder}/EFI/Linux`;
  return {
    reason: 'Unsupported',
    file,
    message: `"${file}" has unified kernel images, whose command line is part of what is signed; they must be built anew with the parameters`,
  };
}

/** `default` of loader.conf is a pattern for the name of an entry, with or without its ending. */
function isChosen({ name }: FoundEntry, pattern: string | undefined): boolean {
  if (pattern === undefined) return false;
  return matchesGlob(pattern, name) || matchesGlob(pattern, name.replace(/\.conf$/, ''));
}

async function firstOf<T>(values: readonly T[], isIt: (value: T) => Promise<boolean>): Promise<T | undefined> {
  for (const value of values) if (await isIt(value)) return value;
  return undefined;
}
