/** From files to a spec: either every mistake in every file is reported, or the files are used. */
import { type SpecDocument, parseDocuments } from '../yaml/documents.ts';
import { unknownProfile } from './entry-rules.ts';
import { type Problem, SpecInvalidError, refusing } from '../yaml/errors.ts';
import { canonicalNumbers } from './canonical.ts';
import { expand } from './expand.ts';
import { AREA_NAMES, type AreaName, partOf } from '../parts/parts.ts';
import { withoutNulls } from '../yaml/located.ts';
import { type Merged, mergeDocuments } from './merge.ts';
import { type NodePrepSpec, NodePrepSpecSource } from './nodeprep.ts';
import { isPresetName, presetFor } from './presets.ts';
import { quoted } from '../yaml/quote.ts';
import { validateDocument } from './validate.ts';
import { warningsFor } from './warnings.ts';

/** A file that was read; `file` is what messages call it. */
export interface SpecFile {
  readonly file: string;
  readonly contents: Uint8Array | string;
}

/** A spec that can be enforced. */
export interface LoadedSpec {
  /** `metadata.name`, when a document has it. */
  readonly name?: string;
  readonly spec: NodePrepSpec;
  /** The merged documents as people wrote them, before profile and defaults. */
  readonly source: NodePrepSpecSource;
  /** What is valid and most likely not meant. */
  readonly warnings: readonly Problem[];
}

/**
 * Parses, checks, merges and expands. `profile` adds a built-in profile to documents that name none,
 * and stands alone without documents. Throws `SpecInvalidError` and nothing else.
 */
export function loadSpec(inputs: readonly SpecFile[], options: { readonly profile?: string } = {}): LoadedSpec {
  return refusing(inputs.at(-1)?.file ?? '--profile', () => loadAll(inputs, options));
}

function loadAll(inputs: readonly SpecFile[], options: { readonly profile?: string }): LoadedSpec {
  const files = inputs.map(({ file, contents }) => parseDocuments(file, contents));
  const names = inputs.map((input) => input.file);
  return specFrom(
    files.flatMap((file) => file.documents.map((document) => ({ ...document, root: withoutNulls(document.root) }))),
    files.flatMap((file) => file.problems),
    { ...options, names },
  );
}

/** The spec of parsed documents; `parsing` holds the problems of parsing them. */
export function specFrom(
  documents: readonly SpecDocument[],
  parsing: readonly Problem[],
  options: { readonly profile?: string; readonly names: readonly string[] },
): LoadedSpec {
  const { names } = options;
  const merged = mergeDocuments(documents);
  const profile = profileOf(merged, options.profile);
  const preset = presetFor(profile, undefined);
  const problems = [
    ...parsing,
    ...documents.flatMap(validateDocument),
    ...merged.problems,
    ...AREA_NAMES.flatMap((name) => partConflicts(name, merged, preset)),
    ...profileProblems(names.length, documents, options.profile),
  ].toSorted(byPlace(names));
  if (problems.length > 0) throw new SpecInvalidError(problems);

  const source = sourceOf(merged, profile, names.at(-1) ?? '');
  const spec = expand(source);
  const warnings = warningsFor(documents, spec).toSorted(byPlace(names));
  return { ...(merged.name === undefined ? {} : { name: merged.name }), spec, source, warnings };
}

function partConflicts(name: AreaName, { declared }: Merged, preset: NodePrepSpecSource): readonly Problem[] {
  return partOf(name).conflicts?.((...path) => declared(name, ...path), preset[name]) ?? [];
}

function commandLine(message: string): Problem {
  return { file: '--profile', line: 0, column: 0, path: '', message };
}

function profileOf(merged: Merged, option: string | undefined): string | undefined {
  const own = merged.spec['profile'];
  return typeof own === 'string' ? own : option;
}

function profileProblems(inputs: number, documents: readonly SpecDocument[], option: string | undefined): Problem[] {
  if (option === undefined) {
    return inputs > 0
      ? []
      : [commandLine('neither a document nor a profile was given; name one, such as kubeadm-worker')];
  }
  if (!isPresetName(option)) return [commandLine(unknownProfile(option))];
  return documents.flatMap((document) => {
    const path = ['spec', 'profile'];
    const own = (document.root.value as { spec?: { profile?: unknown } | null } | null)?.spec?.profile;
    if (typeof own !== 'string' || own === option) return [];
    return [
      document.problem(
        path,
        `the document names the profile ${quoted(own)}, but --profile asks for ${quoted(option)}; leave one out`,
      ),
    ];
  });
}

/** The typed source. Only limits can fail here: each document is within them, but all together may not be. */
function sourceOf(merged: Merged, profile: string | undefined, file: string): NodePrepSpecSource {
  const parsed = NodePrepSpecSource.safeParse({ ...(profile === undefined ? {} : { profile }), ...merged.spec });
  if (parsed.success) return canonicalNumbers(NodePrepSpecSource, parsed.data) as NodePrepSpecSource;
  throw new SpecInvalidError(
    parsed.error.issues.map((issue) => ({
      file,
      line: 0,
      column: 0,
      path: `spec.${issue.path.join('.')}`,
      message: `all documents together have too many entries: ${issue.message}`,
    })),
  );
}

/** In the order of files, lines and columns. */
function byPlace(files: readonly string[]): (a: Problem, b: Problem) => number {
  return (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column;
}
