/** What would change, as git shows it: a patch of every file, and in comments what is not in a file. */
import { formatPatch, structuredPatch } from 'diff';
import type { Change } from '../../areas/area.ts';
import type { DraftedContents, DraftedFile } from '../../host/draft.ts';
import { type Paint, printable } from './table.ts';

/** The patches, then the other changes, each line of them a comment, so that `git apply` takes the whole. */
export function renderDiff(
  files: readonly DraftedFile[],
  others: readonly (Change & { readonly area: string })[],
  paint: Paint,
): string {
  const patches = files.flatMap((file) => patchesOf(file).map((patch) => painted(patch, paint)));
  const lines = others.map((change) => paint('cyan', `#   ${printable(describe(change))}`));
  const comments = lines.length === 0 ? [] : [[paint('cyan', '# Not in files:'), ...lines, ''].join('\n')];
  return [...patches, ...comments].join('');
}

/** A file that becomes a link, or the reverse, is removed and made anew, as git does it. */
function patchesOf({ path, before, after }: DraftedFile): readonly string[] {
  if (before !== undefined && after !== undefined && before.type !== after.type) {
    return [patch(path, before, undefined), patch(path, undefined, after)];
  }
  return [patch(path, before, after)];
}

function patch(path: string, before: DraftedContents | undefined, after: DraftedContents | undefined): string {
  const [oldName, newName] = [
    before === undefined ? '/dev/null' : `a${path}`,
    after === undefined ? '/dev/null' : `b${path}`,
  ];
  const kind = {
    isGit: true,
    ...(before === undefined ? { isCreate: true } : {}),
    ...(after === undefined ? { isDelete: true } : {}),
    ...(before === undefined && after !== undefined ? { newMode: modeOf(after) } : {}),
    ...(after === undefined && before !== undefined ? { oldMode: modeOf(before) } : {}),
  };
  return formatPatch({
    ...structuredPatch(oldName, newName, textOf(before), textOf(after), undefined, undefined, { context: 3 }),
    ...kind,
  });
}

/** git knows no permissions but whether a file can be executed. */
function modeOf(contents: DraftedContents): string {
  if (contents.type === 'link') return '120000';
  return (contents.mode & 0o100) === 0 ? '100644' : '100755';
}

function textOf(contents: DraftedContents | undefined): string {
  if (contents === undefined) return '';
  return contents.type === 'link' ? contents.target : Buffer.from(contents.bytes, 'latin1').toString('utf8');
}

/** Line by line; a tab and the CR of a line end are part of a patch, no other control character may reach a terminal. */
function painted(patch: string, paint: Paint): string {
  return patch
    .split('\n')
    .map((line) => {
      const [text, end] = line.endsWith('\r') ? [line.slice(0, -1), '\r'] : [line, ''];
      const safe = text.split('\t').map(printable).join('\t') + end;
      if (/^(?:diff |--- |\+\+\+ )/.test(safe)) return paint('bold', safe);
      if (safe.startsWith('@@')) return paint('cyan', safe);
      if (safe.startsWith('+')) return paint('green', safe);
      return safe.startsWith('-') ? paint('red', safe) : safe;
    })
    .join('\n');
}

function describe({ area, action, target, from, to }: Change & { readonly area: string }): string {
  const values =
    from === undefined && to === undefined ? '' : ` ${from === undefined ? '' : `${from} `}→ ${to ?? 'nothing'}`;
  return `${area}: ${action} ${target}${values}`;
}
