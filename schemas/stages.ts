/** The road, in order. */
export const stageNames = ["mine", "screen", "prepare", "inject", "sift", "observe", "audit", "pose", "prove", "export"] as const;
export type StageName = (typeof stageNames)[number];
