/** Words of a command that a person pastes into a shell. */

/** A text as one word for bash, zsh and fish: nothing inside is special, and a quote ends and begins it again. */
export function quotedWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A text as one word, in quotes only where a shell would read it in another way. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quotedWord(text);
}
