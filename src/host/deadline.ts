import type { CommandOptions, Host } from './host.ts';

/** As `CommandOptions` says. */
const COMMAND_MS = 30_000;
/** What a command gets after the deadline: enough to look how things stand. */
const LEAST_MS = 1000;

/** A host on which no command runs much longer than until the deadline. */
export function withDeadline(host: Host, leftMs: () => number): Host {
  const within = (options: CommandOptions = {}): CommandOptions => ({
    ...options,
    timeoutMs: Math.min(options.timeoutMs ?? COMMAND_MS, Math.max(leftMs(), LEAST_MS)),
  });
  return {
    kernel: host.kernel,
    ...(host.directory === undefined ? {} : { directory: host.directory }),
    readFile: (path, encoding) => host.readFile(path, encoding),
    parsed: (path, parse, encoding) => host.parsed(path, parse, encoding),
    sumOf: (path) => host.sumOf(path),
    freeBytes: (path) => host.freeBytes(path),
    listDirectory: (path) => host.listDirectory(path),
    stat: (path) => host.stat(path),
    readLink: (path) => host.readLink(path),
    realPath: (path) => host.realPath(path),
    query: (command, options) => host.query(command, within(options)),
    ask: (socket, questions, options) => host.ask(socket, questions, options),
    writeFile: (path, contents, options) => host.writeFile(path, contents, options),
    installFile: (path, contents, mode) => host.installFile(path, contents, mode),
    writeKernelFile: (path, contents) => host.writeKernelFile(path, contents),
    removeFile: (path) => host.removeFile(path),
    removeDirectory: (path) => host.removeDirectory(path),
    makeLink: (path, target) => host.makeLink(path, target),
    run: (command, options) => host.run(command, within(options)),
    call: (socket, question, options) => host.call(socket, question, options),
  };
}
