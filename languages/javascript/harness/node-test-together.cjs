"use strict";
// The main script of a process that several test files share; a flag such as `--import tsx` has done its work when it comes to this.
require("./node-test-child.cjs").load();
