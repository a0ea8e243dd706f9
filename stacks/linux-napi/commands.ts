/**
 * An administrator's shell: a process on lcore 0 that runs each command when its time has come and the scheduler
 * lets it. A look-up sees the table before or after a change, never during one: what the kernel has RCU for, a
 * body of the model gives by not being interrupted.
 */
import type { LcTrie } from "../../core/fib/lc_trie.ts";
import type { Cpu, Env } from "../../core/stack.ts";
import type { Sysctl } from "../../core/linux/netif_receive.ts";
import type { LinuxCommand } from "./options.ts";

/** Starts the process; with nothing to type there is none. */
export function startShell(
  env: Env,
  commands: readonly LinuxCommand[],
  { fib, sysctl }: { fib: LcTrie; sysctl: Sysctl },
): void {
  if (commands.length === 0) return;
  for (const command of commands) {
    if (!("route" in command) || command.route === "del") continue;
    if (command.nextHop >= 0 && command.nextHop < env.neighbours.count) continue;
    throw new RangeError(
      `Cannot boot linux-napi: a command names next hop ${command.nextHop} of ${env.neighbours.count}`,
    );
  }
  const mhz = env.cost("mhz");
  let next = 0;
  env.spawn(0, "thread", (cpu: Cpu) => {
    // the instant of the deadline may read as the cycle before it
    const now = cpu.tsc() + 1;
    for (; next < commands.length && commands[next]!.atUs * mhz <= now; next++) {
      const command = commands[next]!;
      if ("sysctl" in command) sysctl.ipForward = command.value === 1;
      else if (command.route === "del") fib.delete(command.prefix, command.depth);
      else fib.add(command.prefix, command.depth, command.nextHop);
    }
    cpu.sleep();
    if (next < commands.length) cpu.wakeAt(commands[next]!.atUs * mhz);
    return 1;
  });
}
