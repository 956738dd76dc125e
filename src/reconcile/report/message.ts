import { nameList, sameFindings } from './same-findings.ts';

/** Longest message of a condition; the API server stores it on every status write. */
export const MESSAGE_LIMIT = 1024;
const SHOWN = 3;
/** Names that one finding about several entries lists. */
const NAMES = 6;

/** The first few findings as one sentence each, those that say the same together, and how many more there are. */
export function summaryOf(findings: readonly { readonly target: string; readonly message: string }[]): string {
  const groups = sameFindings(findings, () => '', NAMES);
  const [first = '', ...others] = groups.slice(0, SHOWN).map(({ findings, message }) => {
    const names = [...new Set(findings.map(({ target }) => target))];
    return names.some((name) => message.includes(name)) ? message : `${nameList(names, NAMES)}: ${message}`;
  });
  const left = groups.slice(SHOWN).reduce((count, group) => count + group.findings.length, 0);
  const text = others.reduce((before, next) => `${before}${separator(before)}${next}`, first);
  if (left === 0) return text;
  return text.endsWith('.') ? `${text} And ${left} more.` : `${text}; and ${left} more`;
}

/** Findings are sentences or clauses. */
function separator(before: string): string {
  return before.endsWith('.') ? ' ' : '; ';
}
