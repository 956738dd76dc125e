/** Reads what GRUB starts out of its generated grub.cfg. Pure. */
import type { BootEntry } from './loader.ts';

/** `linux`, its variants of older systems, `$linux` of some that choose one, and the kernel of Xen. */
const LINUX = /^\s*(?:\$?linux(?:16|efi)?|module2?)\s+(\S+)(.*)$/;
const TITLE = /^\s*menuentry\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/;

/** The entries that start a kernel with a root file system, in their order; the default is the first that is no rescue. */
export function grubEntries(text: string, file: string): readonly BootEntry[] {
  const found: Omit<BootEntry, 'isDefault'>[] = [];
  let title = '';
  for (const [at, line] of text.split('\n').entries()) {
    const named = TITLE.exec(line);
    if (named !== null) title = named[1] ?? named[2] ?? '';
    const [, image, rest = ''] = LINUX.exec(line) ?? [];
    // Memory tests, and the modules of Xen that are no kernel, have no root file system.
    if (image === undefined || !/(?:^|\s)root=/.test(rest)) continue;
    found.push({ title, file, line: at + 1, image, commandLine: unquoted(rest.trim()) });
  }
  const usual = found.findIndex(
    ({ commandLine }) => !/(?:^|\s)(?:single|recovery|rescue|emergency)(?:\s|$)/.test(commandLine),
  );
  const entries = found.map((entry, at): BootEntry => ({ ...entry, isDefault: at === Math.max(usual, 0) }));
  return entries.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault));
}

/** A word that grub.cfg quotes for its own sake reaches the kernel without the quotes. */
function unquoted(line: string): string {
  return line.replaceAll(/\\(.)/g, '$1').replaceAll(/(^|\s)'([^'\s]*)'(?=\s|$)/g, '$1$2');
}
