/** Completion for the three shells that administrators use, as scripts that need no further start of the program. */
import { quotedWord } from '../../host/shell-words.ts';
import type { CompletedCommand, CompletedOption } from './words.ts';

/** Shells that have a script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The script that teaches a shell the given commands. */
export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash, zsh, fish }[shell](commands);
}

const names = (commands: readonly CompletedCommand[]) =>
  commands.filter(({ name }) => !name.includes(' ')).map(({ name }) => name);

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const flags = options.flatMap((option) => option.flags);
    const files = words.length === 0 ? '1' : '';
    return `    ${quotedWord(name)}) words=${quotedWord([...words, ...flags].join(' '))} files=${files} ;;`;
  });
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter((option) => option.value !== undefined)
      .map(
        (option) =>
          `    ${option.flags.map((flag) => quotedWord(`${name} ${flag}`)).join('|')}) ${bashValue(option)} ;;`,
      ),
  );
  return `# bash completion for nodeprep: source <(nodeprep completion bash)
_nodeprep() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command='' word words files=
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && break
    case " ${commands.map(({ name }) => name.replaceAll(' ', '/')).join(' ')} " in
      *" \${command:+\${command// //}/}$word "*) command=\${command:+$command }$word ;;
      *) break ;;
    esac
  done
  case "$command $prev" in
${values.join('\n')}
  esac
  case "$command" in
    '') words=${quotedWord([...names(commands), '--help', '--version'].join(' '))} ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  if [[ -n $files && $cur != -* ]]; then COMPREPLY+=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _nodeprep nodeprep
`;
}

function bashValue(option: CompletedOption): string {
  const words = {
    none: '',
    choices: `COMPREPLY=($(compgen -W ${quotedWord(option.choices.join(' '))} -- "$cur")); `,
    directory: 'COMPREPLY=($(compgen -d -- "$cur")); ',
    file: 'COMPREPLY=($(compgen -f -- "$cur")); ',
    text: '',
  }[option.value ?? 'none'];
  return `${words}return`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  // A colon ends the word in a description list, and brackets end an option's description.
  const described = (name: string, summary: string) => quotedWord(`${name.replaceAll(':', '\\:')}:${summary}`);
  const cases = commands
    .filter(({ name }) => !name.includes(' '))
    .map(({ name, options, words }) => {
      const specs = options.flatMap((option) =>
        option.flags.map((flag) => `      ${quotedWord(zshOption(flag, option))}`),
      );
      const rest = words.length > 0 ? `(${words.join(' ')})` : '_files';
      return `    ${name}) _arguments \\\n${[...specs, `      ${quotedWord(`*:argument:${rest}`)}`].join(' \\\n')} ;;`;
    });
  return `#compdef nodeprep
# zsh completion for nodeprep: nodeprep completion zsh >"\${fpath[1]}/_nodeprep"
_nodeprep() {
  local -a commands
  commands=(
${commands
  .filter(({ name }) => !name.includes(' '))
  .map(({ name, summary }) => `    ${described(name, summary)}`)
  .join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT -= 1 ))
  case $command in
${cases.join('\n')}
  esac
}
if [ "$funcstack[1]" = _nodeprep ]; then _nodeprep "$@"; else compdef _nodeprep nodeprep; fi
`;
}

function zshOption(flag: string, option: CompletedOption): string {
  const summary = option.summary.replaceAll(/[[\]]/g, (bracket) => `\\${bracket}`).replaceAll(':', '\\:');
  const head = `*${flag}[${summary}]`;
  const value = {
    none: '',
    choices: `:value:(${option.choices.join(' ')})`,
    directory: ':directory:_files -/',
    file: ':file:_files',
    text: ':value: ',
  }[option.value ?? 'none'];
  return `${head}${value}`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const top = commands.filter(({ name }) => !name.includes(' '));
  const lines = top.map(
    ({ name, summary }) =>
      `complete -c nodeprep -n __fish_use_subcommand -a ${name} -d ${quotedWord(fishText(summary))}`,
  );
  const options = top.flatMap(({ name, options, words }) => {
    const when = `complete -c nodeprep -n '__fish_seen_subcommand_from ${name}'`;
    return [
      ...words.map((word) => `${when} -f -a ${word}`),
      ...options.map((option) => `${when} ${fishOption(option)}`),
    ];
  });
  return `# fish completion for nodeprep: nodeprep completion fish >~/.config/fish/completions/nodeprep.fish
complete -c nodeprep -n __fish_use_subcommand -f
${[...lines, ...options].join('\n')}
`;
}

/** Fish reads a backslash inside single quotes. */
function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\');
}

function fishOption(option: CompletedOption): string {
  const flags = option.flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const value = {
    none: '',
    choices: ` -x -a ${quotedWord(option.choices.join(' '))}`,
    directory: ` -x -a '(__fish_complete_directories)'`,
    file: ' -r',
    text: ' -x',
  }[option.value ?? 'none'];
  return `${flags.join(' ')}${value} -d ${quotedWord(fishText(option.summary))}`;
}
