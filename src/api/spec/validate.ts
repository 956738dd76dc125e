/** Checks one document and reports every mistake in it at once. */
import type { SpecDocument } from '../yaml/documents.ts';
import { entryProblems } from './entry-rules.ts';
import type { Problem } from '../yaml/errors.ts';
import { problemsFromIssue } from './issues.ts';
import { describe } from '../yaml/words.ts';
import { listAt, partAt, textAt } from '../yaml/located.ts';
import { strayEntries } from './hints.ts';
import { nearest } from '../yaml/nearest.ts';
import { API_VERSION, NodePrepDocument } from './nodeprep.ts';
import { quoted } from '../yaml/quote.ts';

/** All problems of a document; empty when it can be used. */
export function validateDocument(document: SpecDocument): Problem[] {
  const { value } = document.root;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [
      document.problem(
        [],
        `expected a NodePrep document (apiVersion, kind, spec), found ${describe(value)}${confHint(value)}`,
      ),
    ];
  }
  const foreign = kindProblem(document);
  // The fields of another kind would all be "unknown" and bury the one thing that matters.
  if (foreign !== undefined && foreign.alone) return [foreign.problem];

  const stray = strayEntries(document);
  const issues = NodePrepDocument.safeParse(value).error?.issues ?? [];
  const problems = [
    foreign?.problem,
    apiVersionProblem(document),
    ...issues.flatMap((issue) => problemsFromIssue(document, issue)),
    ...entryProblems(document),
  ]
    .filter((problem) => problem !== undefined)
    .filter((problem) => !stray.some(({ path }) => problem.path.startsWith(path)));
  // The first one at a path is the most specific: a rule of ours precedes only for kind and apiVersion.
  const first = new Map<string, Problem>();
  for (const problem of problems) if (!first.has(problem.path)) first.set(problem.path, problem);
  return [...first.values(), ...stray].filter((problem) => !isNamedByAnother(problem, problems));
}

/** A file of sysctl.d is the usual one to be taken for a spec. */
function confHint(value: unknown): string {
  return typeof value === 'string' && /^[\w./-]+\s*=/.test(value)
    ? '; lines such as "vm.swappiness = 10" become entries of spec.sysctls: "- {name: vm.swappiness, value: 10}"'
    : '';
}

/** `ApiVersion` is unknown and `apiVersion` missing: one mistake, told where it was made. */
function isNamedByAnother({ path, missing }: Problem, problems: readonly Problem[]): boolean {
  if (missing !== true) return false;
  const [field, folder] = [path.slice(path.lastIndexOf('.') + 1), path.slice(0, path.lastIndexOf('.') + 1)];
  return problems.some(
    (other) => other.path.startsWith(folder) && !other.path.slice(folder.length).includes('.') && other.meant === field,
  );
}

function kindProblem(document: SpecDocument): { readonly problem: Problem; readonly alone: boolean } | undefined {
  const kind = partAt(document.root, ['kind'])?.value;
  if (kind === 'NodePrep' || kind === undefined) return undefined;
  const at = (message: string) => document.problem(['kind'], message);
  if (kind === 'List' || kind === 'NodePrepList') {
    return { problem: at(listMessage(document)), alone: true };
  }
  const close = typeof kind === 'string' && nearest(kind, ['NodePrep']) !== undefined;
  const hint = close ? ' (did you mean "NodePrep"?)' : '; only NodePrep documents are read';
  return { problem: at(`expected NodePrep, found ${describe(kind)}${hint}`), alone: !close };
}

/** `kubectl get nodepreps -o yaml` prints a list. */
function listMessage(document: SpecDocument): string {
  const items = listAt(document.root, ['items']);
  const names = items.map((item) => textAt(document.root, [...item, 'metadata', 'name']) ?? 'one without a name');
  const holds =
    items.length === 0
      ? 'none'
      : `${items.length} (${names
          .slice(0, 3)
          .map((name) => quoted(name))
          .join(', ')}${names.length > 3 ? ', …' : ''})`;
  return `expected one NodePrep, found a list, which holds ${holds}; write the NodePrep of this host as the document itself, without "items" and the dash, as "kubectl get nodeprep NAME -o yaml" prints it`;
}

function apiVersionProblem(document: SpecDocument): Problem | undefined {
  const found = partAt(document.root, ['apiVersion'])?.value;
  if (found === API_VERSION || found === undefined) return undefined;
  const group = `${API_VERSION.split('/')[0]}/`;
  const other = typeof found === 'string' && found.startsWith(group);
  const message = other
    ? `this NodePrep knows ${API_VERSION} only, found ${quoted(found)}`
    : `expected ${API_VERSION}, found ${describe(found)}`;
  return document.problem(['apiVersion'], message);
}
