/** `nodeprep validate`, run inside the test. */
import { runCli } from '../../src/cli/run-cli.ts';
import type { Verdict } from './verdict-documents.ts';

/** What `nodeprep validate` says of a file. */
export async function validateFile(path: string): Promise<{ readonly verdict: Verdict; readonly out: string }> {
  return validate(['--file', path], '');
}

/** What `nodeprep validate` says of a text on standard input. */
export async function validateText(text: string): Promise<{ readonly verdict: Verdict; readonly out: string }> {
  return validate(['--file', '-'], text);
}

async function validate(args: readonly string[], stdin: string): Promise<{ verdict: Verdict; out: string }> {
  let out = '';
  let code = -1;
  await runCli(['validate', ...args], {
    out: (text) => void (out += text),
    err: (text) => void (out += text),
    readStdin: async () => new TextEncoder().encode(stdin),
    color: false,
    columns: 120,
    signal: new AbortController().signal,
    onHangup: () => () => undefined,
    exit: (given) => void (code = given),
  });
  if (code !== 0 && code !== 1) throw new Error(`"nodeprep validate" ended with ${code}: ${out}`);
  return { verdict: code === 0 ? 'accepted' : 'refused', out };
}
