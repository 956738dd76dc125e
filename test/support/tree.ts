/** A directory tree as text, for byte for byte comparisons. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join, relative } from 'node:path';

/** One line a file or link: path, mode, and hash or target; sorted. Directories count when `directories` is set. */
export function treeOf(root: string, options: { directories?: boolean } = {}): string {
  const lines: string[] = [];
  const walk = (directory: string) => {
    for (const name of readdirSync(directory).toSorted()) {
      const path = join(directory, name);
      const stat = lstatSync(path);
      const mode = (stat.mode & 0o7777).toString(8);
      if (stat.isDirectory()) {
        if (options.directories === true) lines.push(`${relative(root, path)}/ ${mode}`);
        walk(path);
      } else if (stat.isSymbolicLink()) lines.push(`${relative(root, path)} -> ${readlinkSync(path)}`);
      else
        lines.push(`${relative(root, path)} ${mode} ${createHash('sha256').update(readFileSync(path)).digest('hex')}`);
    }
  };
  walk(root);
  return lines.join('\n');
}
