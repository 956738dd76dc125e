/** Keeps secrets and terminal control characters out of what is logged. */

const REDACTED = 'REDACTED';
/** Longest string that goes into a log line; journald splits lines at 48 KB. */
const MAX_CHARACTERS = 4096;

const SECRET_WORD = /(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|private[-_]?key|credential|authorization)/i;
/** Field names such as `keys` or `secretName` are not secrets themselves; these are. */
const SECRET_NAME = new RegExp(`${SECRET_WORD.source}$`, 'i');

const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#@"'<>]+(?:@[^\s/?#@"'<>]*)*@/gi, `$1${REDACTED}@`],
  [new RegExp(`([?&;][\\w.-]{0,40}${SECRET_WORD.source}[\\w.-]{0,40}=)[^&;#\\s"'<>]+`, 'gi'), `$1${REDACTED}`],
  [/([?&](?:sig|signature|key|auth|X-Amz-Signature|X-Amz-Credential)=)[^&;#\s"'<>]+/gi, `$1${REDACTED}`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\beyJ[\w-]{10,}\.[\w-]{4,}\.[\w-]*/g, REDACTED],
  [new RegExp(`(\\b[\\w.-]{0,40}${SECRET_WORD.source}\\s*=\\s*)[^\\s"'&;]+`, 'gi'), `$1${REDACTED}`],
];

// C0 and C1 controls move the cursor or end the line, the Unicode ones reorder what a person reads.
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Whether a field of this name holds a secret, whatever its value looks like. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The text without credentials, cut to what a log line can hold. */
export function redact(text: string): string {
  // Cut first, generously: the patterns then never see a megabyte.
  const bounded = text.length > 4 * MAX_CHARACTERS ? text.slice(0, 4 * MAX_CHARACTERS) : text;
  let clean = bounded;
  for (const [pattern, replacement] of RULES) clean = clean.replace(pattern, replacement);
  if (clean.length <= MAX_CHARACTERS && bounded.length === text.length) return clean;
  return `${clean.slice(0, MAX_CHARACTERS)}… (${text.length} characters)`;
}

/** The text with every control character written out, so that it stays on its line and moves no cursor. */
export function escapeControls(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
