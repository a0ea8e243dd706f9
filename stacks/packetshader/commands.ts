/**
 * The control plane: a process on lcore 0 that changes IPv4 routes when their time has come. It changes the host's
 * words; the master copies what changed to the device before its next launch.
 */
import type { Cpu, Env } from "../../core/stack.ts";
import type { Ipv4Factory } from "./app_ipv4.ts";
import type { LinearRoutes } from "./audit_oracle.ts";
import type { PsRouteCommand } from "./options.ts";

/**
 * Starts the process; with nothing to do there is none.
 * @throws {RangeError} when a command names a next hop that there is not
 */
export function startShell(
  env: Env,
  commands: readonly PsRouteCommand[],
  table: Ipv4Factory,
  oracle: LinearRoutes,
): void {
  if (commands.length === 0) return;
  for (const { route, nextHop } of commands) {
    if (route === "del" || nextHop! < env.neighbours.count) continue;
    throw new RangeError(
      `Cannot boot packetshader: a command names next hop ${nextHop} of ${env.neighbours.count}`,
    );
  }
  const mhz = env.cost("mhz");
  let next = 0;
  env.spawn(0, "thread", (cpu: Cpu) => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    for (; next < commands.length && commands[next]!.atUs * mhz <= now; next++) {
      const { route, prefix, depth, nextHop } = commands[next]!;
      table.change(route === "del" ? { prefix, depth } : { prefix, depth, nextHop: nextHop! });
      oracle.change(prefix, depth, route === "del" ? -1 : nextHop!);
    }
    cpu.sleep();
    if (next < commands.length) cpu.wakeAt(commands[next]!.atUs * mhz);
    return 1;
  });
}
