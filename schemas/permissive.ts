/** Under which licences code is taken. */
import { z } from "zod";

/** Licences that ask for no more than that notices are kept, and grants to the public. */
export const permissiveLicenses =
  "0BSD Apache-2.0 Artistic-2.0 BlueOak-1.0.0 BSD-2-Clause BSD-2-Clause-Patent BSD-3-Clause BSD-3-Clause-Clear BSD-Source-Code BSL-1.0 CC-BY-4.0 CC0-1.0 ISC MIT MIT-0 NCSA PostgreSQL Python-2.0 Unlicense UPL-1.0 W3C WTFPL X11 Zlib".split(
    " ",
  );

export const permissiveSchema = z
  .strictObject({
    allow: z
      .array(z.string().min(1))
      .min(1)
      .default(permissiveLicenses)
      .describe("SPDX ids that are allowed; `ID WITH EXCEPTION` allows a licence with that exception alone."),
    missing: z.enum(["keep", "drop"]).default("keep").describe("What becomes of a revision in which no licence was found."),
  })
  .readonly();
export type Permissive = z.infer<typeof permissiveSchema>;
