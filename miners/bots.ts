/** Bots of the first years are plain users by type, and git knows of names alone. */
const bots = /\[bot\]$|[-_ ]bot$|^(?:dependabot|greenkeeper|renovate|snyk|codecov|imgbot|pyup|allcontributors)\b/i;

/** Of an account, or of a commit's author. */
export const isBotName = (name: string): boolean => bots.test(name);
