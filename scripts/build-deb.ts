/**
 * Builds Debian packages of the executables: dist/nodeprep_<version>_<architecture>.deb.
 *   npm run build:deb                          for this machine
 *   npm run build:deb -- --arch linux-arm64    for another one; also linux-x64 or all
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { renderSpecDocument } from '../src/app/install/spec-document.ts';
import { writeSums } from './build/archive.ts';
import { writeBundle } from './build/bundle.ts';
import { writeExecutable } from './build/executable.ts';
import { nodeLicences } from './build/node-binary.ts';
import { DIST, PROJECT, VERSION } from './build/paths.ts';
import { run } from './build/run.ts';
import { type Target, targetsFrom } from './build/target.ts';
import { readThirdParty } from './build/third-party.ts';
import { renderCopyright } from './deb/copyright.ts';
import { manualPages } from './man/pages.ts';

const SOURCES = join(import.meta.dirname, 'deb');
const MAINTAINER = 'NodePrep authors <maintainers@nodeprep.dev>';
/** A tilde sorts before everything, as "1.0.0-rc.1" comes before "1.0.0"; the last part counts packages of one version. */
const DEBIAN_VERSION = `${VERSION.replaceAll('-', '~')}-1`;
/** When the sources were changed last, so that the same ones give the same package. */
const CHANGED = changed();

const { values } = parseArgs({ options: { arch: { type: 'string', multiple: true, default: [] } } });
mkdirSync(DIST, { recursive: true });
const { packages } = await writeBundle();
for (const target of targetsFrom(values.arch)) console.log(writePackage(target));
await writeSums();

function writePackage(target: Target): string {
  const executable = join(writeExecutable(target, packages), 'nodeprep');
  const tree = join(DIST, `deb-${target.debianArchitecture}`);
  rmSync(tree, { recursive: true, force: true });
  const put = (path: string, contents: string | Buffer, mode = 0o644) => {
    const at = join(tree, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, contents);
    chmodSync(at, mode);
  };
  mkdirSync(join(tree, 'usr/lib/nodeprep'), { recursive: true });
  copyFileSync(executable, join(tree, 'usr/lib/nodeprep/nodeprep'));
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  symlinkSync('../lib/nodeprep/nodeprep', join(tree, 'usr/bin/nodeprep'));
  putUnits(tree);
  // What an administrator changes here survives every upgrade.
  put('etc/nodeprep/nodeprep.yaml', renderSpecDocument('kubeadm-worker'));
  const thirdParties = packages.map((folder) => readThirdParty(join(PROJECT, folder)));
  put('usr/share/doc/nodeprep/copyright', renderCopyright(thirdParties, nodeLicences()));
  const putCompressed = (path: string, text: string) => put(`${path}.gz`, gzipSync(text, { level: 9 }));
  putCompressed('usr/share/doc/nodeprep/changelog.Debian', changelog());
  for (const [path, page] of Object.entries(manualPages())) putCompressed(`usr/share/man/${path}`, page);
  put('usr/share/lintian/overrides/nodeprep', readFileSync(join(SOURCES, 'lintian-overrides')));
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(`DEBIAN/${script}`, readFileSync(join(SOURCES, script)), 0o755);
  put('DEBIAN/conffiles', '/etc/nodeprep/nodeprep.yaml\n');
  put('DEBIAN/control', control(target, statSync(executable).size));
  put('DEBIAN/md5sums', md5sums(tree));

  const file = join(DIST, `nodeprep_${DEBIAN_VERSION}_${target.debianArchitecture}.deb`);
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  for (const name of readdirSync(DIST))
    if (name.startsWith('nodeprep_') && name.endsWith(`_${target.debianArchitecture}.deb`)) rmSync(join(DIST, name));
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file], {
    env: { SOURCE_DATE_EPOCH: `${CHANGED.getTime() / 1000}` },
  });
  rmSync(tree, { recursive: true });
  return file;
}

/** The units of `nodeprep install`, for the place where a package has its programs. */
function putUnits(tree: string): void {
  const units = join(tree, 'usr/lib/systemd/system');
  cpSync(join(PROJECT, 'manifests/systemd'), units, { recursive: true });
  for (const name of ['nodeprep-bootstrap.service', 'nodeprep.service']) {
    const text = readFileSync(join(units, name), 'utf8').replaceAll('/usr/local/bin/', '/usr/bin/');
    const owned = text.replace('"nodeprep install" replaces', 'an upgrade of the package replaces');
    writeFileSync(join(units, name), owned.replace(/^\[Unit\]$/m, '$&\nDocumentation=man:nodeprep(8)'));
  }
}

/** What `dpkg --verify` compares with; configuration files are known to it otherwise. */
function md5sums(tree: string): string {
  return readdirSync(tree, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(tree.length + 1))
    .filter((path) => !path.startsWith('DEBIAN/') && !path.startsWith('etc/'))
    .toSorted()
    .map(
      (path) =>
        `${createHash('md5')
          .update(readFileSync(join(tree, path)))
          .digest('hex')}  ${path}\n`,
    )
    .join('');
}

function control(target: Target, bytes: number): string {
  return [
    'Package: nodeprep',
    `Version: ${DEBIAN_VERSION}`,
    `Architecture: ${target.debianArchitecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(bytes / 1024) + 64}`,
    'Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 5.2), libatomic1, init-system-helpers (>= 1.54)',
    'Recommends: kmod',
    'Section: admin',
    'Priority: optional',
    'Description: makes a Linux machine ready to be a Kubernetes node',
    ' NodePrep loads kernel modules, sets kernel parameters and turns swap off as',
    ' declared in one document, before the kubelet starts and at every boot. While',
    ' it runs it notices what differs, corrects it, and says who changed it.',
    ' .',
    ' Everything it does can be shown beforehand, is reported, and is taken back',
    ' when the package is removed.',
    '',
  ].join('\n');
}

function changelog(): string {
  const date = CHANGED.toUTCString().replace('GMT', '+0000');
  return `nodeprep (${DEBIAN_VERSION}) stable; urgency=medium\n\n  * Release ${VERSION}.\n\n -- ${MAINTAINER}  ${date}\n`;
}

function changed(): Date {
  const told = process.env['SOURCE_DATE_EPOCH'];
  if (told !== undefined && told !== '') return new Date(Number(told) * 1000);
  const { status, stdout } = spawnSync('git', ['-C', PROJECT, 'log', '-1', '--format=%cI'], { encoding: 'utf8' });
  if (status === 0 && existsSync(join(PROJECT, '.git'))) return new Date(stdout.trim());
  // Sources unpacked from an archive have no history; the archive carries the time of their commit.
  return new Date(Math.floor(statSync(join(PROJECT, 'package.json')).mtimeMs / 1000) * 1000);
}
