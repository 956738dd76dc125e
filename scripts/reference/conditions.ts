import { CONDITION_TYPES, REASONS } from '../../src/api/status/conditions.ts';
import { markdownTable } from './table.ts';

/** What each condition says when it is True. */
const MEANING: Readonly<Record<(typeof CONDITION_TYPES)[number], string>> = {
  Ready: 'Everything that is required is in place, and no boot is outstanding.',
  Progressing: 'A change is being applied or verified, or something is waited for.',
  Degraded: 'Something failed and needs a person or a retry.',
  Drifted: 'Live or persistent state differs from the spec now.',
  Conflicting: 'Somebody else overrides a declared value or keeps changing it back.',
  RebootRequired: 'Changes take effect with the next boot only.',
  ModulesReady: 'The kernel modules are as declared.',
  SysctlsReady: 'The kernel parameters are as declared.',
  SwapReady: 'Swap is as declared.',
};

/** Condition types and the closed list of reasons. */
export function conditionsReference(): string {
  return `# Conditions and reasons

Shown by \`nodeprep status\` and kept in \`/run/nodeprep/status.json\`; also the metric \`nodeprep_condition\`.
\`lastTransitionTime\` changes only when the status does.

## Conditions

${markdownTable(
  ['Type', 'True means'],
  CONDITION_TYPES.map((type) => [`\`${type}\``, MEANING[type]]),
)}

## Reasons

Reasons are stable: alerts and scripts may compare them. Messages are for people and may change.

${markdownTable(
  ['Reason', 'Meaning'],
  Object.entries(REASONS).map(([reason, meaning]) => [`\`${reason}\``, meaning]),
)}
`;
}
