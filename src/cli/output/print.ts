/** Prints a result in the format asked for; tables end with exactly one newline. */
import { API_VERSION } from '../../api/spec/nodeprep.ts';
import { toJson, toYaml } from '../../api/status/render.ts';
import type { Io } from '../io.ts';
import type { OutputFormat } from '../options/options.ts';
import { type Paint, paintFor } from './table.ts';

/** A result for programs; like an object of the API it says what it is. */
export function resultOf<K extends string, T extends object>(kind: K, content: T) {
  return { apiVersion: API_VERSION, kind, ...content } as const;
}

/** `table` is only rendered when it is what was asked for. */
export function print(io: Io, format: OutputFormat, value: unknown, table: (paint: Paint) => string): void {
  const text = format === 'json' ? toJson(value) : format === 'yaml' ? toYaml(value) : table(paintFor(io.color));
  io.out(text.endsWith('\n') ? text : `${text}\n`);
}
