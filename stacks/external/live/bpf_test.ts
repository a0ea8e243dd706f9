// Aim: a file that is no BPF object is refused as that, before anything that needs libbpf or a permission. Method: such files.
import { assertThrows } from "@std/assert";
import { BpfObject } from "./bpf.ts";

Deno.test("BpfObject refuses what is no ELF file, and what is not there", () => {
  const file = Deno.makeTempFileSync();
  try {
    for (const text of ["", "\x7fEL", "int main() {}"]) {
      Deno.writeTextFileSync(file, text);
      assertThrows(() => new BpfObject(file), Error, `Cannot load ${file}: expected an ELF object`);
    }
  } finally {
    Deno.removeSync(file);
  }
  assertThrows(() => new BpfObject(file), Error, `o such file or directory`);
});
