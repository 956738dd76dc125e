/** What an Event says; which object it is about, and when, is the writer's. */
import type { AreaEventReason } from '../api/parts/parts.ts';

/** Reasons of the Events, which people filter by. */
export type EventReason =
  | 'Applied'
  | 'DriftDetected'
  | 'DriftCorrected'
  | 'DriftContested'
  | 'AwaitingApproval'
  | 'RebootRequired'
  | 'NodeNameContested'
  | AreaEventReason;

/** One Event, before it has an object and times. */
export interface EventFact {
  readonly type: 'Normal' | 'Warning';
  readonly reason: EventReason;
  readonly message: string;
}
