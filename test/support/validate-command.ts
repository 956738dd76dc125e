/** `nodeprep validate`, run inside the test. */
import { runCommand } from './command-line.ts';
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
  const { code, stdout, stderr } = await runCommand(['validate', ...args], { stdin });
  if (code !== 0 && code !== 1) throw new Error(`"nodeprep validate" ended with ${code}: ${stdout}${stderr}`);
  return { verdict: code === 0 ? 'accepted' : 'refused', out: stdout + stderr };
}
