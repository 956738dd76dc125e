import { VERSION } from '../../app/version.ts';

/** What `version` prints when it is all that was asked for; nothing else of NodePrep needs to be loaded for it. */
export function versionLine(argv: readonly string[]): string | undefined {
  const asks = argv.length === 1 && ['version', '--version', '-V'].includes(argv[0] ?? '');
  if (!asks) return undefined;
  return argv[0] === 'version' ? `nodeprep ${VERSION}\n` : `${VERSION}\n`;
}
