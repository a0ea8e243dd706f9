/** How a counterexample is run again on the device that a command line named. */
import type { DeviceOptions } from "./device.ts";
import { TIMEOUT_MS } from "./device.ts";

/** The command line that replays a token or a file on the device of these options, to be pasted into a shell. */
export function replayCommand(
  what: string,
  { exec, protocol, timeoutMs, stack, device, profile, force }: DeviceOptions,
): string {
  const options = {
    exec,
    protocol: exec === null || protocol === "stream" ? null : protocol,
    timeout: exec === null || timeoutMs === TIMEOUT_MS ? null : String(timeoutMs),
    stack,
    device,
    profile,
  };
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === null ? [] : [`--${name}`, quoted(value)]
  );
  if (force) given.push("--force");
  return ["npx deno task planecheck replay", quoted(what), ...given].join(" ");
}

/** A word as a POSIX shell takes it (XCU 2.2.2). */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
