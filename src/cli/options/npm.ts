import type { Command } from 'commander';

/** npm knows some letters by another name. */
const LETTERS: Readonly<Record<string, string>> = { f: 'force', w: 'workspace' };

/**
 * The option of a command that npm kept: `npm run bootstrap --dry-run` without the second `--` runs without it, and only
 * sets `npm_config_dry_run`.
 */
export function optionKeptByNpm(
  chosen: Command,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (env['npm_lifecycle_event'] === undefined) return undefined;
  for (const option of chosen.options) {
    const long = option.long?.replace(/^--(?:no-)?/, '').replaceAll('-', '_') ?? '';
    const letter = option.short?.slice(1) ?? '';
    const names = [long, letter, LETTERS[letter] ?? ''].filter((name) => name !== '');
    if (names.some((name) => env[`npm_config_${name}`] !== undefined)) return option.long ?? option.flags;
  }
  return undefined;
}
