/** Where people and monitoring find the status before there is a cluster. */
import type { Condition } from '../api/status/conditions.ts';
import { type NodePrep, parseStatusFile } from '../api/status/status.ts';
import { assertOwnRecord } from '../host/distrust.ts';
import { HostFileError } from '../host/errors.ts';
import type { Host, HostReader } from '../host/host.ts';
import type { NodeReport, ReportSink } from '../reconcile/report/node-report.ts';
import { setAside } from '../reconcile/ledger/record.ts';
import { nodePrepFrom } from '../reconcile/report/status.ts';

/** Folder of what is true until the next boot only. */
export const RUN_DIRECTORY = '/run/nodeprep';
/** Where the last status is, for `nodeprep status` and for people. */
export const STATUS_PATH = `${RUN_DIRECTORY}/status.json`;

/** What the status file says, or a sentence why it cannot be used; both absent when there is none. */
export interface StatusFile {
  readonly nodePrep?: NodePrep;
  readonly problem?: string;
}

/** Reads the status file. Throws `HostFileError` when it is there and cannot be read, or when others than root could have written it. */
export async function readStatusFile(host: HostReader): Promise<StatusFile> {
  const text = await host.readFile(STATUS_PATH);
  if (text === undefined) return {};
  await assertOwnRecord(host, STATUS_PATH);
  const parsed = parseStatusFile(text);
  return 'problem' in parsed ? { problem: `${STATUS_PATH} ${parsed.problem}` } : { nodePrep: parsed.nodePrep };
}

/** Conditions of the process before, for their transition times; an unusable file is kept aside and said. */
export async function takeOverStatusFile(
  host: Host,
  now: Date,
): Promise<{ conditions: readonly Condition[]; warning?: string }> {
  let text: string | undefined;
  try {
    text = await host.readFile(STATUS_PATH);
  } catch (error) {
    // Only transition times are lost; nothing on the host may wait for that.
    if (!(error instanceof HostFileError)) throw error;
    return { conditions: [], warning: error.message };
  }
  if (text === undefined) return { conditions: [] };
  const parsed = parseStatusFile(text);
  if ('problem' in parsed) return { conditions: [], warning: await setAside(host, STATUS_PATH, parsed.problem, now) };
  return { conditions: parsed.nodePrep.status.conditions };
}

/** A sink that keeps the status file as it was last published. */
export interface StatusFileSink extends ReportSink {
  /** Writes the last status again when the file is not what was written, such as after it was removed. */
  readonly renew: () => Promise<void>;
}

/** Writes the NodePrep with its status, only when something has changed or the file is not what was written. */
export function createStatusFileSink(host: Host): StatusFileSink {
  let last: { readonly report: NodeReport; readonly text: string } | undefined;
  const textOf = (report: NodeReport) => {
    const isSame = last?.report.status === report.status && last.report.snapshot === report.snapshot;
    return last !== undefined && isSame ? last.text : `${JSON.stringify(nodePrepFrom(report), undefined, 2)}\n`;
  };
  const put = async (text: string) => {
    const found = await host.stat(STATUS_PATH);
    // Everything in this folder is ours: a link or a FIFO in the place of the file goes, and is not followed.
    if (found?.type === 'link' || found?.type === 'other') await host.removeFile(STATUS_PATH);
    else if (found?.type === 'file' && (await host.readFile(STATUS_PATH)) === text) return;
    await host.writeFile(STATUS_PATH, text);
  };
  return {
    name: STATUS_PATH,
    publish: async (report) => {
      const text = textOf(report);
      last = { report, text };
      await put(text);
    },
    renew: async () => {
      if (last !== undefined) await put(last.text);
    },
  };
}
