import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  parseAliases,
  parseCommandLine,
  parseFilesystems,
  parseLoadList,
  parseLoadedModules,
  parseLockdown,
  parseModprobeConfig,
  parseModulePaths,
} from '../../../../../src/areas/modules/observe/parse.ts';

describe('a modules-load.d file', () => {
  test('lists one module a line, in either spelling, with its line number', () => {
    const text = '# comment\n; comment\n\n  overlay  \nbr-netfilter\n';

    expect(parseLoadList(text)).toEqual([
      { name: 'overlay', line: 4 },
      { name: 'br_netfilter', line: 5 },
    ]);
  });

  test('may have Windows line ends, NUL bytes and no last line end', () => {
    expect(parseLoadList('overlay\r\nbr\0idge\r\nnbd')).toEqual([
      { name: 'overlay', line: 1 },
      { name: 'nbd', line: 3 },
    ]);
  });

  test('does not list lines that are not a module name', () => {
    expect(parseLoadList('two words\n../etc/passwd\noptions x y=1\n')).toEqual([]);
  });
});

describe('a modprobe.d file', () => {
  test('yields the directives that decide about loading', () => {
    const text = 'blacklist nf-tables\ninstall dccp /bin/false\noptions nbd max_part=16 nbds_max=8\nsoftdep a pre: b\n';

    expect(parseModprobeConfig(text)).toEqual([
      { directive: 'blacklist', module: 'nf_tables', rest: '', line: 1 },
      { directive: 'install', module: 'dccp', rest: '/bin/false', line: 2 },
      { directive: 'options', module: 'nbd', rest: 'max_part=16 nbds_max=8', line: 3 },
    ]);
  });

  test('keeps an alias with its pattern and its target apart', () => {
    expect(parseModprobeConfig('alias net-pf-10 ipv6\nalias char-major-10-1 off\n')).toEqual([
      { directive: 'alias', module: 'ipv6', rest: 'net_pf_10', line: 1 },
      { directive: 'alias', module: 'off', rest: 'char_major_10_1', line: 2 },
    ]);
  });

  test('continues a line after a backslash and counts from where it began', () => {
    const text = '# x\noptions nbd \\\n  max_part=16\nblacklist floppy\n';

    expect(parseModprobeConfig(text)).toEqual([
      { directive: 'options', module: 'nbd', rest: 'max_part=16', line: 2 },
      { directive: 'blacklist', module: 'floppy', rest: '', line: 4 },
    ]);
  });

  test('ends well with a backslash at its very end', () => {
    expect(parseModprobeConfig('blacklist floppy\\')).toEqual([
      { directive: 'blacklist', module: 'floppy', rest: '', line: 1 },
    ]);
  });

  test('does not take a commented or incomplete line for a directive', () => {
    expect(parseModprobeConfig('#blacklist a\nblacklist\ninstall\n# blacklist b\nblacklistx c\n')).toEqual([]);
  });
});

describe('the lists of the kernel', () => {
  test('modules.dep and modules.builtin name modules by path, compressed or not', () => {
    const text = 'kernel/a/dm-crypt.ko.xz: kernel/b/x.ko\nkernel/c/overlay.ko\nkernel/d/z.ko.zst:\n\nnonsense\n';

    expect([...parseModulePaths(text)]).toEqual(['dm_crypt', 'overlay', 'z']);
  });

  test('modules.alias yields plain names and leaves device patterns out', () => {
    const text = '# Aliases\nalias pci:v00008086d* e1000\nalias ip_conntrack nf_conntrack\nalias fs-ceph ceph\n';

    expect([...parseAliases(text)]).toEqual([
      ['ip_conntrack', 'nf_conntrack'],
      ['fs_ceph', 'ceph'],
    ]);
  });

  test('/proc/modules of Debian 12 is read completely', () => {
    const text = readFileSync('test/support/hosts/debian-12/root/proc/modules', 'utf8');

    const names = parseLoadedModules(text);

    expect(names.size).toBe(text.trim().split('\n').length);
    expect(names.has('overlay') || names.has('virtio_net')).toBe(true);
  });

  test('/proc/filesystems has the name last', () => {
    expect([...parseFilesystems('nodev\tsysfs\n\text4\nnodev\toverlay\n')]).toEqual(['sysfs', 'ext4', 'overlay']);
  });

  test('the command line keeps quoted blanks together', () => {
    expect(parseCommandLine('ro quiet dyndbg="file a +p" module_blacklist=a,b\n')).toEqual([
      { name: 'ro', value: '' },
      { name: 'quiet', value: '' },
      { name: 'dyndbg', value: 'file a +p' },
      { name: 'module_blacklist', value: 'a,b' },
    ]);
  });

  test('lockdown is the word in brackets, and none is no lockdown', () => {
    expect(parseLockdown('none [integrity] confidentiality\n')).toBe('integrity');
    expect(parseLockdown('[none] integrity confidentiality\n')).toBeUndefined();
    expect(parseLockdown('')).toBeUndefined();
  });
});

test('no bytes whatever make a parser throw or yield a name that is not one', () => {
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    fc
      .array(
        fc.constantFrom('blacklist ', 'install ', 'alias ', 'options ', '\\\n', '\n', '\0', '"', '../../', 'a-b', ' '),
      )
      .map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(hostile, (text) => {
      const names = [
        ...parseLoadList(text).map((one) => one.name),
        ...parseModprobeConfig(text).map((one) => one.module),
        ...parseAliases(text).values(),
        ...parseLoadedModules(text),
      ];
      parseFilesystems(text);
      parseCommandLine(text);
      parseLockdown(text);
      expect(names.filter((name) => !/^[A-Za-z0-9_.]+$/.test(name))).toEqual([]);
    }),
  );
});

test('a line of a megabyte is read in no time', () => {
  const long = 'x'.repeat(1024 * 1024);

  expect(parseLoadList(`${long} y\noverlay`)).toEqual([{ name: 'overlay', line: 2 }]);
  expect(parseModprobeConfig(`options nbd ${long}`)).toHaveLength(1);
  expect(parseCommandLine(`"${long}`)).toHaveLength(1);
});
