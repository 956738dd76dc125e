/** `nodeprep approve`: lets the daemon of this host do what it holds because it disturbs the node. */
import type { PendingStatus } from '../api/status/status.ts';
import { readStatusFile } from '../disk/status-file.ts';
import { requestApproval } from '../reconcile/loop/approvals.ts';
import type { Machine } from './machine.ts';
import { requireRoot } from './privilege.ts';

/** What came of an approval. */
export type ApprovalOutcome =
  | { readonly kind: 'approved'; readonly pending: PendingStatus }
  /** Another plan than the one that was named is pending. */
  | { readonly kind: 'other'; readonly pending: PendingStatus }
  | { readonly kind: 'nothing' };

/** Approves the plan that the status of this host shows, if it is `plan` or none is named. Throws `NotRootError`, `HostFileError`. */
export async function approve(machine: Machine, plan: string | undefined): Promise<ApprovalOutcome> {
  requireRoot(machine, 'approve');
  const { nodePrep } = await readStatusFile(machine.host);
  const pending = nodePrep?.status.pending;
  if (pending === undefined) return { kind: 'nothing' };
  if (plan !== undefined && plan !== pending.plan) return { kind: 'other', pending };
  await requestApproval(machine.host, pending.plan);
  return { kind: 'approved', pending };
}
