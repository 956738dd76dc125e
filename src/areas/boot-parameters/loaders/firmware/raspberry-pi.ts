/** Raspberry Pis: the firmware starts the kernel with the single line of `cmdline.txt`. */
import type { HostReader } from '../../../../host/host.ts';
import type { WantedWords } from '../../words.ts';
import { wordsOf } from '../../words.ts';
import { bootFile, editableSource, editFiles, settingFile, typed } from '../files/boot-files.ts';
import { folderProblem } from '../files/boot-folder.ts';
import type { BootEntry, BootFile, BootLoader, LoaderProblem, LoaderSource, LoaderState } from '../loader.ts';
import { editFirstLine, firstLineOf } from '../files/one-line.ts';
import { firmwareWords } from './device-tree.ts';

const FIRMWARE = '/boot/firmware';
/** Its presence tells Debian, which writes cmdline.txt anew with every kernel and initramfs. */
const DEBIAN_HOOK = '/etc/kernel/postinst.d/z50-raspi-firmware';
const DEBIAN_EXTRA = '/etc/default/raspi-extra-cmdline';
/** The firmware passes on no more. */
const LONGEST = 1023;
/** What Raspberry Pi OS left in /boot when the files moved to /boot/firmware. */
const MOVED = /moved to \/boot\/firmware/;

/** Ubuntu from 25.10 on, where a kernel is tried from `new` before it becomes `current`. */
export const piUbuntu: BootLoader = {
  name: 'Raspberry Pi firmware (Ubuntu)',
  observe: async (host) => {
    const current = await bootFile(host, `${FIRMWARE}/current/cmdline.txt`);
    if (current === undefined) return undefined;
    const next = await bootFile(host, `${FIRMWARE}/new/cmdline.txt`);
    return stateOf(host, next === undefined ? [current] : [current, next]);
  },
  edit: editAll,
  byHand: ({ present, absent }) =>
    lineByHand(`${FIRMWARE}/current/cmdline.txt, and of new/cmdline.txt beside it`, present, absent),
};

/** Debian, whose cmdline.txt is put together by a hook of the kernel packages. */
export const piDebian: BootLoader = {
  name: 'Raspberry Pi firmware (Debian)',
  observe: async (host) => {
    const found = await bootFile(host, `${FIRMWARE}/cmdline.txt`);
    const hook = await host.readFile(DEBIAN_HOOK);
    if (found === undefined || hook === undefined) return undefined;
    const extra = await settingFile(host, DEBIAN_EXTRA);
    const state = await stateOf(host, [found]);
    const template: LoaderSource = { file: DEBIAN_HOOK, words: templateWords(hook), isOurs: false, isEditable: false };
    const elsewhere = state.sources.filter(({ isEditable }) => !isEditable);
    // The setting first: an update of the kernel in between must not take the words away again.
    return { ...state, files: [extra, found], sources: [...elsewhere, template, editableSource(extra)] };
  },
  edit: (state, wanted) => {
    const files = editFiles(state.files, ({ path, contents }) =>
      path === DEBIAN_EXTRA ? editExtra(contents, wanted) : contents && editFirstLine(contents, wanted),
    );
    return { files, commands: [] };
  },
  byHand: ({ present, absent }) =>
    `${lineByHand(`${FIRMWARE}/cmdline.txt`, present, absent)} Do the same in ${DEBIAN_EXTRA}, which must stay one line: the next kernel update writes cmdline.txt anew from it.`,
};

/** Raspberry Pi OS, Ubuntu before 25.10 and others that leave cmdline.txt to the administrator. */
export const piPlain: BootLoader = {
  name: 'Raspberry Pi firmware',
  observe: async (host) => {
    if ((await host.stat(DEBIAN_HOOK)) !== undefined) return undefined;
    if ((await host.stat(`${FIRMWARE}/current/cmdline.txt`)) !== undefined) return undefined;
    for (const folder of [FIRMWARE, '/boot']) {
      const found = await bootFile(host, `${folder}/cmdline.txt`);
      if (found === undefined || MOVED.test(found.contents)) continue;
      // Another loader may keep a cmdline.txt as well; the firmware of a Pi always has this beside it.
      if ((await host.stat(`${folder}/config.txt`)) !== undefined) return stateOf(host, [found]);
    }
    return undefined;
  },
  edit: editAll,
  byHand: ({ present, absent }) =>
    lineByHand(`${FIRMWARE}/cmdline.txt (older systems: /boot/cmdline.txt)`, present, absent),
};

async function stateOf(host: HostReader, files: readonly (BootFile & { contents: string })[]): Promise<LoaderState> {
  const entries: readonly BootEntry[] = files.map(({ path, contents }, at) => ({
    title: at === 0 ? 'cmdline.txt' : 'cmdline.txt of the kernel that is tried next',
    file: path,
    line: 1,
    commandLine: firstLineOf(contents).trim(),
    isDefault: at === 0,
  }));
  const folder = (files[0] as BootFile).path.replace(/\/cmdline\.txt$/, '');
  const problem = (await folderProblem(host, folder)) ?? entries.map(rootProblem).find((one) => one !== undefined);
  const sources = [
    ...(await firmwareWords(host, folder)),
    ...entries.map(({ file, commandLine }) => sourceFrom(file, commandLine)),
  ];
  return { sources, entries, files, longest: LONGEST, ...(problem === undefined ? {} : { problem }) };
}

function sourceFrom(file: string, commandLine: string): LoaderSource {
  return { file, line: 1, words: wordsOf(commandLine), isOurs: false, isEditable: true };
}

/** A file that a power cut emptied must be repaired by a person, not get words of ours. */
function rootProblem({ file, commandLine }: BootEntry): LoaderProblem | undefined {
  if (/(?:^|\s)root=\S/.test(commandLine)) return undefined;
  const message = `the first line of "${file}" names no root file system (root=), so the machine may not start at the next reboot`;
  return { reason: 'BootConfigRejected', file, line: 1, message };
}

function editAll(state: LoaderState, wanted: WantedWords) {
  const files = editFiles(state.files, ({ contents }) => contents && editFirstLine(contents, wanted));
  return { files, commands: [] };
}

/** The hook splices the whole file into one line, so a second line would cut the command line off: words go to the first. */
function editExtra(contents: string | undefined, wanted: WantedWords): string | undefined {
  if (contents !== undefined && contents !== '') return editFirstLine(contents, wanted);
  return wanted.present.length === 0 ? contents : `${wanted.present.join(' ')}\n`;
}

/** The words that the hook itself always writes. */
function templateWords(hook: string): readonly string[] {
  const lines = hook.split('\n').filter((line) => /\broot=["']?\$/.test(line));
  return lines.flatMap((line) => wordsOf(line).filter((word) => /^[\w.-]+(?:=[\w.,:/-]+)?$/.test(word)));
}

function lineByHand(file: string, present: readonly string[], absent: readonly string[]): string {
  const parts = [
    ...(present.length === 0 ? [] : [`append ${typed(present)}`]),
    ...(absent.length === 0 ? [] : [`take ${typed(absent)} out`]),
  ];
  return `In the first and only line of ${file} ${parts.join(' and ')}.`;
}
