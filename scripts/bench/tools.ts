/** How other tools set kernel parameters: those that are installed take part. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isInstalled } from '../build/run.ts';
import type { Contender } from './alternate.ts';

/** Every contender for the given parameters, with the files that it needs. */
export function contenders(executable: string, wanted: ReadonlyMap<string, number>): Contender[] {
  const directory = '/run/bench';
  mkdirSync(directory, { recursive: true });
  const all: Contender[] = [
    { name: 'shell of the guides', command: ['sh', shellScript(directory, wanted)] },
    { name: 'nodeprep bootstrap', command: [executable, 'bootstrap'] },
  ];
  if (isInstalled('ansible-playbook')) {
    const playbook = ansiblePlaybook(directory, wanted);
    all.push({
      name: 'Ansible',
      command: ['ansible-playbook', '-i', 'localhost,', '-c', 'local', playbook],
      rounds: 3,
    });
  }
  if (isInstalled('cf-agent')) {
    all.push({ name: 'CFEngine', command: ['cf-agent', '--no-lock', '--file', cfenginePolicy(directory, wanted)] });
  }
  return all;
}

/** The file below /etc/sysctl.d and the command that loads it, as installation guides have it. */
function shellScript(directory: string, wanted: ReadonlyMap<string, number>): string {
  const lines = [...wanted].map(([name, value]) => `${name} = ${value}`).join('\n');
  const path = `${directory}/guide.sh`;
  writeFileSync(
    path,
    `mkdir -p /etc/sysctl.d\ncat >/etc/sysctl.d/k8s.conf <<'EOF'\n${lines}\nEOF\nsysctl -p /etc/sysctl.d/k8s.conf\n`,
  );
  return path;
}

function ansiblePlaybook(directory: string, wanted: ReadonlyMap<string, number>): string {
  const items = [...wanted].map(([name, value]) => `          - { name: ${name}, value: "${value}" }\n`).join('');
  const path = `${directory}/playbook.yaml`;
  writeFileSync(
    path,
    `- hosts: all\n  gather_facts: false\n  tasks:\n    - ansible.posix.sysctl:\n        name: "{{ item.name }}"\n        value: "{{ item.value }}"\n        sysctl_file: /etc/sysctl.d/k8s.conf\n        sysctl_set: true\n      loop:\n${items.replaceAll('          -', '        -')}`,
  );
  return path;
}

function cfenginePolicy(directory: string, wanted: ReadonlyMap<string, number>): string {
  const commands = [...wanted].map(([name, value], index) => {
    const read = `regcmp("${value}", execresult("/sbin/sysctl -n ${name}", "noshell"))`;
    return {
      classes: `    "ok_${index}" expression => ${read};`,
      run: `    !ok_${index}:: "/sbin/sysctl -w ${name}=${value}";`,
    };
  });
  const path = `${directory}/policy.cf`;
  const lines = [...wanted].map(([name, value]) => `${name} = ${value}\\n`).join('');
  const file = `    "/etc/sysctl.d/k8s.conf" create => "true", content => "${lines}";`;
  mkdirSync('/etc/sysctl.d', { recursive: true });
  const classes = commands.map((one) => one.classes).join('\n');
  const runs = commands.map((one) => one.run).join('\n');
  writeFileSync(
    path,
    `body common control { bundlesequence => { "host" }; }\nbundle agent host {\n  files:\n${file}\n  classes:\n${classes}\n  commands:\n${runs}\n}\n`,
    { mode: 0o600 },
  );
  return path;
}
