import { CONDITIONS, REASONS } from '../../src/api/status/conditions.ts';
import { markdownTable } from './table.ts';

/** Condition types and the closed list of reasons. */
export function conditionsReference(): string {
  return `# Conditions and reasons

Shown by \`nodeprep status\` and kept in \`/run/nodeprep/status.json\`; also the metric \`nodeprep_condition\`.
\`lastTransitionTime\` changes only when the status does.

## Conditions

${markdownTable(
  ['Type', 'True means'],
  Object.entries(CONDITIONS).map(([type, meaning]) => [`\`${type}\``, meaning]),
)}

## Reasons

Reasons are stable: alerts and scripts may compare them. Messages are for people and may change.

${markdownTable(
  ['Reason', 'Meaning'],
  Object.entries(REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
)}
`;
}
