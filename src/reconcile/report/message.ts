/** Longest message of a condition; the API server stores it on every status write. */
export const MESSAGE_LIMIT = 1024;
const SHOWN = 3;

/** The first few findings as one sentence each, and how many more there are. */
export function summaryOf(findings: readonly { readonly target: string; readonly message: string }[]): string {
  const seen = new Map(findings.map((finding) => [`${finding.target} ${finding.message}`, finding]));
  const unique = [...seen.values()];
  const shown = unique
    .slice(0, SHOWN)
    .map(({ target, message }) => (message.includes(target) ? message : `${target}: ${message}`));
  const more = unique.length > SHOWN ? `; and ${unique.length - SHOWN} more` : '';
  return `${shown.join('; ')}${more}`;
}
