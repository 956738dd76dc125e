import { HostFileError } from '../errors.ts';
import type { Host } from '../host.ts';
import { createParsed } from '../parsed.ts';

/** A host that is a directory of this machine, whose errors name files as they are called here. */
export function namedBelow(directory: string, host: Host): Host {
  const named =
    <Args extends readonly unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      try {
        return await call(...args);
      } catch (error) {
        throw error instanceof HostFileError ? error.below(directory) : error;
      }
    };
  const readFile = named(host.readFile);
  return {
    ...host,
    directory,
    readFile,
    parsed: createParsed(readFile),
    sumOf: named(host.sumOf),
    freeBytes: named(host.freeBytes),
    listDirectory: named(host.listDirectory),
    stat: named(host.stat),
    readLink: named(host.readLink),
    realPath: named(host.realPath),
    writeFile: named(host.writeFile),
    installFile: named(host.installFile),
    writeKernelFile: named(host.writeKernelFile),
    removeFile: named(host.removeFile),
    removeDirectory: named(host.removeDirectory),
    makeLink: named(host.makeLink),
  };
}
