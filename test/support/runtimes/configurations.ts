/**
 * Configurations of containerd as packages, guides and tools write them. `record.ts` shows each to real containerds;
 * what they made of it is in the JSON files beside.
 */

const V2 = 'plugins."io.containerd.grpc.v1.cri"';
const V3 = "plugins.'io.containerd.cri.v1.runtime'";
/** The main file of Debian's package in 1.6, 1.7 and 2.1. */
const DEBIAN = `version = 2

[plugins]
  [${V2}]
    [${V2}.cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "/etc/cni/net.d"
  [plugins."io.containerd.internal.v1.opt"]
    path = "/var/lib/containerd/opt"
`;
const runc = (plugin: string, driver: boolean | string, name = 'runc', type = 'io.containerd.runc.v2') =>
  `[${plugin}.containerd.runtimes.${name}]\n  runtime_type = "${type}"\n  [${plugin}.containerd.runtimes.${name}.options]\n    SystemdCgroup = ${driver}\n`;
const minimal = (plugin: string, driver: boolean | string = true) =>
  `[${plugin}.containerd.runtimes.runc.options]\n  SystemdCgroup = ${driver}\n`;
const IMPORTS = 'imports = ["/etc/containerd/conf.d/*.toml"]\n';
/** Stands for what `containerd config default` prints. */
export const DEFAULT = '(containerd config default)';

/** By what they are: files by their path below /etc/containerd; `config.toml` is the main one. */
export const CONFIGURATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'no main file': {},
  'main file of Debian': { 'config.toml': DEBIAN },
  'config default': { 'config.toml': DEFAULT },
  'config default, with the driver switched on': { 'config.toml': `${DEFAULT}SystemdCgroup` },
  'Debian with the lines of the guide': { 'config.toml': `${DEBIAN}\n${minimal(V2)}` },
  'Debian with the whole table': { 'config.toml': `${DEBIAN}\n${runc(V2, true)}` },
  'Debian with the whole table, off': { 'config.toml': `${DEBIAN}\n${runc(V2, false)}` },
  'drop-in of the guide, main file of Debian': {
    'config.toml': IMPORTS + DEBIAN,
    'conf.d/10-systemd.toml': `version = 2\n${minimal(V2)}`,
  },
  'drop-in of the guide, config default': {
    'config.toml': `${IMPORTS}${DEFAULT}`,
    'conf.d/10-systemd.toml': `version = 2\n${minimal(V2)}`,
  },
  'whole drop-in, main file of Debian': {
    'config.toml': IMPORTS + DEBIAN,
    'conf.d/10-systemd.toml': `version = 2\n${runc(V2, true)}`,
  },
  'drop-in without CRI': {
    'config.toml': `${IMPORTS}${DEBIAN}\n${runc(V2, true)}`,
    'conf.d/10-debug.toml': 'version = 2\n[debug]\n  level = "info"\n',
  },
  'two drop-ins': {
    'config.toml': IMPORTS + DEBIAN,
    'conf.d/10-a.toml': `version = 2\n${runc(V2, true)}`,
    'conf.d/20-b.toml': `version = 2\n${runc(V2, false)}`,
  },
  'drop-in folder without files': { 'config.toml': `${IMPORTS}${DEBIAN}\n${runc(V2, true)}` },
  'file that no import names': { 'config.toml': DEBIAN, 'conf.d/10-systemd.toml': `version = 2\n${runc(V2, true)}` },
  'pattern of a relative path': {
    'config.toml': `imports = ["conf.d/*.toml"]\n${DEBIAN}`,
    'conf.d/10-systemd.toml': `version = 2\n${runc(V2, true)}`,
  },
  'import of one file': {
    'config.toml': `imports = ["more.toml"]\n${DEBIAN}`,
    'more.toml': `version = 2\n${runc(V2, true)}`,
  },
  'import that imports': {
    'config.toml': `imports = ["a.toml"]\n${DEBIAN}`,
    'a.toml': `version = 2\nimports = ["b.toml"]\n`,
    'b.toml': `version = 2\n${runc(V2, true)}`,
  },
  'version 3': { 'config.toml': `version = 3\n${runc(V3, true)}` },
  'version 3 with options only': { 'config.toml': `version = 3\n${minimal(V3)}` },
  'version 3 with a drop-in of version 3': {
    'config.toml': `version = 3\n${IMPORTS}`,
    'conf.d/99-systemd.toml': `version = 3\n${minimal(V3)}`,
  },
  'version 3 with a drop-in of version 2': {
    'config.toml': `version = 3\n${IMPORTS}`,
    'conf.d/99-systemd.toml': `version = 2\n${minimal(V2)}`,
  },
  'version 2 with a drop-in of version 3': {
    'config.toml': `${IMPORTS}${DEBIAN}\n${runc(V2, true)}`,
    'conf.d/99-other.toml': `version = 3\n${runc(V3, false, 'other')}`,
  },
  'version 1': {
    'config.toml':
      '[plugins.cri]\n  systemd_cgroup = false\n[plugins.cri.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n[plugins.cri.containerd.runtimes.runc.options]\n  SystemdCgroup = true\n',
  },
  'containerd.io, with CRI off': { 'config.toml': 'disabled_plugins = ["cri"]\n' },
  'version 2 with CRI off': { 'config.toml': 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' },
  'nvidia runtime with the other driver': {
    'config.toml': `version = 2\n${runc(V2, true)}${runc(V2, false, 'nvidia')}`,
  },
  'nvidia runtime as the default': {
    'config.toml': `version = 2\n[${V2}.containerd]\n  default_runtime_name = "nvidia"\n${runc(V2, true, 'nvidia')}${runc(V2, false)}`,
  },
  'nvidia drop-in of version 3': {
    'config.toml': `version = 3\n${IMPORTS}${runc(V3, true)}`,
    'conf.d/99-nvidia.toml': `version = 3\n[${V3}.containerd]\n  default_runtime_name = "nvidia"\n${runc(V3, true, 'nvidia')}`,
  },
  'kata beside runc': {
    'config.toml': `version = 2\n${runc(V2, true)}[${V2}.containerd.runtimes.kata]\n  runtime_type = "io.containerd.kata.v2"\n`,
  },
  'driver as a text': { 'config.toml': `version = 2\n${runc(V2, '"yes"')}` },
  'inline tables': {
    'config.toml': `version = 2\n[${V2}.containerd]\n  runtimes = { runc = { runtime_type = "io.containerd.runc.v2", options = { SystemdCgroup = true } } }\n`,
  },
  'dotted keys': {
    'config.toml': `version = 2\n${V2}.containerd.runtimes.runc.runtime_type = "io.containerd.runc.v2"\n${V2}.containerd.runtimes.runc.options.SystemdCgroup = true\n`,
  },
  'other quotes, blanks and comments': {
    'config.toml': `# SystemdCgroup = false\nversion = 2\n[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . runc ] # runc\nruntime_type='io.containerd.runc.v2'\n[ plugins . 'io.containerd.grpc.v1.cri' . containerd . runtimes . runc . options ]\nSystemdCgroup=true # kubeadm\n`,
  },
  'broken TOML': { 'config.toml': 'version = 2\n[plugins.\n' },
  'broken drop-in': { 'config.toml': IMPORTS + DEBIAN, 'conf.d/10-a.toml': 'version = = 2\n' },
  'the table twice': { 'config.toml': `${DEBIAN}\n${runc(V2, true)}${runc(V2, false)}` },
};

const off = (...names: readonly string[]) => `disabled_plugins = ${JSON.stringify(names)}\n`;
const byDefaultOf = (plugin: string, name: string) => `[${plugin}.containerd]\n  default_runtime_name = "${name}"\n`;
/** A main file of that version with imports, and one drop-in. */
const dropIn = (main: string, text: string) => ({ 'config.toml': IMPORTS + main, 'conf.d/10-a.toml': text });

/** What only a start shows: `config dump` takes all of these, or says nothing of what counts. */
export const STARTS: typeof CONFIGURATIONS = {
  'empty main file': { 'config.toml': '' },
  'import that is not there': { 'config.toml': `imports = ["absent.toml"]\n${DEBIAN}` },
  'version 4': { 'config.toml': `version = 4\n${runc(V3, true)}` },
  'drop-in of version 4': dropIn('version = 3\n', `version = 4\n${runc(V3, true)}`),
  'version as a text': { 'config.toml': `version = "2"\n${runc(V2, true)}` },
  'drop-in without a version': dropIn(`version = 2\n${runc(V2, false)}`, runc(V2, true)),
  'drop-in without a version, main file of version 3': dropIn('version = 3\n', runc(V3, true)),
  'main file without a version, drop-in of version 2': dropIn('', `version = 2\n${runc(V2, true)}`),
  'main file without a version, drop-in of version 3': dropIn('', `version = 3\n${runc(V3, true)}`),
  'tables of version 2 without a version': { 'config.toml': runc(V2, true) },
  'tables of version 3 in version 2': { 'config.toml': `version = 2\n${runc(V3, true)}` },
  'tables of version 2 in version 3': { 'config.toml': `version = 3\n${runc(V2, true)}` },
  'tables of both versions in version 2': { 'config.toml': `version = 2\n${runc(V2, false)}${runc(V3, true)}` },
  'table of version 1 in version 2': {
    'config.toml': `version = 2
${runc('plugins.cri', true)}`,
  },
  'CRI off by its short name in version 2': { 'config.toml': `version = 2\n${off('cri')}` },
  'CRI off by its short name in version 3': { 'config.toml': `version = 3\n${off('cri')}` },
  'CRI off by its long name in version 1': { 'config.toml': off('io.containerd.grpc.v1.cri') },
  'CRI off by the name of 2.x': { 'config.toml': `version = 2\n${off('io.containerd.cri.v1.runtime')}` },
  'CRI off by a drop-in': dropIn('version = 2\n', `version = 2\n${off('io.containerd.grpc.v1.cri')}`),
  'CRI without images': { 'config.toml': `version = 3\n${off('io.containerd.cri.v1.images')}` },
  'default runtime without a table': { 'config.toml': `version = 2\n${byDefaultOf(V2, 'nvidia')}` },
  'default runtime without a name': { 'config.toml': `version = 2\n${byDefaultOf(V2, '')}` },
  'default runtime without a table in version 3': { 'config.toml': `version = 3\n${byDefaultOf(V3, 'nvidia')}` },
  'only another runtime': { 'config.toml': `version = 2\n${runc(V2, true, 'crun')}` },
  'only another runtime, by default': {
    'config.toml': `version = 2\n${byDefaultOf(V2, 'crun')}${runc(V2, true, 'crun')}`,
  },
  'systemd_cgroup of old guides': { 'config.toml': `version = 2\n[${V2}]\n  systemd_cgroup = true\n` },
  'systemd_cgroup of old guides in version 1': { 'config.toml': '[plugins.cri]\n  systemd_cgroup = true\n' },
  'key beside the options': {
    'config.toml': `version = 2\n[${V2}.containerd.runtimes.runc]\n  runtime_type = "io.containerd.runc.v2"\n  SystemdCgroup = true\n`,
  },
  'key in other letters': { 'config.toml': `version = 2\n${runc(V2, true).replace('SystemdCgroup', 'systemdCgroup')}` },
  'table without a key': { 'config.toml': `version = 2\n[${V2}.containerd.runtimes.runc]\n` },
};
