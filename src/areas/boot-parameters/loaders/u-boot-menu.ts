/** u-boot-menu of Debian: `u-boot-update` writes the menu of U-Boot from settings that a shell reads. */
import type { HostReader } from '../../../host/host.ts';
import { wordsOf } from '../words.ts';
import { bootFile, editableSource, editFiles, KERNEL_CMDLINE, settingFile, typed } from './files/boot-files.ts';
import { folderProblem } from './files/boot-folder.ts';
import { editExtlinux, parseExtlinux } from './files/extlinux.ts';
import type { BootFile, BootLoader, LoaderProblem, LoaderSource } from './loader.ts';
import { editWords } from './files/one-line.ts';
import { assignmentsOf, wordsIn } from './files/shell-words.ts';

const TOOL = '/usr/sbin/u-boot-update';
const FOLDER = '/boot/extlinux';
const MENU = `${FOLDER}/extlinux.conf`;
const DEFAULTS = '/etc/default/u-boot';
/** Read last, as a later file that assigns the variable wins without a word. */
const OURS_FOLDER = '/etc/u-boot-menu/conf.d';
const OURS = `${OURS_FOLDER}/zz-nodeprep.conf`;
const DROP_INS = ['/usr/share/u-boot-menu/conf.d', OURS_FOLDER] as const;
const HEADER = '# Owned by NodePrep, which overwrites edits of this file.';
const VARIABLE = 'U_BOOT_PARAMETERS';
/** What the tool takes when nothing sets the variable. */
const DEFAULT = 'ro quiet';
const LONGEST = 2047;

/**
 * Edits the menu, and the settings from which the next kernel update writes it anew. A drop-in that only appends would
 * lose what the tool takes when the variable is empty: its default, or /etc/kernel/cmdline with the root file system.
 */
export const uBootMenu: BootLoader = {
  name: 'U-Boot with u-boot-menu',
  observe: async (host) => {
    if ((await host.stat(TOOL)) === undefined) return undefined;
    const menu = await bootFile(host, MENU);
    if (menu === undefined) return undefined;
    const settings = await readSettings(host);
    const kernel = await settingFile(host, KERNEL_CMDLINE);
    const ours = await settingFile(host, OURS);
    const isSet = (settings.at(-1)?.words.length ?? 0) > 0;
    const usesKernel = !isSet && kernel.contents !== undefined;
    const problem = replacedBy(settings) ?? (await folderProblem(host, FOLDER));
    const builtIn: LoaderSource = { file: TOOL, words: wordsOf(DEFAULT), isOurs: false, isEditable: false };
    return {
      sources: [
        ...(isSet ? settings.map(sourceFrom) : usesKernel ? [editableSource(kernel)] : [builtIn]),
        // There even while it has no words, because what it will say comes after the others.
        ...(usesKernel ? [] : [ownSource(ours)]),
      ],
      entries: parseExtlinux(menu.contents)
        .map(({ title, line, commandLine, isDefault }) => ({ title, file: MENU, line, commandLine, isDefault }))
        .toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault)),
      // A drop-in from before there was /etc/kernel/cmdline would hide it from the tool.
      files: [...(usesKernel ? [kernel] : []), ours, menu],
      longest: LONGEST,
      ...(problem === undefined ? {} : { problem }),
    };
  },
  edit: ({ files }, wanted) => {
    const usesKernel = files.some(({ path }) => path === KERNEL_CMDLINE);
    const edited = editFiles(files, ({ path, contents }) => {
      if (path === OURS) return usesKernel ? undefined : dropIn(wanted.present);
      if (contents === undefined) return undefined;
      return path === MENU ? editExtlinux(contents, wanted) : editWords(contents, wanted);
    });
    return { files: edited, commands: [] };
  },
  byHand: ({ present, absent }) =>
    `Set ${VARIABLE} in ${DEFAULTS}${present.length === 0 ? '' : ` with ${typed(present)}`}${absent.length === 0 ? '' : ` without ${typed(absent)}`}, then run: u-boot-update`,
};

/** One assignment of the variable in a file of others. */
interface Setting {
  readonly file: string;
  readonly line: number;
  readonly words: readonly string[];
  /** What was there before stays. */
  readonly isAddition: boolean;
}

function sourceFrom({ file, line, words }: Setting): LoaderSource {
  return { file, line, words, isOurs: false, isEditable: false };
}

function ownSource({ path, contents = '' }: BootFile): LoaderSource {
  const words = assignmentsOf(contents, VARIABLE).flatMap(wordsIn);
  return { file: path, words, isOurs: true, isEditable: true };
}

/** A later file that does not take over what is there so far drops our words at the next kernel update. */
function replacedBy(settings: readonly Setting[]): LoaderProblem | undefined {
  const found = settings.findLast(({ file, isAddition }) => file.startsWith(OURS_FOLDER) && file > OURS && !isAddition);
  if (found === undefined) return undefined;
  const { file, line } = found;
  const message = `${file}:${line} assigns ${VARIABLE} after every other file and drops what those say`;
  return { reason: 'Conflict', message, file, line };
}

/** Every assignment of others, in the order in which the tool reads them. */
async function readSettings(host: HostReader): Promise<readonly Setting[]> {
  const lists = DROP_INS.map(async (folder) =>
    ((await host.listDirectory(folder)) ?? [])
      .filter((name) => name.endsWith('.conf'))
      .map((name) => `${folder}/${name}`),
  );
  const paths = [DEFAULTS, ...(await Promise.all(lists)).flat()].filter((path) => path !== OURS);
  const files: readonly BootFile[] = await Promise.all(paths.map((path) => settingFile(host, path)));
  return files.flatMap(({ path, contents = '' }) =>
    assignmentsOf(contents, VARIABLE).map((one) => ({
      file: path,
      line: one.line,
      words: wordsIn(one),
      isAddition: one.value.includes(VARIABLE),
    })),
  );
}

function dropIn(words: readonly string[]): string | undefined {
  if (words.length === 0) return undefined;
  return `${HEADER}\n${VARIABLE}="\${${VARIABLE}:-${DEFAULT}} ${words.join(' ')}"\n`;
}
