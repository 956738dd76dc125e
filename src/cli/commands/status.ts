import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CONDITION_TYPES, type ConditionType, rfc3339 } from '../../api/status/conditions.ts';
import { nearest } from '../../api/yaml/nearest.ts';
import { type Machine, openMachine } from '../../app/machine.ts';
import { type Current, currentStatus } from '../current-status.ts';
import { type Io, type SpecOptions, specRequestFrom } from '../io.ts';
import { command, type OutputFormat, parseDuration, withOutput, withSpec } from '../options/options.ts';
import { print, resultOf } from '../output/print.ts';
import { renderHolder, renderStatus } from '../output/status-view.ts';
import { paintFor, printable } from '../output/table.ts';

/** A condition and the status that is waited for. */
interface Awaited {
  readonly type: ConditionType;
  readonly status: string;
}

type Options = SpecOptions & {
  output: OutputFormat;
  watch: boolean;
  wait?: Awaited;
  condition?: ConditionType;
  timeout: number;
};

const WATCH_MS = 1000;
/** What kured's sentinel command is judged by: it reboots on 0, so an unknown state must be neither 0 nor an answer. */
const EXIT_CODES = { True: 0, False: 2, Unknown: 1 } as const;
const READY: Awaited = { type: 'Ready', status: 'True' };

/** `nodeprep status`: what the daemon last reported, or a fresh look. */
export function statusCommand(io: Io): Command {
  const base = command('status', 'Show whether this machine is as declared', [
    'status',
    'status --watch',
    'status --wait --timeout 5m',
    'status --wait=RebootRequired=False',
    'status --condition RebootRequired',
    'status -o json',
  ]);
  return withOutput(withSpec(base))
    .option('-w, --watch', 'go on and print again after every change', false)
    .addOption(
      new Option('--wait [condition]', 'wait until a condition is True, or what follows its name: Drifted=False')
        .argParser(parseAwaited)
        .preset('Ready')
        .conflicts('watch'),
    )
    .addOption(
      new Option('--condition <type>', 'print one condition, and end with 0 when it is True, 2 when False, else 1')
        .argParser(parseType)
        .conflicts(['watch', 'wait']),
    )
    .addOption(
      new Option('--timeout <duration>', 'how long --wait waits, such as 90s or 5m')
        .argParser(parseDuration)
        .default(parseDuration('30s'), '30s'),
    )
    .addHelpText(
      'after',
      '\nExit codes: 0 ready (with --wait: the condition is met; with --condition: it is True), 2 not (with --wait: not in time; with --condition: it is False), 1 error (with --condition: also Unknown or not reported).',
    )
    .action(async (options: Options) => {
      const machine = openMachine(options);
      const request = await specRequestFrom(options, io);
      const current = (isFirst: boolean) => currentStatus(machine, request, { io, isFirst });
      if (options.wait !== undefined) await waitFor(options.wait, machine, current, options, io);
      else if (options.watch) await watch(machine, current, options, io);
      else if (options.condition !== undefined) showCondition(options.condition, await current(true), options, io);
      else show(await current(true), options, io);
    });
}

async function watch(machine: Machine, look: (isFirst: boolean) => Promise<Current>, options: Options, io: Io) {
  let shown: string | undefined;
  while (!io.signal.aborted) {
    const current = await look(shown === undefined);
    if (current.key !== shown) {
      if (options.output === 'yaml' && shown !== undefined) io.out('---\n');
      if (options.output === 'table') {
        io.out(`${shown === undefined ? '' : '\n'}${paintFor(io.color)('dim', rfc3339(machine.now()))}\n`);
      }
      show(current, options, io);
    }
    shown = current.key;
    await pause(io);
  }
}

/** Says on standard error how the condition changes meanwhile, and shows the status at the end. */
async function waitFor(
  wanted: Awaited,
  machine: Machine,
  look: (isFirst: boolean) => Promise<Current>,
  options: Options,
  io: Io,
): Promise<void> {
  const end = machine.clock() + options.timeout;
  let said: string | undefined;
  for (;;) {
    const current = await look(said === undefined);
    const found = current.nodePrep.status.conditions.find(({ type }) => type === wanted.type);
    const isMet = found?.status === wanted.status;
    if (!isMet) {
      const state = found === undefined ? 'not reported' : `${found.status}, ${found.reason}: ${found.message}`;
      const alone = current.holder === undefined ? ' (no daemon has this host)' : '';
      const text = `waiting for ${wanted.type}=${wanted.status}: it is ${printable(state)}${alone}`;
      if (text !== said) io.err(`${rfc3339(machine.now())} ${text}\n`);
      said = text;
    }
    const isOver = machine.clock() >= end || io.signal.aborted;
    if (isMet || isOver) {
      if (!isMet) io.err(`Timed out: ${wanted.type} is not ${wanted.status}\n`);
      show(current, options, io);
      return io.exit(isMet ? 0 : 2);
    }
    await pause(io, Math.max(end - machine.clock(), 0));
  }
}

function show({ nodePrep, holder }: Current, options: Options, io: Io): void {
  print(io, options.output, nodePrep, (paint) =>
    [renderStatus(nodePrep, paint, io.columns), ...(holder === undefined ? [] : [renderHolder(holder)])].join('\n\n'),
  );
  io.exit(
    nodePrep.status.conditions.some(({ type, status }) => type === READY.type && status === READY.status) ? 0 : 2,
  );
}

function showCondition(wanted: ConditionType, { nodePrep }: Current, options: Options, io: Io): void {
  const found = nodePrep.status.conditions.find(({ type }) => type === wanted);
  if (found === undefined) {
    io.err(`${wanted} is not reported: the spec in force does not declare what it speaks of\n`);
    return io.exit(1);
  }
  const text = `${wanted}=${found.status}, ${found.reason}: ${printable(found.message)}`;
  print(io, options.output, resultOf('Condition', found), () => text);
  io.exit(EXIT_CODES[found.status]);
}

async function pause(io: Io, longest = WATCH_MS): Promise<void> {
  await sleep(Math.min(WATCH_MS, longest), undefined, { signal: io.signal }).catch(() => undefined);
}

/** Throws `InvalidArgumentError`. */
function parseAwaited(text: string): Awaited {
  const [name = '', status = 'True'] = text.replace(/^condition=/, '').split('=', 2);
  const type = parseType(name);
  const known = ['True', 'False', 'Unknown'].find((one) => one.toLowerCase() === status.toLowerCase());
  if (known === undefined) throw new InvalidArgumentError('Expected True, False or Unknown behind the name.');
  return { type, status: known };
}

/** Throws `InvalidArgumentError`. */
function parseType(name: string): ConditionType {
  const type = CONDITION_TYPES.find((one) => one.toLowerCase() === name.toLowerCase());
  if (type !== undefined) return type;
  const meant = nearest(name, CONDITION_TYPES);
  const hint = meant === undefined ? `Expected one of ${CONDITION_TYPES.join(', ')}.` : `Did you mean ${meant}?`;
  throw new InvalidArgumentError(hint);
}
