/**
 * Do the two arms of the review pairs give themselves away to whoever does not read the code? `node bench/cue.ts DATASET...` trains the run's own
 * classifier over diff tokens on one half of the repositories and tests it on the other, both ways round, over all of these datasets together.
 * Which repositories are a half is drawn anew each time; prints the mean, the least and the most, and what chance alone would give.
 */
import { parseArgs } from "node:util";
import { parseReview } from "../grading/answers.ts";
import { rngFor } from "../lib/rng.ts";
import { openDataset } from "../output/dataset-reader.ts";
import { cueAccuracy, tokensOf } from "../pipeline/review-cue.ts";

const draws = 100;

interface Review {
  readonly repository: string;
  readonly wrong: boolean;
  readonly tokens: readonly string[];
}

async function reviewsOf(address: string): Promise<Review[]> {
  const dataset = await openDataset(address);
  const reviews: Review[] = [];
  for await (const { public: open, private: hidden } of dataset.pairs()) {
    if (open.skill !== "review") continue;
    const gold = parseReview(hidden.gold);
    if (!gold.ok) throw new Error(`${open.instance_id}: the gold answer is no review: ${gold.reason}`);
    reviews.push({
      repository: open.repo_group,
      wrong: gold.value.verdict === "request_changes",
      tokens: tokensOf(open.problem_statement),
    });
  }
  return reviews;
}

const { positionals } = parseArgs({ allowPositionals: true });
const reviews: Review[] = [];
for (const address of positionals) reviews.push(...(await reviewsOf(address)));
const repositories = [...new Set(reviews.map(({ repository }) => repository))].sort();
if (repositories.length < 2) {
  process.stderr.write("usage: node bench/cue.ts DATASET...\nreviews of two repositories are needed, at least\n");
  process.exitCode = 2;
} else {
  const accuracies = Array.from({ length: draws }, (_, draw) => {
    const first = new Set(
      rngFor("1", `${draw}`, "cue")
        .shuffle(repositories)
        .slice(0, Math.floor(repositories.length / 2)),
    );
    return cueAccuracy(reviews.map(({ repository, wrong, tokens }) => ({ wrong, tokens, half: first.has(repository) ? 0 : 1 })));
  }).sort((a, b) => a - b);
  const mean = accuracies.reduce((sum, one) => sum + one, 0) / draws;
  const chance = 1.96 * Math.sqrt(0.25 / reviews.length);
  process.stdout.write(
    `${reviews.length} reviews of ${repositories.length} repositories, ${draws} draws of the halves: accuracy ${mean.toFixed(3)} (${accuracies[0]?.toFixed(3)} to ${accuracies.at(-1)?.toFixed(3)}); chance alone: 0.5 ± ${chance.toFixed(3)}\n`,
  );
}
