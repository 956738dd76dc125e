/**
 * Debian's update-grub and what it runs on a `MemoryHost`: settings are read as a shell reads assignments, each kernel
 * below /boot gets an ordinary and a recovery entry, and a setting with a syntax error leaves grub.cfg as it was.
 */
import { CommandError } from '../errors.ts';
import type { Command, CommandOutput } from '../host.ts';
import type { MemoryBehaviour, MemoryFiles, MemoryHost } from './memory-host.ts';

const CFG = '/boot/grub/grub.cfg';
const DEFAULTS = '/etc/default/grub';
const FOLDER = '/etc/default/grub.d/';

/** How this GRUB differs from a usual one. */
export interface GrubOptions {
  /** Replaces a text of grub.cfg by another one in all that is made, as a changed script in /etc/grub.d would. */
  readonly spoils?: readonly [find: string, by: string];
  /** update-grub fails, as with a full disk, while what it would write is in order. */
  readonly cannotWrite?: boolean;
}

/** The files of a machine with GRUB that starts these kernels. */
export function grubFiles(kernels: readonly string[] = ['6.1.0-18-amd64', '6.1.0-17-amd64']): MemoryFiles {
  return {
    '/usr/sbin/update-grub': '#!/bin/sh\n',
    [DEFAULTS]: 'GRUB_DEFAULT=0\nGRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX=""\n',
    ...Object.fromEntries(kernels.map((kernel) => [`/boot/vmlinuz-${kernel}`, kernel])),
    [CFG]: menuOf(kernels, { GRUB_CMDLINE_LINUX: '', GRUB_CMDLINE_LINUX_DEFAULT: 'quiet' }),
  };
}

/** The behaviour of update-grub, grub-mkconfig, grub-script-check and `sh -n`. */
export function grub({ spoils, cannotWrite = false }: GrubOptions = {}): MemoryBehaviour {
  const make = (host: MemoryHost, command: Command) => {
    const text = menuOf(kernelsOf(host), settingsOf(host, command));
    return spoils === undefined ? text : text.replaceAll(...spoils);
  };
  return {
    commands: {
      'grub-mkconfig': (host, _, command) => ({
        stdout: make(host, command),
        stderr: 'Generating grub configuration file ...\n',
      }),
      'update-grub': (host, _, command) => {
        const text = make(host, command);
        if (cannotWrite) throw failure(command, 1, 'cannot write to /boot/grub/grub.cfg.new: No space left on device');
        host.put(CFG, text);
        return { stdout: '', stderr: 'done\n' };
      },
      'grub-script-check': (host, [path = ''], command) => {
        const text = host.text(path) ?? '';
        if ((text.match(/\{$/gm)?.length ?? 0) !== (text.match(/^\s*\}$/gm)?.length ?? 0))
          throw failure(command, 1, 'syntax error');
        return done();
      },
      sh: (host, [flag, path = ''], command) => {
        if (flag !== '-n') throw failure(command, 127, 'only sh -n is known');
        if (!isShell(host.text(path) ?? ''))
          throw failure(command, 2, `${path}: Syntax error: Unterminated quoted string`);
        return done();
      },
    },
  };
}

function done(): CommandOutput {
  return { stdout: '', stderr: '' };
}

function failure(command: Command, exitCode: number, stderr: string): CommandError {
  return new CommandError(command, { exitCode, stderr, detail: `exit code ${exitCode}: ${stderr}` });
}

function isShell(text: string): boolean {
  return text.split('\n').every((line) => line.startsWith('#') || (line.match(/"/g)?.length ?? 0) % 2 === 0);
}

function kernelsOf(host: MemoryHost): readonly string[] {
  const names = [...host.nodes.keys()].filter((path) => path.startsWith('/boot/vmlinuz-'));
  return names.map((path) => path.slice('/boot/vmlinuz-'.length)).toSorted((a, b) => (a < b ? 1 : -1));
}

type Settings = Record<string, string>;

function settingsOf(host: MemoryHost, command: Command): Settings {
  const settings: Settings = {};
  const files = [...host.nodes.keys()].filter((path) => path.startsWith(FOLDER) && path.endsWith('.cfg')).toSorted();
  for (const path of [DEFAULTS, ...files]) {
    const text = host.text(path) ?? '';
    if (!isShell(text)) throw failure(command, 2, `${path}: Syntax error: Unterminated quoted string`);
    for (const line of text.split('\n')) {
      const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) settings[name] = expanded(value, settings);
    }
  }
  return settings;
}

/** `"${A:+$A }b"`, `"$A b"`, `'c'`, `d`. */
function expanded(value: string, settings: Settings): string {
  if (value.startsWith("'")) return value.replaceAll("'", '');
  const plain = (text: string) =>
    text.replaceAll(
      /\$\{(\w+)\}|\$(\w+)/g,
      (_, braced?: string, bare?: string) => settings[braced ?? bare ?? ''] ?? '',
    );
  return plain(
    value
      .replaceAll('"', '')
      .replaceAll(/\$\{(\w+):\+([^}]*)\}/g, (_, name: string, then: string) =>
        (settings[name] ?? '') === '' ? '' : plain(then),
      ),
  );
}

/** As 10_linux writes it: the newest kernel first, all of them again in a menu of their own, each with a recovery entry. */
function menuOf(kernels: readonly string[], settings: Settings): string {
  const entry = (title: string, kernel: string, words: string) =>
    [
      `menuentry '${title}' --class debian {`,
      '\tinsmod gzio',
      `\tlinux\t/boot/vmlinuz-${kernel} root=UUID=6a6f7d4a-0c1f-4d62-9c58-e4cbe3b3d1b1 ro ${words}`,
      `\tinitrd\t/boot/initrd.img-${kernel}`,
      '}',
    ].join('\n');
  const [all = '', usual = ''] = [settings['GRUB_CMDLINE_LINUX'], settings['GRUB_CMDLINE_LINUX_DEFAULT']];
  const entries = kernels.flatMap((kernel) => [
    entry(`Debian GNU/Linux, with Linux ${kernel}`, kernel, `${all} ${usual}`),
    entry(`Debian GNU/Linux, with Linux ${kernel} (recovery mode)`, kernel, `single ${all}`),
  ]);
  const [newest = ''] = kernels;
  return [
    '# DO NOT EDIT THIS FILE',
    'set default="0"',
    entry('Debian GNU/Linux', newest, `${all} ${usual}`),
    "submenu 'Advanced options for Debian GNU/Linux' {",
    ...entries,
    '}',
    '',
  ].join('\n');
}
