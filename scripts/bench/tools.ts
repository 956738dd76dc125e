/** How other tools do the work, each with the means that its users reach for first. */
import { sysctlPath } from '../../src/api/names/sysctl-names.ts';
import type { Work } from './work.ts';

/** Where each tool keeps the parameters, and below `DIRECTORY` what it is to do. */
const SYSCTL_FILE = '/etc/sysctl.d/k8s.conf';
const MODULES_FILE = '/etc/modules-load.d/k8s.conf';
const DIRECTORY = '/run/bench';

/** One tool, the file that tells it the work, and the command for one run. */
export interface Tool {
  readonly name: string;
  /** What has to be installed. */
  readonly program: string;
  readonly file: string;
  readonly text: string;
  readonly command: readonly [string, ...string[]];
  /** Takes seconds for what others do in milliseconds. */
  readonly isSlow: boolean;
}

/** The shell commands of the guides. */
export const SHELL = 'shell of the guides';

/** Every tool that is compared, whether it is installed or not; the shell of the guides first. */
export function toolsFor(work: Work): readonly Tool[] {
  return [
    tool(SHELL, 'sh', 'guide.sh', renderShell(work), (file) => ['sh', file]),
    tool('CFEngine', 'cf-agent', 'policy.cf', renderCfengine(work), (file) => [
      'cf-agent',
      '--no-lock',
      '--file',
      file,
    ]),
    tool('mgmt', 'mgmt', 'policy.mcl', renderMgmt(work), (file) => [...MGMT, '--converged-timeout=0', 'lang', file]),
    {
      ...tool('Ansible', 'ansible-playbook', 'playbook.yaml', renderAnsible(work), (file) => [
        ...['ansible-playbook', '-i', 'localhost,', '-c', 'local'],
        file,
      ]),
      isSlow: true,
    },
  ];
}

/** One host alone, with state that goes with the process. */
export const MGMT = ['mgmt', 'run', '--hostname=bench', '--tmp-prefix', '--no-pgp'] as const;

function tool(
  name: string,
  program: string,
  fileName: string,
  text: string,
  command: (file: string) => readonly string[],
): Tool {
  const file = `${DIRECTORY}/${fileName}`;
  const [first = program, ...args] = command(file);
  return { name, program, file, text, command: [first, ...args], isSlow: false };
}

const renderSysctls = ({ sysctls }: Work) => [...sysctls].map(([name, value]) => `${name} = ${value}\n`).join('');
const renderModules = ({ modules }: Work) => modules.map((name) => `${name}\n`).join('');

/** Files below /etc and the commands that load them, as installation guides have it. */
function renderShell(work: Work): string {
  const write = (path: string, text: string) =>
    `mkdir -p ${path.replace(/\/[^/]*$/, '')}\ncat >${path} <<'EOF'\n${text}EOF\n`;
  return [
    work.modules.length === 0 ? '' : write(MODULES_FILE, renderModules(work)),
    ...work.modules.map((name) => `modprobe ${name}\n`),
    write(SYSCTL_FILE, renderSysctls(work)),
    work.isWholeHost ? 'sysctl --system\nswapoff -a\n' : `sysctl -p ${SYSCTL_FILE}\n`,
    work.isWholeHost ? `sed -i '/^[^#].*\\sswap\\s/ s/^/#/' /etc/fstab\n` : '',
  ].join('');
}

/** JSON is YAML too, and needs no care about white space. */
function renderAnsible(work: Work): string {
  const modules = [
    { 'community.general.modprobe': { name: '{{ item }}', state: 'present' }, loop: work.modules },
    { 'ansible.builtin.copy': { dest: MODULES_FILE, content: renderModules(work) } },
  ];
  const sysctls = {
    'ansible.posix.sysctl': {
      name: '{{ item.name }}',
      value: '{{ item.value }}',
      sysctl_file: SYSCTL_FILE,
      sysctl_set: true,
    },
    loop: [...work.sysctls].map(([name, value]) => ({ name, value: String(value) })),
  };
  const swap = [
    { 'ansible.builtin.command': 'swapoff -a', changed_when: false },
    { 'ansible.builtin.replace': { path: '/etc/fstab', regexp: '^([^#].*\\sswap\\s.*)$', replace: '# \\1' } },
  ];
  const tasks = [...(work.modules.length === 0 ? [] : modules), sysctls, ...(work.isWholeHost ? swap : [])];
  return JSON.stringify([{ hosts: 'all', gather_facts: false, tasks }]);
}

/** Looks without starting a process, and starts one only for what is not as it should be. */
function renderCfengine(work: Work): string {
  const content = (text: string) => text.replaceAll('\n', '\\n');
  const sysctls = [...work.sysctls].map(([name, value], index) => ({
    file: sysctlPath(name),
    value,
    ok: `sysctl_${index}`,
    command: `/sbin/sysctl -w ${name}=${value}`,
  }));
  const modules = work.modules.map((name, index) => ({ name, ok: `module_${index}` }));
  return [
    'body common control { bundlesequence => { "host" }; }',
    'body replace_with off { replace_value => "# $(match.1)"; occurrences => "all"; }',
    'bundle edit_line no_swap { replace_patterns: "^([^#].*\\sswap\\s.*)$" replace_with => off; }',
    'bundle agent host {',
    '  files:',
    ...(modules.length === 0
      ? []
      : [`    "${MODULES_FILE}" create => "true", content => "${content(renderModules(work))}";`]),
    `    "${SYSCTL_FILE}" create => "true", content => "${content(renderSysctls(work))}";`,
    ...(work.isWholeHost ? ['    "/etc/fstab" edit_line => no_swap;'] : []),
    '  classes:',
    ...modules.map(({ name, ok }) => `    "${ok}" expression => isdir("/sys/module/${name}");`),
    ...sysctls.map(
      ({ ok, file, value }) => `    "${ok}" expression => regcmp("${value}\\s*", readfile("${file}", 100));`,
    ),
    ...(work.isWholeHost
      ? ['    "swap" expression => regcmp("(?s)[^\\n]*\\n.+", readfile("/proc/swaps", 4000));']
      : []),
    '  commands:',
    ...modules.map(({ name, ok }) => `    !${ok}:: "/sbin/modprobe ${name}";`),
    ...sysctls.map(({ ok, command }) => `    !${ok}:: "${command}";`),
    ...(work.isWholeHost ? ['    swap:: "/sbin/swapoff -a";'] : []),
    '}\n',
  ].join('\n');
}

/** Its own kind of resource for parameters, which keeps a file for each; modules and swap by commands. */
function renderMgmt(work: Work): string {
  const exec = (name: string, cmd: string, unless: string) =>
    `exec "${name}" {\n\tcmd => "${cmd}",\n\tshell => "/bin/sh",\n\tifcmd => "${unless}",\n\tifshell => "/bin/sh",\n}\n`;
  return [
    ...work.modules.map((name) => exec(`modprobe ${name}`, `modprobe ${name}`, `! test -d /sys/module/${name}`)),
    work.modules.length === 0
      ? ''
      : `file "${MODULES_FILE}" {\n\tstate => "exists",\n\tcontent => "${renderModules(work).replaceAll('\n', '\\n')}",\n}\n`,
    ...[...work.sysctls].map(([name, value]) => `sysctl "${name}" {\n\tvalue => "${value}",\n}\n`),
    work.isWholeHost ? exec('swapoff', 'swapoff -a', 'test $(wc -l </proc/swaps) -gt 1') : '',
  ].join('');
}
