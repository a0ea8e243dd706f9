/** What the user can put right: bad options, files that are not what they should be. */

/**
 * Something in the command line or in a file that it names is not as expected. The message is one line that says
 * what, where, and what was expected; the command ends with exit code 2.
 */
export class UserError extends Error {
  /** Always `"UserError"`. */
  override readonly name: string = "UserError";
}

/** Text on one line, whatever is in it: control characters, as file names may hold, become `\u000a`. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;
  return text.replace(control, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
