/** The manual pages by their place below a folder of manual pages. */
import { commandPage } from './command-page.ts';
import { documentPage } from './document-page.ts';

/** `man8/nodeprep.8` and `man5/nodeprep.yaml.5` with their text. */
export function manualPages(): Readonly<Record<string, string>> {
  return { 'man8/nodeprep.8': commandPage(), 'man5/nodeprep.yaml.5': documentPage() };
}
