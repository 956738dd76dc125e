/** The project's own source files as text, for tests about the shape of the code. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/** One source file; `imports` are relative files resolved from the project folder, or package names. */
export interface SourceFile {
  readonly path: string;
  readonly lines: readonly string[];
  readonly imports: readonly string[];
}

// Type imports count too: a direction that only the compiler sees still couples the parts.
const IMPORTS = [
  /^(?:import|export)\b[^'"`;]*?\bfrom\s+['"]([^'"]+)['"]/gm,
  /^import\s+['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\bgetBuiltinModule\(\s*['"]([^'"]+)['"]\s*\)/g,
  /\brequire\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** What a file imports, statically or not; relative names become paths from the project folder. */
export function importsOf(path: string, text: string): readonly string[] {
  const names = IMPORTS.flatMap((pattern) => [...text.matchAll(pattern)].map((match) => match[1] ?? ''));
  return [...new Set(names)].map((name) => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name));
}

/** Every TypeScript file below a folder of the project, sorted by path. */
export function sourceFiles(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .toSorted()
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(path, 'utf8');
      return { path, lines: text.trimEnd().split('\n'), imports: importsOf(path, text) };
    });
}
