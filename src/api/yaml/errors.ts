/** What can be wrong with a spec, and the error that carries all of it at once. */
import { plainText } from './quote.ts';

/** One mistake in a document. */
export interface Problem {
  readonly file: string;
  /** 1-based; 0 when the problem has no place in a file, such as an unknown `--profile`. */
  readonly line: number;
  /** 1-based; 0 with `line` 0. */
  readonly column: number;
  /** Field path such as `spec.sysctls[2].value`; empty for the document as a whole. */
  readonly path: string;
  /** What is wrong, what was expected, and what to do. */
  readonly message: string;
  /** Set when the field at the path is not there. */
  readonly missing?: true;
  /** The field of the same mapping that an unknown one most likely stands for. */
  readonly meant?: string;
}

/** How many problems the text of an error lists; `problems` always holds all. */
const LISTED_PROBLEMS = 200;

/** The documents cannot be used; nothing of them may be enforced. */
export class SpecInvalidError extends Error {
  override readonly name = 'SpecInvalidError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(messageFrom(problems), options);
    this.problems = problems;
  }
}

/** A name that can never be a kernel parameter, a module or a module parameter; `message` says why. */
export class InvalidNameError extends Error {
  override readonly name = 'InvalidNameError';
}

/** One line about a problem: `file:line:column: path: message`, without the parts it does not have. */
export function renderProblem(problem: Problem): string {
  const place = problem.line === 0 ? problem.file : `${problem.file}:${problem.line}:${problem.column}`;
  return problem.path === '' ? `${place}: ${problem.message}` : `${place}: ${problem.path}: ${problem.message}`;
}

/**
 * The one boundary around everything that reads a document, libraries included: an unexpected error
 * becomes a refusal of the document, so that a node keeps the last good one.
 */
export function refusing<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof SpecInvalidError) throw error;
    const { name, message, stack = '' } = error instanceof Error ? error : new Error(String(error));
    const place = stack.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
    const what = `NodePrep has a bug and cannot read this document (${name}: ${plainText(message, 200)}${plainText(place.replace(/^\s+/, ', '), 200)}); report it with the document`;
    throw new SpecInvalidError([{ file, line: 0, column: 0, path: '', message: what }], { cause: error });
  }
}

function messageFrom(problems: readonly Problem[]): string {
  const lines = problems.slice(0, LISTED_PROBLEMS).map(renderProblem);
  const [only] = lines;
  if (problems.length === 1 && only !== undefined) return `Cannot use the spec: ${only}`;
  const more = problems.length > LISTED_PROBLEMS ? [`and ${problems.length - LISTED_PROBLEMS} more`] : [];
  return [`Cannot use the spec: ${problems.length} problems:`, ...lines, ...more].join('\n');
}
