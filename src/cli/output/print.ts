/** Prints a result in the format asked for; tables end with exactly one newline. */
import { toJson, toYaml } from '../../api/status/render.ts';
import type { Io } from '../io.ts';
import type { OutputFormat } from '../options/options.ts';
import { type Paint, paintFor } from './table.ts';

/** `table` is only rendered when it is what was asked for. */
export function print(io: Io, format: OutputFormat, value: unknown, table: (paint: Paint) => string): void {
  const text = format === 'json' ? toJson(value) : format === 'yaml' ? toYaml(value) : table(paintFor(io.color));
  io.out(text.endsWith('\n') ? text : `${text}\n`);
}
