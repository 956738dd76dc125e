import type { Command } from 'commander';
import { AREA_NAMES, partOf } from '../../api/parts/parts.ts';
import { listed } from '../../api/yaml/words.ts';
import type { Original } from '../../areas/area.ts';
import { type EntryExplanation, explainEntry } from '../../app/inspect/inspect.ts';
import { openMachine } from '../../app/machine.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, withOutput, withSpec } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { type ListedEntry, listEntries } from '../../app/inspect/topics.ts';
import { type Paint, printable, renderTable, shortenEnd, wrapLines } from '../output/table.ts';

type Options = SpecOptions & { output: OutputFormat; list: boolean };

/** `nodeprep explain ENTRY`: one entry, why it matters and what sets it. */
export function explainCommand(io: Io): Command {
  const base = command('explain', 'Explain one entry: why Kubernetes needs it and what sets it on this machine', [
    ...AREA_NAMES.map((area) => `explain ${partOf(area).entries.example}`),
    'explain --list',
  ]).argument('[entry]', listed(AREA_NAMES.flatMap((area) => partOf(area).entries.words)));
  const target = withOutput(withSpec(base)).option(
    '--list',
    'list what is declared or what there are texts about',
    false,
  );
  return target.action(async (entry: string | undefined, options: Options) => {
    const request = await specRequestFrom(options, io);
    if (options.list) {
      const entries = await listEntries(openMachine(options), request);
      print(io, options.output, resultOf('ExplanationList', { entries }), (paint) =>
        renderList(entries, paint, io.columns),
      );
      return io.exit(0);
    }
    if (entry === undefined) return target.error('error: name an entry, or write "nodeprep explain --list"');
    const explanation = await explainEntry(openMachine(options), request, entry, io.signal);
    print(io, options.output, resultOf('Explanation', explanation), (paint) =>
      renderExplanation(explanation, paint, io.columns),
    );
    return io.exit(0);
  });
}

function renderList(entries: readonly ListedEntry[], paint: Paint, columns: number): string {
  const rows = entries.map(({ area, name, declared, why = '' }) => [
    area,
    printable(name),
    declared ? paint('green', 'yes') : '-',
    why,
  ]);
  return renderTable(['AREA', 'ENTRY', 'DECLARED', 'WHY'], rows, paint, columns, [
    { column: 3, least: 20, shorten: shortenEnd },
  ]);
}

function renderExplanation(explanation: EntryExplanation, paint: Paint, columns: number): string {
  const section = (title: string, text: string) => {
    // The original of a file has lines.
    return `${paint('bold', title)}\n${wrapLines(text, columns, '  ')}`;
  };
  const parts = [
    `${paint('bold', printable(explanation.name))} (${explanation.area})`,
    section('Why Kubernetes needs it', explanation.why),
    section('What breaks without it', explanation.breaks),
    section('What people see', explanation.symptom),
    section('Who asks for it', explanation.askedBy.join(', ') || 'nothing by default'),
    section('Declared', explanation.desired ?? 'not declared in this spec'),
    section('Live value', explanation.live ?? 'none (absent here, or no running kernel to ask)'),
    `${paint('bold', 'Set by, in the order of the boot')}\n${renderSources(explanation, paint)}`,
    section(
      'Original value',
      explanation.original === undefined
        ? `${explanation.changed === undefined ? 'never' : 'only files were'} changed by NodePrep`
        : originalText(explanation.original),
    ),
    section('Last change by NodePrep', explanation.changed ?? 'none'),
    ...explanation.notes.map((note) => section('Note', note)),
  ];
  return parts.join('\n\n');
}

function renderSources(explanation: EntryExplanation, paint: Paint): string {
  if (explanation.sources.length === 0) return '  no file';
  return explanation.sources
    .map((source) => {
      const place = source.line === undefined ? source.file : `${source.file}:${source.line}`;
      const note = source.note === undefined ? '' : ` (${source.note})`;
      const mark = source.wins ? paint('green', '* ') : '  ';
      return `${mark}${printable(`${place}: ${source.value}${note}`)}${source.wins ? paint('green', ' wins') : ''}`;
    })
    .join('\n');
}

function originalText(original: Original): string {
  switch (original.state) {
    case 'value':
      return original.value === '' ? '(empty)' : original.value;
    case 'absent':
      return 'absent';
    case 'unreadable':
    case 'unknown':
      return `${original.state}: ${original.why}`;
  }
}
