/** The copyright file of the Debian package. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeBundle } from '../../../scripts/build/bundle.ts';
import { nodeLicences } from '../../../scripts/build/node-binary.ts';
import { readThirdParty, renderNotices } from '../../../scripts/build/third-party.ts';
import { renderCopyright } from '../../../scripts/deb/copyright.ts';
import { temporaryDirectory } from '../../support/nodeprep-process.ts';

function packageWith(manifest: object, files: Readonly<Record<string, string>> = {}): string {
  const folder = temporaryDirectory();
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: '@x/y', version: '1.2.3', ...manifest }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test('every package in the bundle is named with its terms and its authors', async () => {
  const { packages } = await writeBundle('src/main.ts', join(temporaryDirectory(), 'nodeprep.cjs'));

  const text = renderCopyright(packages.map(readThirdParty), 'The terms of Node.js.');

  expect(packages).toEqual(expect.arrayContaining(['node_modules/zod', 'node_modules/yaml', 'node_modules/commander']));
  for (const folder of packages) expect(text).toContain(`\nFiles: ${folder}/*\nCopyright: `);
  expect(text).toContain('License: Node.js\n The terms of Node.js.\n');
  // What a format of lines cannot hold: every line that is not a field is indented, no paragraph is torn apart.
  expect(
    text
      .split('\n')
      .filter((line) => !/^$|^ \S?|^(?:Format|Upstream-Name|Comment|Files|Copyright|License): /.test(line)),
  ).toEqual([]);
});

test('those of the pinned Node are here', () => {
  expect(nodeLicences()).toContain('Node.js is licensed for use as follows');
});

test('a package without a licence is not distributed', () => {
  expect(() => readThirdParty(packageWith({ license: 'MIT' }))).toThrow('"@x/y" comes without a licence');
  expect(() => readThirdParty(packageWith({}, { LICENSE: 'Do as you like.' }))).toThrow('comes without a licence');
});

test('terms keep their empty lines, and notices go along', () => {
  const folder = packageWith(
    { license: 'MIT', author: 'Ann' },
    { 'LICENSE.md': 'Copyright (c) [year] [name]\r\n\r\nDo as you like.\n', NOTICE: 'Made by Ann.\n' },
  );

  expect(renderCopyright([readThirdParty(folder)], 'Node')).toContain(`Files: node_modules/@x/y/*
Copyright: Ann
License: Expat-@x-y
 Copyright (c) [year] [name]
 .
 Do as you like.
Comment: @x/y 1.2.3
 Made by Ann.
`);
});

test('the Apache License is named once instead of being repeated', () => {
  const full = '  Apache License\n  Version 2.0, January 2004\n\n  1. Definitions.\n\n  END OF TERMS AND CONDITIONS';
  const folder = packageWith({ license: 'Apache-2.0' }, { LICENSE: `${full}\n\n  Copyright 2015 Bob\n` });

  const text = renderCopyright([readThirdParty(folder)], `- a:\n${full}\n- b:\n${full}\n- c: free\n`);

  expect(text).toContain('Copyright: 2015 Bob\nLicense: Apache-2.0\nComment: @x/y 1.2.3\n');
  expect(text).not.toContain('Definitions');
  expect(text).toContain(' - c: free');
  expect(text.match(/common-licenses/g)).toHaveLength(3);
});

test('the notices beside the executable hold every text as its authors wrote it', () => {
  const folder = packageWith({ license: 'MIT' }, { LICENSE: 'Copyright 2015 Bob\r\n\r\nDo.\n', NOTICE: 'By Ann.' });

  const text = renderNotices([readThirdParty(folder)], 'Apache License\nVersion 2.0, January 2004');

  expect(text).toContain('@x/y 1.2.3 (MIT)\n');
  expect(text).toContain('\n\nCopyright 2015 Bob\n\nDo.\n\nBy Ann.\n');
  expect(text).toContain('\nApache License\nVersion 2.0, January 2004\n');
  expect(text).toContain('GCC Runtime Library Exception');
});
