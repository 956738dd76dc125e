/** Reads CHANGELOG.md, in the format of Keep a Changelog 1.1: versions newest first, each with its kinds of changes. */

const KINDS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
const VERSION = /^## \[(?<name>Unreleased|\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?)\](?: - (?<date>\d{4}-\d{2}-\d{2}))?$/;

/** One version of a changelog. */
export interface Release {
  /** `Unreleased`, or a version such as `0.1.0`. */
  readonly name: string;
  readonly date?: string;
  /** What changed, in Markdown, without the heading of the version. */
  readonly notes: string;
}

/** All versions in the order of the file. Throws with the line that is not in the format. */
export function releasesIn(changelog: string): readonly Release[] {
  const releases: { name: string; date?: string; lines: string[] }[] = [];
  for (const [index, line] of changelog.split('\n').entries()) {
    const complain = (why: string) => new Error(`CHANGELOG.md:${index + 1}: ${why}: "${line}"`);
    const { name, date } = VERSION.exec(line)?.groups ?? {};
    if (name !== undefined) {
      if (name === 'Unreleased' ? date !== undefined : date === undefined)
        throw complain('expected "## [Unreleased]" or "## [1.2.3] - 2026-01-31"');
      if (releases.some((release) => release.name === name)) throw complain('the version is there twice');
      if (name === 'Unreleased' && releases.length > 0) throw complain('what is unreleased comes first');
      releases.push({ name, ...(date === undefined ? {} : { date }), lines: [] });
    } else if (line.startsWith('## ')) throw complain('expected "## [Unreleased]" or "## [1.2.3] - 2026-01-31"');
    else if (line.startsWith('### ') && !KINDS.includes(line.slice(4)))
      throw complain(`expected one of ${KINDS.join(', ')}`);
    else releases.at(-1)?.lines.push(line);
  }
  return releases.map(({ lines, ...release }) => ({ ...release, notes: lines.join('\n').trim() }));
}

/** The notes of one version, for a tag and for the page of a release. Throws when there are none. */
export function notesOf(changelog: string, version: string): string {
  const name = version.replace(/^v/, '');
  const release = releasesIn(changelog).find((one) => one.name === name);
  if (release === undefined)
    throw new Error(`CHANGELOG.md has no version ${name}: give it a heading "## [${name}] - DATE"`);
  if (release.notes === '') throw new Error(`CHANGELOG.md says nothing of version ${name}`);
  return `${release.notes}\n`;
}
