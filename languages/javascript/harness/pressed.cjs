"use strict";
/*
 * Runs a command beside processes that do nothing but compute, so that it gets a part of the processors only: `pressed.cjs N COMMAND...`,
 * N of them for each processor. Ends as the command ends. The report channel (descriptors 3 and 4) is the command's.
 */
const { spawn } = require("child_process");
const { availableParallelism } = require("os");

const [each, file, ...args] = process.argv.slice(2);
const busy = Array.from({ length: Number(each) * availableParallelism() }, () =>
  spawn("/bin/sh", ["-c", "while :; do :; done"], { stdio: "ignore" }),
);
const release = () => {
  for (const process of busy) process.kill("SIGKILL");
};
const command = spawn(file, args, { stdio: ["inherit", "inherit", "inherit", 3, 4] });
command.on("error", (error) => {
  release();
  throw error;
});
command.on("exit", (code, signal) => {
  release();
  if (signal !== null) process.kill(process.pid, signal);
  else process.exitCode = code;
});
