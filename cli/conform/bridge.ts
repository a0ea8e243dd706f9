/** A bridge judged by the laws of bridges, and what is said of it. */
import Table from "cli-table3";
import { type BridgeResult, checkBridge } from "../../properties/mod.ts";
import { bridgeDevice } from "../../stacks/mod.ts";
import { counted } from "../report/format.ts";
import { UserError } from "../user_error.ts";
import type { ConformOptions } from "./options.ts";

/**
 * Judges the kernel's bridge.
 * @throws {UserError} when an option says nothing to a bridge, or a permission is missing
 */
export function judgeBridgeDevice(options: ConformOptions): BridgeResult {
  const { routes, pcap, only, junit, profile } = options;
  for (const [name, value] of Object.entries({ routes, pcap, only, junit, profile })) {
    if (value !== null) {
      throw new UserError(`--${name}: expected a device that routes, got a bridge`);
    }
  }
  let bridge: ReturnType<typeof bridgeDevice>;
  try {
    bridge = bridgeDevice();
  } catch (error) {
    throw new UserError(`--device bridge: ${(error as Error).message}`);
  }
  try {
    const seed = options.seed === null ? {} : { seed: options.seed };
    return checkBridge(bridge, { numRuns: options.runs, ...seed });
  } finally {
    bridge.close();
  }
}

/** The result for a person. */
export function bridgeText({ device, runs, frames, seed, laws, fault }: BridgeResult): string {
  const table = new Table({
    head: ["law", "judged", ""],
    colAligns: ["left", "right", "left"],
    style: { head: [], border: [], compact: true },
  });
  for (const { law, judged } of laws) {
    const others = fault === null ? "kept" : "kept so far";
    table.push([law.id, judged, fault?.law === law.id ? "BROKEN" : others]);
  }
  const lines = [
    `${device}: ${counted(runs, "draw")}, ${counted(frames, "frame")}, seed ${seed}`,
    table.toString(),
  ];
  if (fault !== null) {
    const law = laws.find((one) => one.law.id === fault.law)!.law;
    lines.push(
      "",
      `${fault.law} broken by ${device}: ${fault.sentence}`,
      `  law       ${law.statement}`,
    );
    lines.push(`  clause    ${law.clause}`, ...fault.frames.map((line) => `  ${line}`));
  }
  return `${lines.join("\n")}\n`;
}
