/** The pictures of the README: real commands on a captured host, the same wherever they are drawn. */
import { join } from 'node:path';
import { runCli } from '../../src/cli/run-cli.ts';
import { PROJECT } from '../build/paths.ts';
import { terminalPicture } from './terminal.ts';

const HOST = join(PROJECT, 'test/support/hosts/debian-12/root');
const COLUMNS = 108;

/** Commands by the name of their picture, with how many lines of the output are shown. */
const COMMANDS: Readonly<Record<string, { readonly args: readonly string[]; readonly lines?: number }>> = {
  plan: { args: ['plan'] },
  verify: { args: ['verify'] },
  explain: { args: ['explain', 'net.ipv4.ip_forward'] },
};

/** What each command prints in colour on the captured host, as pictures by the path of the file. */
export async function pictures(): Promise<Readonly<Record<string, string>>> {
  const drawn: Record<string, string> = {};
  for (const [name, { args, lines }] of Object.entries(COMMANDS)) {
    const output = await outputOf([...args, '--root', HOST]);
    const shown = lines === undefined ? output : `${output.split('\n').slice(0, lines).join('\n')}\n…`;
    const title = `Output of nodeprep ${args.join(' ')} on a fresh Debian 12`;
    drawn[`docs/pictures/${name}.svg`] = terminalPicture(title, `nodeprep ${args.join(' ')}`, shown, COLUMNS);
  }
  return drawn;
}

async function outputOf(args: readonly string[]): Promise<string> {
  let printed = '';
  await runCli(args, {
    out: (text) => {
      printed += text;
    },
    err: (text) => {
      throw new Error(`"nodeprep ${args.join(' ')}" failed: ${text}`);
    },
    readStdin: async () => new Uint8Array(),
    color: true,
    columns: COLUMNS,
    signal: new AbortController().signal,
    onHangup: () => () => {},
    exit: () => {},
  });
  return printed;
}
