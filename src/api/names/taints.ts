/** Taint that keeps pods away from a node until its host was prepared, set by the kubelet that registers it. */
export const STARTUP_TAINT = 'nodeprep.dev/not-ready';

/** A taint as a Node has it; what is left out matches everything. */
export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect?: string;
}

/** `key`, `key:Effect` or `key=value:Effect`; `undefined` when it is none of these. */
export function parseTaint(text: string): Taint | undefined {
  const form = /^([a-zA-Z0-9](?:[\w./-]*[a-zA-Z0-9])?)(?:=([\w.-]*))?(?::(NoSchedule|PreferNoSchedule|NoExecute))?$/;
  const [, key, value, effect] = form.exec(text) ?? [];
  if (key === undefined || key.length > 253) return undefined;
  return { key, ...(value === undefined ? {} : { value }), ...(effect === undefined ? {} : { effect }) };
}
