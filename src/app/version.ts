/** Version of this NodePrep; the build checks that it equals the one in package.json. */
export const VERSION = '0.1.0';

/** What a build was made from. */
export interface Build {
  /** Commit, with `-dirty` behind it when the checkout had changes; `unknown` without git. */
  readonly commit: string;
  /** RFC 3339 time of the commit, or SOURCE_DATE_EPOCH: two builds of one commit are equal. */
  readonly date: string;
}

/** Put in by the build; a run from the sources has none. */
declare const NODEPREP_BUILD: Build | undefined;

/** What this NodePrep was built from; `undefined` when it runs from the sources. */
export const BUILD: Build | undefined = typeof NODEPREP_BUILD === 'undefined' ? undefined : NODEPREP_BUILD;
