/** What a shell can complete, taken from the program itself, so that no list of words has to be kept. */
import { Argument, type Command, type Option } from 'commander';

/** One option as it is typed. */
export interface CompletedOption {
  /** `-o` and `--output`. */
  readonly flags: readonly string[];
  readonly summary: string;
  /** Absent for a switch; `choices` for a closed list, `directory` or `file` for a path, `text` for anything else. */
  readonly value?: 'choices' | 'directory' | 'file' | 'text';
  readonly choices: readonly string[];
}

/** One command with its options; the arguments of all commands are files, names or words. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** Fixed words that its argument may be, such as names of shells. */
  readonly words: readonly string[];
}

/** An argument that shells complete with words, while others are taken as well. */
export class SuggestingArgument extends Argument {
  readonly words: readonly string[];

  constructor(flags: string, description: string, words: readonly string[]) {
    super(flags, description);
    this.words = words;
  }
}

/** Every command of the program, sub-commands as `firewall rules`. */
export function completedCommands(program: Command, parent = ''): CompletedCommand[] {
  return program.commands.flatMap((command) => {
    const name = `${parent}${command.name()}`;
    const own = {
      name,
      summary: oneLine(command.description()),
      options: command.createHelp().visibleOptions(command).map(completed),
      words: [...command.commands.map((one) => one.name()), ...command.registeredArguments.flatMap(wordsOf)],
    };
    return [own, ...completedCommands(command, `${name} `)];
  });
}

function wordsOf(argument: Argument): readonly string[] {
  return argument instanceof SuggestingArgument ? argument.words : (argument.argChoices ?? []);
}

function completed(option: Option): CompletedOption {
  const flags = [option.short, option.long].filter((flag) => flag !== undefined && flag !== null);
  const choices = option.argChoices ?? [];
  const summary = oneLine(option.description);
  if (!option.required && !option.optional) return { flags, summary, choices };
  return { flags, summary, choices, value: choices.length > 0 ? 'choices' : valueOf(option.flags) };
}

/** The placeholder says what is expected: `--root <directory>`, `--file <file>`. */
function valueOf(flags: string): 'directory' | 'file' | 'text' {
  if (/<(?:directory|dir)>/.test(flags)) return 'directory';
  return /<(?:file|path)>/.test(flags) ? 'file' : 'text';
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
