import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { observeChain } from '../../../src/areas/sysctls/boot-files/sysctl-d.ts';
import { nameFromBytes, pathToBytes } from '../../../src/host/file-names.ts';
import { createLinuxHost } from '../../../src/host/linux/linux-host.ts';

const LATIN = Buffer.from([0x7a, 0xfc, 0x2e, 0x63, 0x6f, 0x6e, 0x66]);

test.each([
  LATIN,
  Buffer.from([0xff, 0xfe]),
  Buffer.from('grün', 'utf8'),
  Buffer.from([0xed, 0xb3, 0xbc]),
  Buffer.from([0xe2, 0x82]),
])('the name %o comes back as the same bytes', (bytes) => {
  expect(Buffer.from(pathToBytes(nameFromBytes(bytes)))).toEqual(bytes);
});

test('a file whose name is not UTF-8 is read as any other', async () => {
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-names-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'etc/sysctl.d'), { recursive: true });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/etc/sysctl.d/`), LATIN]), 'net.ipv4.ip_forward = 0\n');
  const host = createLinuxHost({ root });

  const { files } = await observeChain(host);

  const read = files.filter(({ parsed }) => (parsed.systemd?.assignments.length ?? 0) > 0);
  expect(read.map(({ path }) => path)).toEqual([`/etc/sysctl.d/${nameFromBytes(LATIN)}`]);
  expect((await host.stat(read[0]?.path ?? ''))?.type).toBe('file');
});
