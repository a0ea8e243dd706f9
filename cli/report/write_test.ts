// Aim: a report is there whole or not at all.
// Method: make the second file fail by a name that cannot be written, and look at the folder.
import { assertEquals, assertThrows } from "@std/assert";
import { inFolder, listing } from "../_run_for_tests.ts";
import { UserError } from "../user_error.ts";
import { checkReportFolder, writeReport } from "./write.ts";

const HALF = { "a.html": "new", "no/such/folder.json": "{}" };

Deno.test("writeReport leaves no folder when a file cannot be written", async () => {
  await inFolder((folder) => {
    assertThrows(
      () => writeReport(`${folder}/report`, HALF),
      UserError,
      `${folder}/report: expected`,
    );
    assertEquals(listing(folder), []);
  });
});

Deno.test("writeReport leaves an older report alone when a file cannot be written", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.html`, "old");
    assertThrows(() => writeReport(folder, HALF), UserError);
    assertEquals(listing(folder), ["a.html"]);
    assertEquals(Deno.readTextFileSync(`${folder}/a.html`), "old");
  });
});

Deno.test("writeReport leaves an older report alone when a folder is in the way of a file", async () => {
  await inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a.html`, "old");
    Deno.mkdirSync(`${folder}/b.json`);
    assertThrows(
      () => writeReport(folder, { "a.html": "new", "b.json": "{}" }),
      UserError,
      `${folder}: expected a place for b.json, but a folder has that name`,
    );
    assertEquals(listing(folder), ["a.html", "b.json"]);
    assertEquals(Deno.readTextFileSync(`${folder}/a.html`), "old");
  });
});

Deno.test("writeReport makes the folders above, and takes a slash at the end", async () => {
  await inFolder((folder) => {
    writeReport(`${folder}/x/y/`, { "a.html": "new" });
    assertEquals(listing(`${folder}/x`), ["y"]);
    assertEquals(Deno.readTextFileSync(`${folder}/x/y/a.html`), "new");
  });
});

Deno.test("checkReportFolder accepts what can be made and leaves nothing behind", async () => {
  await inFolder((folder) => {
    checkReportFolder(`${folder}/x/y/z`);
    checkReportFolder(folder);
    assertEquals(listing(folder), []);
  });
});
