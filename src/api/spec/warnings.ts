/** What is valid and most likely not meant. */
import { AREA_NAMES, partOf } from '../parts/parts.ts';
import type { SpecDocument } from '../yaml/documents.ts';
import type { Problem } from '../yaml/errors.ts';
import { listAt, partAt, textAt } from '../yaml/located.ts';
import { quoted } from '../yaml/quote.ts';
import type { NodePrepSpec } from './nodeprep.ts';

/** Warnings about documents that together are valid: names that are close to usual ones, and a spec that manages nothing. */
export function warningsFor(documents: readonly SpecDocument[], spec: NodePrepSpec): Problem[] {
  return [...documents.flatMap(misspeltNames), ...nothingManaged(documents, spec)];
}

function misspeltNames(document: SpecDocument): Problem[] {
  return AREA_NAMES.flatMap((area) => {
    const { meant } = partOf(area).entries;
    if (meant === undefined) return [];
    return listAt(document.root, ['spec', area]).flatMap((entry) => {
      const name = textAt(document.root, [...entry, 'name']);
      const instead = name === undefined ? undefined : meant(name);
      if (name === undefined || instead === undefined) return [];
      const message = `${quoted(name)} is not a name that NodePrep knows (did you mean ${quoted(instead)}?)`;
      return [document.problem([...entry, 'name'], message)];
    });
  });
}

/** Paused and Audit change nothing either, but they say so. */
function nothingManaged(documents: readonly SpecDocument[], spec: NodePrepSpec): Problem[] {
  const [document] = documents;
  if (document === undefined || AREA_NAMES.some((area) => spec[area] !== undefined)) return [];
  const at = partAt(document.root, ['spec']) === undefined ? [] : ['spec'];
  const message = `nothing is managed: the spec has no profile and none of ${AREA_NAMES.join(', ')}; name a profile, such as "profile: kubeadm-worker", unless that is meant`;
  return [document.problem(at, message)];
}
