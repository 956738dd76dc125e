/** The terminal of a command, for the entry point, which imports from here only. */
export { takesColor } from '../host/own/own-output.ts';
