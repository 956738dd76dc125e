/** Says on standard error what is measured now: standard output has only what is kept. */
export function progress(text: string): void {
  console.error(`bench: ${text}`);
}
