/** The area bootParameters with Debian's own GRUB, over folders of its own in a mount namespace. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { unpackedFolder, unpackPackages } from '../support/debian-packages.ts';
import { namespaceObstacle } from '../support/namespace.ts';

const execute = promisify(execFile);

const obstacle = findObstacle();
// Below the home, because grub-probe wants a file system with a device, and an overlay wants one with attributes.
mkdirSync(join(unpackedFolder('grub'), '..'), { recursive: true });
const work = mkdtempSync(join(unpackedFolder('grub'), '../nodeprep-grub-test-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

function findObstacle(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  const reason = namespaceObstacle('mount') ?? unpackPackages('grub', ['grub-common', 'grub2-common']);
  if (reason !== undefined) console.warn(`Left out: ${reason}`);
  return reason;
}

/** A machine with two kernels, on the tools of the packages and the folders of the test. */
const SET_UP = `set -e
root='${unpackedFolder('grub')}'
mount -t overlay -o "lowerdir=$root/usr:/usr" overlay /usr
mkdir -p boot/grub upper scratch
mount -t overlay -o "lowerdir=$root/etc:/etc,upperdir=$PWD/upper,workdir=$PWD/scratch" overlay /etc
mount --bind boot /boot
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /var/lib
cp /usr/share/grub/default/grub /etc/default/grub
for kernel in 6.1.0-18-amd64 6.1.0-17-amd64; do echo > "/boot/vmlinuz-$kernel"; echo > "/boot/initrd.img-$kernel"; done
`;

const PROGRAM = `
import { readFileSync, writeFileSync, existsSync, rmSync } from 'node:fs';
import { createLinuxHost } from '${process.cwd()}/src/host/linux/linux-host.ts';
import { bootSpec, passBoot } from '${process.cwd()}/test/support/boot-pass.ts';
const host = createLinuxHost();
const cfg = () => readFileSync('/boot/grub/grub.cfg', 'utf8');
const linux = () => cfg().split('\\n').filter((line) => /^\\s*linux\\s/.test(line));
const spec = bootSpec({ name: 'audit', value: '1' }, { name: 'x.y', value: 'a,b:c=[1]!%+@/^~-' });
const facts = (report) => ({ failures: report.failures.map(({ message }) => message), deferred: report.deferred.length });
const ours = () => existsSync('/etc/default/grub.d/zz-nodeprep.cfg');
const result = {};
// The language of the caller is a part of grub.cfg.
await host.run(['update-grub'], { timeoutMs: 60_000 });
const before = cfg();
const others = '/etc/default/grub.d/10-others.cfg';
writeFileSync(others, 'GRUB_CMDLINE_LINUX="open\\n');
result.broken = { ...facts(await passBoot(host, spec)), isSame: cfg() === before, ours: ours() };
writeFileSync(others, 'GRUB_DEVICE_UUID=x\\nGRUB_DEVICE=/dev/elsewhere\\nGRUB_DISABLE_LINUX_UUID=true\\n');
result.elsewhere = { ...facts(await passBoot(host, spec)), isSame: cfg() === before, ours: ours() };
rmSync(others);
result.declared = { ...facts(await passBoot(host, spec)), linux: linux() };
const again = await passBoot(host, spec);
result.again = again.applied.length;
result.removed = { ...facts(await passBoot(host, bootSpec())), isSame: cfg() === before, ours: ours() };
console.log(JSON.stringify(result));
`;

describe.skipIf(obstacle !== undefined)('boot parameters with the GRUB of Debian [needs root and apt]', () => {
  test('are on every line, leave with every byte, and never come with anything else', {
    timeout: 180_000,
  }, async () => {
    writeFileSync(join(work, 'program.ts'), PROGRAM);
    const script = `${SET_UP}\ncd '${process.cwd()}'\nexec "$0" '${join(work, 'program.ts')}'`;

    const { stdout } = await execute('unshare', ['--mount', 'sh', '-c', script, process.execPath], {
      cwd: work,
      timeout: 170_000,
    });
    const result = JSON.parse(stdout);

    // A shell error in the file of others: update-grub would fail for every kernel package, with or without ours.
    expect(result.broken).toMatchObject({ isSame: true, ours: false });
    expect(result.broken.failures.join()).toContain('GRUB refuses its settings');
    expect(result.elsewhere).toMatchObject({ isSame: true, ours: false });
    expect(result.elsewhere.failures.join()).toContain('would change more');

    expect(result.declared.failures).toEqual([]);
    expect(result.declared.linux.length).toBe(5);
    const isDeclared = (line: string) => line.includes(' audit=1 ') && line.includes(' x.y=a,b:c=[1]!%+@/^~-');
    expect(result.declared.linux.filter((line: string) => !isDeclared(`${line} `))).toEqual([]);
    expect(result.again).toBe(0);
    expect(result.removed).toMatchObject({ failures: [], isSame: true, ours: false });
  });
});
