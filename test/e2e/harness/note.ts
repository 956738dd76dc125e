/** Prints one figure or order that a scenario has measured. */
export function note(text: string): void {
  console.log(`e2e: ${text}`);
}
