import type { Command } from 'commander';
import { openMachine } from '../app/machine.ts';
import { PARTS } from '../api/parts/parts.ts';
import { everyArea } from '../areas/index.ts';
import type { Io, SpecOptions } from './io.ts';
import { command, withRoot } from './options/options.ts';

/** `nodeprep AREA COMMAND` for areas that bring commands of their own. */
export function areaCommands(io: Io): readonly Command[] {
  return everyArea(({ name, commands = [] }) => ({ name, commands }))
    .filter(({ commands }) => commands.length > 0)
    .map(({ name, commands }) => {
      const examples = commands.map((one) => `${name} ${one.name}`);
      const group = command(name, `Commands for ${PARTS[name].title}`, examples);
      for (const one of commands) {
        const run = async (options: SpecOptions) => {
          await one.run(openMachine(options).host, io.out, io.signal);
          io.exit(0);
        };
        group.addCommand(withRoot(command(one.name, one.summary, [`${name} ${one.name}`])).action(run));
      }
      return group;
    });
}
