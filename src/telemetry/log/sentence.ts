import type { Change } from '../../areas/area.ts';

/** What was done, as a person would say it: `net.ipv4.ip_forward was 0, set to 1`. */
export function sentenceOf({ action, target, from, to }: Change): string {
  if (target.startsWith('/') && from !== undefined && to !== undefined) return `${target} changed: ${from} → ${to}`;
  const was = from === undefined ? target : `${target} was ${from},`;
  switch (action) {
    case 'create':
    case 'update':
      return to === undefined ? `${target} written` : `${was} set to ${to}`;
    case 'delete':
      return `${was} removed`;
    case 'enable':
    case 'disable':
      return `${was} now ${to ?? `${action}d`}`;
    case 'stop':
      return `${target} ${to ?? 'stopped'}`;
    case 'load':
    case 'unload':
    case 'start':
    case 'restart':
      return `${target} ${to ?? `${action}ed`}`;
  }
}
