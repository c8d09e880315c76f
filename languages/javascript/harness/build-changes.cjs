"use strict";
/*
 * What a build did to the workspace. Called twice around it: `before` notes every file's size and time, `after` writes to the named file, as
 * JSON, the text of each file that is new or was written (`files`), the paths that are gone (`gone`) and what has no form as text (`unfit`).
 * Packages and git's own folder are left out. It runs on every Node that a repository may ask for.
 */
const fs = require("fs");
const os = require("os");
const path = require("path");

const mode = process.argv[2];
const root = process.argv[3];
const out = process.argv[4];
const notes = path.join(os.tmpdir(), "kihon-before-build.json");
const left = new Set(["node_modules", ".git"]);

function walk(folder, visit) {
  for (const name of fs.readdirSync(path.join(root, folder)).sort()) {
    if (left.has(name)) continue;
    const relative = folder === "" ? name : folder + "/" + name;
    if (relative === out) continue;
    const stat = fs.lstatSync(path.join(root, relative));
    if (stat.isDirectory()) walk(relative, visit);
    else visit(relative, stat);
  }
}

const mark = (stat) => stat.size + ":" + stat.ctimeMs + ":" + stat.mtimeMs;

function before() {
  const seen = {};
  walk("", (relative, stat) => {
    seen[relative] = mark(stat);
  });
  fs.writeFileSync(notes, JSON.stringify(seen));
}

function after() {
  const seen = JSON.parse(fs.readFileSync(notes, "utf8"));
  const files = {};
  const unfit = [];
  const here = new Set();
  walk("", (relative, stat) => {
    here.add(relative);
    if (seen[relative] === mark(stat)) return;
    if (!stat.isFile()) return void unfit.push(relative);
    const bytes = fs.readFileSync(path.join(root, relative));
    const text = bytes.toString("utf8");
    if (Buffer.from(text, "utf8").equals(bytes)) files[relative] = text;
    else unfit.push(relative);
  });
  const gone = Object.keys(seen).filter((relative) => !here.has(relative));
  if (fs.existsSync(path.join(root, out))) fs.unlinkSync(path.join(root, out));
  fs.writeFileSync(path.join(root, out), JSON.stringify({ files: files, gone: gone, unfit: unfit }));
}

if (mode === "before") before();
else after();
