/** The documents of which file and API server must say the same, each with at most one mistake. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is said of a document. */
export type Verdict = 'accepted' | 'refused';

/** A document and what must be said of it. */
export interface VerdictDocument {
  readonly name: string;
  readonly path: string;
  readonly verdict: Verdict;
  readonly text: string;
}

const FOLDER = new URL('./documents/verdicts/', import.meta.url);

/** Every document of the corpus. */
export function verdictDocuments(): readonly VerdictDocument[] {
  return (['accepted', 'refused'] as const).flatMap((verdict) => {
    const folder = new URL(`${verdict}/`, FOLDER);
    return readdirSync(folder).map((file) => {
      const path = fileURLToPath(new URL(file, folder));
      return { name: file.replace(/\.yaml$/, ''), path, verdict, text: readFileSync(path, 'utf8') };
    });
  });
}
