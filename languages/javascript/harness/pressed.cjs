"use strict";
/*
 * Runs a command as on a machine that is busy: `pressed.cjs N COMMAND...`. Beside it N processes for each processor do nothing but compute, and
 * again and again it is frozen for a while with all that it started, as whoever waits for a processor is: what it waits for comes late. Those
 * beside it are frozen with it: nobody would notice what they compute meanwhile.
 * Ends as the command ends. The report channel (descriptors 3 and 4) is the command's.
 */
const { spawn } = require("child_process");
const os = require("os");

/* Milliseconds, at least and at most. Long enough for a test that allows 50 ms more than it slept, and of no one rhythm. */
const RUNS = [60, 320];
const FROZEN = [90, 190];
const within = ([least, most]) => least + Math.random() * (most - least);

const [each, file, ...args] = process.argv.slice(2);
/* Before Node 18.14 a process knows of no other processors than the machine's. */
const processors = os.availableParallelism ? os.availableParallelism() : os.cpus().length;
const busy = Array.from({ length: Number(each) * processors }, () => spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" }));
/* A group of its own is stopped by one signal, whoever is in it. */
const command = spawn(file, args, { stdio: ["inherit", "inherit", "inherit", 3, 4], detached: true });
let timer = null;
const signal = (name) => {
  try {
    process.kill(-command.pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
};
const all = (name) => {
  signal(name);
  for (const process of busy) process.kill(name);
};
const thaw = () => {
  all("SIGCONT");
  timer = setTimeout(freeze, within(RUNS));
};
const freeze = () => {
  all("SIGSTOP");
  timer = setTimeout(thaw, within(FROZEN));
};
const release = () => {
  clearTimeout(timer);
  for (const process of busy) process.kill("SIGKILL");
};
if (command.pid !== undefined) timer = setTimeout(freeze, within(RUNS));
command.on("error", (error) => {
  release();
  throw error;
});
command.on("exit", (code, name) => {
  release();
  /* What it left behind in its group is not kept frozen. */
  signal("SIGCONT");
  if (name !== null) process.kill(process.pid, name);
  else process.exitCode = code;
});
