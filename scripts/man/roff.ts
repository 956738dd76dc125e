/**
 * Manual pages in the language of man(7), from plain text in which code is between backticks. Only what such a page
 * needs: no line of the text can become a request, and every character comes out as itself.
 */

/** Text that stands for itself: hyphens that can be searched and copied, quotes that no typesetter turns. */
export function escapeRoff(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti');
  return escaped.replaceAll(/^\./gm, '\\&.');
}

/** Text on one line, with what is between backticks in bold. */
function inline(text: string): string {
  return escapeRoff(text.replaceAll(/\s+/g, ' ').trim()).replaceAll(/\\\(ga(.+?)\\\(ga/g, '\\fB$1\\fR');
}

const quoted = (text: string) => `"${escapeRoff(text).replaceAll('"', '\\(dq')}"`;

/** The head of a page, such as `nodeprep(8)`, and its NAME section. */
export function pageHead(page: { name: string; section: number; source: string; title: string; is: string }): string {
  const { name, section, source, title, is } = page;
  return [
    '.\\" Generated from the sources of the program. Do not edit.',
    `.TH ${quoted(name.toUpperCase())} ${section} "" ${quoted(source)} ${quoted(title)}`,
    // A path that is broken with a hyphen cannot be copied.
    '.nh',
    '.SH NAME',
    `${escapeRoff(name)} \\- ${escapeRoff(is)}`,
  ].join('\n');
}

/** A section with its parts. */
export function section(title: string, ...parts: readonly string[]): string {
  return [`.SH ${quoted(title)}`, ...parts].join('\n');
}

/** A part of a section under a title of its own. */
export function subsection(title: string, ...parts: readonly string[]): string {
  return [`.SS ${quoted(title)}`, ...parts].join('\n');
}

/** A paragraph. */
export function paragraph(text: string): string {
  return `.PP\n${inline(text)}`;
}

/** A term, such as an option, and its description in one or more paragraphs. */
export function item(term: string, ...paragraphs: readonly string[]): string {
  return ['.TP', `\\fB${escapeRoff(term)}\\fR`, paragraphs.map(inline).join('\n.IP\n')].join('\n');
}

/** Lines that stay as they are, in a typewriter face where there is one. */
export function example(text: string): string {
  return `.PP\n.in +4n\n.EX\n${escapeRoff(text.trimEnd())}\n.EE\n.in`;
}
