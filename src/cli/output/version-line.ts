import { BUILD, VERSION } from '../../app/version.ts';

/** What `version` prints when it is all that was asked for; nothing else of NodePrep needs to be loaded for it. */
export function versionLine(argv: readonly string[]): string | undefined {
  const asks = argv.length === 1 && ['version', '--version', '-V'].includes(argv[0] ?? '');
  if (!asks) return undefined;
  return argv[0] === 'version' ? renderVersion() : `${VERSION}\n`;
}

/** `nodeprep 0.1.0 (commit 1f3a9c02ab41, 2026-11-30T16:00:59Z)`. */
export function renderVersion(): string {
  const from =
    BUILD === undefined
      ? 'from sources'
      : `commit ${BUILD.commit.replace(/^([0-9a-f]{12})[0-9a-f]+/, '$1')}, ${BUILD.date}`;
  return `nodeprep ${VERSION} (${from})\n`;
}
