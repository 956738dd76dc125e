/**
 * Completes package-lock.json after `npm install`. Packages with native parts list one optional
 * dependency per platform; a registry mirror that does not carry a foreign platform makes npm leave
 * the entry out, and `npm ci` then refuses the lockfile on every machine. This adds the entries
 * from the names, and drops the addresses of the registry that happened to be used.
 */
import { readFileSync, writeFileSync } from 'node:fs';

interface LockEntry {
  version?: string;
  resolved?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
  [field: string]: unknown;
}

const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'wasi'];
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** The entry of a platform package whose registry record cannot be had, from its name alone. */
function entryFromName(name: string, version: string): LockEntry {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined)
    throw new Error(`Cannot complete the lockfile: "${name}" names no platform`);
  const musl = words.some((word) => word.startsWith('musl'));
  return {
    version,
    dev: true,
    optional: true,
    cpu: [cpu],
    ...(os === 'wasi' ? {} : { os: [os] }),
    ...(os === 'linux' ? { libc: [musl ? 'musl' : 'glibc'] } : {}),
  };
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, LockEntry> };
const added: string[] = [];
for (const [path, entry] of Object.entries(lock.packages)) {
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const known = [`${path}/node_modules/${name}`, `node_modules/${name}`];
    if (known.some((at) => at in lock.packages) || !/^\d/.test(version)) continue;
    lock.packages[`node_modules/${name}`] = entryFromName(name, version);
    added.push(name);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
console.log(`package-lock.json: ${added.length} platform entries added`);
