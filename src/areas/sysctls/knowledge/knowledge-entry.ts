/** The form in which the knowledge about parameters is written down. */

/** Texts about one parameter or one family of them. */
export interface Knowledge {
  /** Matched against the path below /proc/sys. */
  readonly keys: RegExp;
  /** Usual members of the family, by their names, for lists and for "did you mean". */
  readonly names: readonly string[];
  readonly why: string;
  readonly breaks: string;
  readonly symptom: string;
  readonly askedBy: readonly string[];
  readonly notes?: readonly string[];
  /** Who else writes it at run time. */
  readonly rival?: string;
}
