/**
 * The copyright file of the Debian package, in the format of the Debian project: our own licence, those of the npm
 * packages in the bundle as they are installed here, and those of Node.js, which the executable contains.
 */
import type { ThirdParty } from '../build/third-party.ts';

/** Debian writes some names in another way. */
const DEBIAN_NAMES: Readonly<Record<string, string>> = { MIT: 'Expat' };

/** Licences that every Debian system has, which are not to be repeated. */
const COMMON: Readonly<Record<string, string>> = {
  'Apache-2.0':
    ' On Debian systems, the full text of the Apache License, Version 2.0, is in\n /usr/share/common-licenses/Apache-2.0.',
};

/** The whole file. */
export function renderCopyright(thirdParties: readonly ThirdParty[], nodeLicences: string): string {
  const used = Object.keys(COMMON).map((name) => `License: ${name}\n${COMMON[name]}`);
  return [
    `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: nodeprep
Comment: The executable contains Node.js and parts of the npm packages below, each of them where "npm ci" puts it.`,
    'Files: *\nCopyright: 2026 NodePrep authors\nLicense: Apache-2.0',
    ...thirdParties.map(stanza),
    `Files: node_modules/node/*
Copyright: Node.js contributors
 Joyent, Inc. and other Node contributors
 and those whom the text below names for the libraries in Node.js
License: Node.js
${indent(withoutCommonTerms(nodeLicences))}`,
    ...used,
    '',
  ].join('\n\n');
}

/** Some libraries of Node repeat the whole Apache License, which Debian asks to be named instead. */
function withoutCommonTerms(text: string): string {
  const terms = /^ *Apache License\n *Version 2\.0, January 2004\n[^]*?^ *END OF TERMS AND CONDITIONS$/gm;
  return text
    .replaceAll('\r', '')
    .replaceAll(terms, `Apache License, Version 2.0, January 2004\n${COMMON['Apache-2.0']}`);
}

function stanza({ name, version, licence, text, notices, authors }: ThirdParty): string {
  const head = `Files: node_modules/${name}/*\nCopyright: ${holders(text, authors).join('\n ')}`;
  const named = DEBIAN_NAMES[licence] ?? licence;
  // Equal names stand for equal terms in this format, and most texts differ in small ways.
  const term =
    licence in COMMON ? `License: ${licence}` : `License: ${named}-${name.replace('/', '-')}\n${indent(text)}`;
  return `${head}\n${term}\nComment: ${name} ${version}${notices === '' ? '' : `\n${indent(notices)}`}`;
}

/** Those whom the text names, without the gaps that a template leaves for names. */
function holders(text: string, authors: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim());
  const named = lines.filter(
    (line) => /^(?:Copyright\b|\(c\)|©).*\d{4}|^Copyright \(c\) /i.test(line) && !/[[{]/.test(line),
  );
  return named.length > 0 ? [...new Set(named)].map((line) => line.replace(/^Copyright:? /i, '')) : [authors];
}

/** Continued lines begin with a space, empty ones with a full stop. */
function indent(text: string): string {
  const lines = text.replaceAll('\r', '').trim().split('\n');
  return lines.map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`)).join('\n');
}
