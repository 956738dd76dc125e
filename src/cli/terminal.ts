/** What the terminal of a command can show. */

/** Whether standard output takes colour: a terminal does, unless it is dumb or NO_COLOR says no. */
export function takesColor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  return isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';
}
