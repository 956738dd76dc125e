/** Whether two lists hold the same objects. */
export function isSameList(now: readonly unknown[], before: readonly unknown[]): boolean {
  return now.length === before.length && now.every((one, at) => one === before[at]);
}

/** The same function, which gives its last result again while its inputs are the same: by default, the same objects. */
export function unchanged<I extends readonly unknown[], T>(
  make: (...inputs: I) => T,
  isSame: (now: I, before: I) => boolean = isSameList,
): (...inputs: I) => T {
  let last: { readonly inputs: I; readonly result: T } | undefined;
  return (...inputs) => {
    if (last === undefined || !isSame(inputs, last.inputs)) last = { inputs, result: make(...inputs) };
    return last.result;
  };
}
