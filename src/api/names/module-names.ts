/** Names of kernel modules and their parameters, checked so that none can be a path, an option or a second line. */
import { InvalidNameError } from '../yaml/errors.ts';
import { quoted } from '../yaml/quote.ts';

/** The kernel keeps module names in 56 bytes with a closing NUL (MODULE_NAME_LEN on 64-bit). */
const MAX_LENGTH = 55;

/** The one spelling of a module inside NodePrep, as lsmod prints it: `-` becomes `_`. Throws `InvalidNameError`. */
export function canonicalModule(name: string): string {
  const refuse = (why: string) => new InvalidNameError(`${quoted(name)} is not a kernel module: ${why}`);
  if (name === '') throw refuse('it is empty; expected a name such as br_netfilter');
  if (name.length > MAX_LENGTH) throw refuse(`it has ${name.length} characters, at most ${MAX_LENGTH} are possible`);
  if (name.startsWith('-')) throw refuse('it begins with "-", which modprobe reads as an option');
  if (/[/.]/.test(name)) throw refuse('it is a path or a file name; write it as lsmod does, such as br_netfilter');
  const foreign = /[^A-Za-z0-9_-]/u.exec(name);
  if (foreign !== null) throw refuse(`the character ${quoted(foreign[0])} cannot be part of a name`);
  return name.replaceAll('-', '_');
}

/** Why a module parameter cannot have this name; `undefined` when it can. */
export function parameterNameProblem(name: string): string | undefined {
  if (/^[A-Za-z0-9_]{1,64}$/.test(name)) return undefined;
  return `${quoted(name)} is not a module parameter; expected 1 to 64 letters, digits and "_", as modinfo lists them`;
}

/** Why a module parameter cannot have this value; `undefined` when it can. */
export function parameterValueProblem(value: string): string | undefined {
  if (value.trim() === '') return 'the value is empty; leave the parameter out to keep the default of the module';
  // modprobe.d(5) knows no escape inside quotes, and a backslash at the end of a line joins it with the next.
  if (/["'\\]/.test(value)) {
    return `${quoted(value)} contains a quote or a backslash, which modprobe.d cannot carry; spaces need no quotes here`;
  }
  if (/[^\x20-\x7e]/.test(value)) return `${quoted(value)} contains a line break, a control or a non-ASCII character`;
  return undefined;
}
