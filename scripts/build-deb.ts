/**
 * Builds Debian packages of the executables: dist/nodeprep_<version>_<architecture>.deb.
 *   npm run build:deb                          for this machine
 *   npm run build:deb -- --arch linux-arm64    for another one; also linux-x64 or all
 */
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { renderSpecDocument } from '../src/daemon/install/spec-document.ts';
import { writeSums } from './build/archive.ts';
import { writeBundle } from './build/bundle.ts';
import { writeExecutable } from './build/executable.ts';
import { DIST, PROJECT, VERSION } from './build/paths.ts';
import { run } from './build/run.ts';
import { type Target, targetsFrom } from './build/target.ts';

const SOURCES = join(import.meta.dirname, 'deb');
const MAINTAINER = 'NodePrep authors <maintainers@nodeprep.dev>';

const { values } = parseArgs({ options: { arch: { type: 'string', multiple: true, default: [] } } });
mkdirSync(DIST, { recursive: true });
await writeBundle();
for (const target of targetsFrom(values.arch)) console.log(writePackage(target));
await writeSums();

function writePackage(target: Target): string {
  const executable = join(writeExecutable(target), 'nodeprep');
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
  put('usr/share/doc/nodeprep/copyright', readFileSync(join(SOURCES, 'copyright')));
  put('usr/share/doc/nodeprep/changelog.gz', gzipSync(changelog(), { level: 9 }));
  put('usr/share/lintian/overrides/nodeprep', readFileSync(join(SOURCES, 'lintian-overrides')));
  for (const script of ['postinst', 'prerm', 'postrm'])
    put(`DEBIAN/${script}`, readFileSync(join(SOURCES, script)), 0o755);
  put('DEBIAN/conffiles', '/etc/nodeprep/nodeprep.yaml\n');
  put('DEBIAN/control', control(target, statSync(executable).size));

  const file = join(DIST, `nodeprep_${VERSION}_${target.debianArchitecture}.deb`);
  run('chmod', ['-R', 'u=rwX,go=rX', tree]);
  run('dpkg-deb', ['--root-owner-group', '-Zxz', '--build', tree, file]);
  rmSync(tree, { recursive: true });
  return file;
}

/** The units of `nodeprep install`, for the place where a package has its programs. */
function putUnits(tree: string): void {
  const units = join(tree, 'usr/lib/systemd/system');
  cpSync(join(PROJECT, 'manifests/systemd'), units, { recursive: true });
  for (const name of ['nodeprep-bootstrap.service', 'nodeprep.service']) {
    const text = readFileSync(join(units, name), 'utf8').replaceAll('/usr/local/bin/', '/usr/bin/');
    writeFileSync(join(units, name), text.replace('"nodeprep install" replaces', 'an upgrade of the package replaces'));
  }
}

function control(target: Target, bytes: number): string {
  return [
    'Package: nodeprep',
    `Version: ${VERSION}`,
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
  // The date of the newest commit, so that the same sources give the same package.
  const date = run('git', ['-C', PROJECT, 'log', '-1', '--format=%cD']).trim();
  return `nodeprep (${VERSION}) stable; urgency=medium\n\n  * Release ${VERSION}.\n\n -- ${MAINTAINER}  ${date}\n`;
}
