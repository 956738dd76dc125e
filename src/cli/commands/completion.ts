import { Argument, type Command } from 'commander';
import type { Io } from '../io.ts';
import { command } from '../options/options.ts';

/** `nodeprep completion SHELL`: the commands and options for the shell to complete. */
export function completionCommand(io: Io): Command {
  const shells = new Argument('<shell>', 'whose script to print').choices(['bash', 'zsh', 'fish']);
  return command('completion', 'Print a script that completes commands and options in a shell', [
    'completion bash >/etc/bash_completion.d/nodeprep',
    'completion zsh >/usr/local/share/zsh/site-functions/_nodeprep',
    'completion fish >~/.config/fish/completions/nodeprep.fish',
  ])
    .addArgument(shells)
    .action(async (shell: 'bash' | 'zsh' | 'fish', _: unknown, own: Command) => {
      const [{ completionScript }, { completedCommands }] = await Promise.all([
        import('../completion/scripts.ts'),
        import('../completion/words.ts'),
      ]);
      io.out(completionScript(shell, completedCommands(own.parent ?? own)));
      io.exit(0);
    });
}
