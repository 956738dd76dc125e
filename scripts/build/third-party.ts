/** The licences of third-party code in the executable; they must be passed on with it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of which the executable has parts. */
export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  /** SPDX expression of its licence. */
  readonly licence: string;
  /** The licence as the package has it. */
  readonly text: string;
  /** What some licences want to be passed on besides; mostly empty. */
  readonly notices: string;
  /** Its authors, where the text names none. */
  readonly authors: string;
}

/** Reads what a package in a folder says of itself; throws when it does not say under which terms it is. */
export function readThirdParty(folder: string): ThirdParty {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: unknown;
    author?: string | { name: string };
  };
  const read = (names: RegExp) =>
    readdirSync(folder)
      .filter((file) => names.test(file))
      .toSorted()
      .map((file) => readFileSync(join(folder, file), 'utf8').trim())
      .join('\n\n');
  const text = read(/^(?:licen[cs]e|copying)\b/i);
  if (typeof license !== 'string' || text === '')
    throw new Error(`The package "${name}" comes without a licence: find out its terms before it is distributed`);
  const authors = (typeof author === 'string' ? author : author?.name) ?? `the authors of ${name}`;
  return { name, version, licence: license, text, notices: read(/^notice\b/i), authors };
}

/** All of them as one text for people, with the terms of Node.js and of the library beside the executable. */
export function renderNotices(thirdParties: readonly ThirdParty[], nodeLicences: string): string {
  return [
    'NodePrep is under the terms of LICENSE. Its executable contains Node.js and parts of the packages below.',
    ...thirdParties.map(({ name, version, licence, text, notices }) =>
      section(`${name} ${version} (${licence})`, notices === '' ? text : `${text}\n\n${notices}`),
    ),
    section('Node.js', nodeLicences),
    section(
      'libatomic.so.1',
      'A part of the GNU Compiler Collection, https://gcc.gnu.org, under the GNU General Public License, version 3 or\nlater, with the GCC Runtime Library Exception, version 3.1.',
    ),
  ].join('\n\n');
}

function section(title: string, text: string): string {
  return `${'='.repeat(80)}\n${title}\n${'='.repeat(80)}\n\n${text.replaceAll('\r', '').trim()}\n`;
}
