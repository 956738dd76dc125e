import { readlinkSync } from 'node:fs';
import { dirname } from 'node:path';

const maximumLinks = 40;

/**
 * Every link on the way to `path`, and the path itself with all of them resolved: the places where a
 * change can alter what a reader of `path` gets. `root` is `''` for the whole host, and absolute
 * links are taken from it.
 */
export function linkTrail(root: string, path: string): readonly string[] {
  const trail: string[] = [];
  let at = root;
  const parts = path.split('/');
  while (parts.length > 0) {
    const part = parts.shift();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      if (at !== root) at = dirname(at) === '/' ? '' : dirname(at);
      continue;
    }
    const next = `${at}/${part}`;
    const target = linkTarget(next);
    if (target === undefined || trail.length >= maximumLinks) {
      at = next;
      continue;
    }
    trail.push(next);
    parts.unshift(...target.split('/'));
    if (target.startsWith('/')) at = root;
  }
  return [...trail, at === '' ? '/' : at];
}

/** The target when `path` is a link; whatever else it is, or is not, is no matter here. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
