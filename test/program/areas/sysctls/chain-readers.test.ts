/**
 * The chain against the real programs: random trees are replayed by systemd-sysctl (in a network
 * namespace of its own, and limited to keys of that namespace) and by `sysctl --system --dry-run`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { rulesOf, winnerOf } from '../../../../src/areas/sysctls/boot-files/chain.ts';
import { keyPathFrom } from '../../../../src/areas/sysctls/values/key-path.ts';
import { READERS, type Reader } from '../../../../src/areas/sysctls/boot-files/parse-conf.ts';
import { observeChain } from '../../../../src/areas/sysctls/boot-files/sysctl-d.ts';
import { type MemoryFiles, MemoryHost } from '../../../../src/host/memory/memory-host.ts';

const CASES = 40;
const KEYS = ['all', 'default', 'lo'].flatMap((device) =>
  ['rp_filter', 'log_martians'].map((leaf) => `net/ipv4/conf/${device}/${leaf}`),
);
const SYSTEMD_SYSCTL = '/lib/systemd/systemd-sysctl';

/** Every directory of the chain becomes a tmpfs of the namespace, so that nothing of this machine is read or written. */
const SCRIPT = `
set -e
for d in /etc/sysctl.d /usr/lib/sysctl.d; do mount -t tmpfs none $d; done
mount -t tmpfs none /run; mkdir /run/sysctl.d
mount -t tmpfs none /usr/local/lib; mkdir /usr/local/lib/sysctl.d
touch /run/empty.conf; mount --bind /run/empty.conf /etc/sysctl.conf
for case in "$1"/*; do
  for d in /etc/sysctl.d /usr/lib/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d; do
    find $d -mindepth 1 -delete
    if [ -d $case$d ]; then cp -a $case$d/. $d/; fi
  done
  : >/run/empty.conf
  if [ -f $case/etc/sysctl.conf ]; then cat $case/etc/sysctl.conf >/run/empty.conf; fi
  echo "=== $(basename $case) systemd"
  SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console ${SYSTEMD_SYSCTL} --prefix=/net/ipv4/conf 2>&1 || true
  echo "=== $(basename $case) procps"
  sysctl --system --dry-run 2>/dev/null || true
done
`;

/** Why the programs cannot be asked here. */
function obstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (!existsSync(SYSTEMD_SYSCTL)) return `there is no ${SYSTEMD_SYSCTL}`;
  if (!existsSync('/etc/sysctl.conf') || !existsSync('/etc/sysctl.d')) return 'there is no sysctl.d to mount over';
  const namespace = spawnSync('unshare', ['-n', '-m', 'sh', '-c', 'mount -t tmpfs none /run && sysctl --help']);
  if (namespace.status !== 0) return 'no new namespace can be made here';
  return String(namespace.stdout).includes('--dry-run') ? undefined : 'this sysctl has no --dry-run';
}

const spelling = fc.oneof(
  fc.constantFrom(...KEYS),
  fc.constantFrom(...KEYS).map((key) => key.replaceAll('/', '.')),
  fc.constantFrom(
    'net.ipv4.conf.*.rp_filter',
    'net/ipv4/conf/[ad]*/rp_filter',
    'net.ipv4.conf.?o.*',
    'net.ipv4.*.all.*',
  ),
);
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(spelling, fc.constantFrom('0', '1', '2'), fc.constantFrom('=', ' = ', '\t='))
      .map(([key, value, is]) => `${key}${is}${value}`),
  },
  { weight: 1, arbitrary: fc.constantFrom(...KEYS).map((key) => `-${key}`) },
  { weight: 1, arbitrary: spelling.map((key) => `-${key} = 1`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '# net.ipv4.conf.all.rp_filter=2',
      ' ; x',
      'nonsense',
      '  net.ipv4.conf.lo.rp_filter = 2  ',
      '=',
    ),
  },
);
const content = fc
  .tuple(fc.array(line, { maxLength: 6 }), fc.constantFrom('\n', '\r\n'), fc.boolean())
  .map(([lines, end, closed]) => lines.join(end) + (closed ? end : ''));
const file = fc.oneof(
  { weight: 8, arbitrary: content },
  { weight: 1, arbitrary: fc.constantFrom({ link: '/dev/null' }, { link: 'gone.conf' }, null) },
);
const path = fc
  .tuple(
    fc.constantFrom('/etc', '/run', '/usr/local/lib', '/usr/lib'),
    fc.constantFrom('10-a', '50-b', '99-sysctl', '99-zz-nodeprep', '999-z', 'Z', 'local', 'a.b', '.hidden'),
  )
  .map(([directory, name]) => `${directory}/sysctl.d/${name}.conf`);
const tree = fc
  .tuple(fc.dictionary(path, file, { maxKeys: 8 }), fc.option(content))
  .map(([files, conf]): MemoryFiles => ({ ...files, ...(conf === null ? {} : { '/etc/sysctl.conf': conf }) }));

function writeTree(root: string, files: MemoryFiles): void {
  mkdirSync(root, { recursive: true });
  for (const [name, entry] of Object.entries(files)) {
    const at = join(root, name);
    mkdirSync(dirname(at), { recursive: true });
    if (entry === null) mkdirSync(at);
    else if (typeof entry === 'string') writeFileSync(at, entry);
    else symlinkSync(entry.link, at);
  }
}

/** What the programs set last, by case, reader and key. */
function parseOutput(output: string): Map<string, string> {
  const values = new Map<string, string>();
  let section = '';
  for (const text of output.split('\n')) {
    if (text.startsWith('=== ')) section = text.slice(4);
    const set = /^Setting '\/proc\/sys\/(\S+)' to '(.*)'/.exec(text) ?? /^(net\.\S+) = (.*)$/.exec(text);
    if (set !== null) values.set(`${section} ${keyPathFrom(set[1] as string)}`, set[2] as string);
  }
  return values;
}

async function computed(files: MemoryFiles, reader: Reader, key: string): Promise<string | undefined> {
  const chain = await observeChain(new MemoryHost({ '/etc': null, ...files }));
  return winnerOf(
    rulesOf(chain, reader, () => true),
    key,
  )?.value;
}

test('computes the winners that systemd-sysctl and sysctl --system really choose', async ({ skip }) => {
  const reason = obstacle();
  if (reason !== undefined) {
    process.stderr.write(`chain-readers: skipped, because ${reason}\n`);
    skip(reason);
  }
  const trees = fc.sample(tree, { numRuns: CASES, seed: 20261121 });
  const root = mkdtempSync(join(tmpdir(), 'nodeprep-chain-'));
  try {
    for (const [at, files] of trees.entries()) writeTree(join(root, String(at)), files);
    const output = execFileSync('unshare', ['-n', '-m', 'sh', '-c', SCRIPT, 'sh', root], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    const real = parseOutput(output);

    expect(real.size).toBeGreaterThan(CASES);
    for (const [at, files] of trees.entries()) {
      for (const reader of READERS) {
        const [ours, theirs] = [new Map<string, unknown>(), new Map<string, unknown>()];
        for (const key of KEYS) {
          ours.set(key, await computed(files, reader, key));
          theirs.set(key, real.get(`${at} ${reader} ${key}`));
        }
        expect({ reader, files, winners: ours }).toEqual({ reader, files, winners: theirs });
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 60_000);
