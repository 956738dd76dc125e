import { Argument, type Command } from 'commander';
import { PRESET_NAMES, type PresetName, PROFILES } from '../../../api/spec/presets.ts';
import type { Io } from '../../io.ts';
import { command, type OutputFormat, withOutput } from '../../options/options.ts';
import { print, resultOf } from '../../output/print.ts';
import { type Paint, renderTable, wrap } from '../../output/table.ts';

/** `nodeprep profiles [NAME]`: what each built-in profile declares, and why. */
export function profilesCommand(io: Io): Command {
  const base = command('profiles', 'List the built-in profiles, or show one with the reason for every entry', [
    'profiles',
    'profiles raspberry-pi',
    'profiles kubeadm-worker -o yaml   # as a document of your own, to be edited',
  ]).addArgument(new Argument('[name]', 'a built-in profile').choices(PRESET_NAMES));
  return withOutput(base).action((name: PresetName | undefined, options: { output: OutputFormat }) => {
    if (name === undefined) {
      const items = PRESET_NAMES.map((one) => ({ name: one, ...PROFILES[one] }));
      print(io, options.output, resultOf('ProfileList', { profiles: items }), (paint) => renderList(paint, io.columns));
    } else {
      const profile = PROFILES[name];
      const value =
        options.output === 'json'
          ? resultOf('Profile', { name, ...profile })
          : resultOf('NodePrep', { spec: profile.spec });
      print(io, options.output, value, (paint) => renderProfile(name, paint, io.columns));
    }
    io.exit(0);
  });
}

function renderList(paint: Paint, columns: number): string {
  return PRESET_NAMES.map((name) => `${paint('bold', name)}\n${wrap(PROFILES[name].summary, columns, '  ')}`).join(
    '\n\n',
  );
}

function renderProfile(name: PresetName, paint: Paint, columns: number): string {
  const { summary, entries } = PROFILES[name];
  const rows = entries.map((entry) => [entry.area, entry.name, entry.declared]);
  const [head = '', ...lines] = renderTable(['AREA', 'ENTRY', 'DECLARED'], rows, paint).split('\n');
  const explained = lines.map(
    (line, at) => `${line}\n${paint('dim', wrap(entries[at]?.why ?? '', columns, '         '))}`,
  );
  return [wrap(summary, columns, ''), '', head, ...explained].join('\n');
}
