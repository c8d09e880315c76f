/**
 * Repositories of public evaluation sets, as their own sources name them. A row of such a repository may be a question of the evaluation, or
 * tell its answer: the whole repository is kept out.
 *
 * Sets without a list of their own, and why:
 * - SWE-bench Lite and Verified, SWT-bench and TDD-Bench Verified are drawn from SWE-bench: its repositories are theirs.
 * - SWE-bench-Live and its MultiLang part change every month and name hundreds of repositories; Terminal-Bench has tasks that are of no repository.
 *   Whoever measures by them gives their instances as a list (`--deny-list`). The card of every dataset says so.
 *
 * When a list changes, its version does; the verdicts of `2-screen` depend on it, so the version of that stage does too.
 */
import { type DenyList, denyListSchema } from "../../schemas/contamination.ts";

const words = (text: string): string[] => text.trim().toLowerCase().split(/\s+/);

const listOf = (name: string, version: string, source: string, repositories: string): DenyList =>
  denyListSchema.parse({ name, version, source, repositories: words(repositories), numbers: [], commits: [], patches: [], texts: [] });

const swebench = "github.com/SWE-bench/SWE-bench, swebench/harness/constants, read 2026-11-21";

export const evaluationSets: readonly DenyList[] = Object.freeze([
  listOf(
    "swe-bench",
    "2026-11-21",
    swebench,
    `astropy/astropy django/django pallets/flask matplotlib/matplotlib mwaskom/seaborn psf/requests pydata/xarray pylint-dev/pylint
     pytest-dev/pytest scikit-learn/scikit-learn sphinx-doc/sphinx sympy/sympy marshmallow-code/marshmallow pvlib/pvlib-python pydicom/pydicom
     pylint-dev/astroid pyvista/pyvista sqlfluff/sqlfluff`,
  ),
  listOf(
    "swe-bench-multilingual",
    "2026-11-21",
    swebench,
    `babel/babel vuejs/core facebook/docusaurus immutable-js/immutable-js mrdoob/three.js preactjs/preact axios/axios
     redis/redis jqlang/jq nlohmann/json micropython/micropython valkey-io/valkey fmtlib/fmt
     caddyserver/caddy hashicorp/terraform prometheus/prometheus gohugoio/hugo gin-gonic/gin
     google/gson apache/druid javaparser/javaparser projectlombok/lombok apache/lucene reactivex/rxjava
     phpoffice/phpspreadsheet laravel/framework php-cs-fixer/php-cs-fixer briannesbitt/carbon
     jekyll/jekyll fluent/fluentd fastlane/fastlane jordansissel/fpm faker-ruby/faker rubocop/rubocop
     burntsushi/ripgrep sharkdp/bat astral-sh/ruff tokio-rs/tokio uutils/coreutils nushell/nushell tokio-rs/axum`,
  ),
  listOf(
    "swe-bench-multimodal",
    "2026-11-22",
    "the specifications of the set's own images (MAP_REPO_VERSION_TO_SPECS_JS, dev and test split), read 2026-11-21; cypress, emotion and plotly.js: github.com/SWE-bench/SWE-bench 7a21e05, swebench/harness/log_parsers/javascript.py",
    `Automattic/wp-calypso chartjs/Chart.js markedjs/marked processing/p5.js diegomura/react-pdf alibaba-fusion/next bpmn-io/bpmn-js
     carbon-design-system/carbon eslint/eslint GoogleChrome/lighthouse grommet/grommet highlightjs/highlight.js openlayers/openlayers
     prettier/prettier PrismJS/prism quarto-dev/quarto-cli scratchfoundation/scratch-gui cypress-io/cypress emotion-js/emotion plotly/plotly.js`,
  ),
  listOf(
    "multi-swe-bench",
    "2026-11-20",
    "the table of the data set's page (ByteDance-Seed/Multi-SWE-bench) and, for the further Java repositories, the loaders of those who use it, read 2026-11-20",
    `facebook/zstd jqlang/jq ponylang/ponyc catchorg/Catch2 fmtlib/fmt nlohmann/json simdjson/simdjson yhirose/cpp-httplib
     cli/cli grpc/grpc-go zeromicro/go-zero
     alibaba/fastjson2 elastic/logstash mockito/mockito apache/dubbo fasterxml/jackson-core fasterxml/jackson-databind
     fasterxml/jackson-dataformat-xml google/gson googlecontainertools/jib
     anuraghazra/github-readme-stats axios/axios expressjs/express iamkun/dayjs Kong/insomnia sveltejs/svelte
     BurntSushi/ripgrep clap-rs/clap nushell/nushell rayon-rs/rayon serde-rs/serde sharkdp/bat sharkdp/fd tokio-rs/bytes tokio-rs/tokio
     tokio-rs/tracing darkreader/darkreader mui/material-ui vuejs/core`,
  ),
  listOf(
    "swe-polybench",
    "2026-11-20",
    "github.com/amazon-science/SWE-PolyBench, src/poly_bench_evaluation/constants.py, read 2026-11-20",
    `google/guava google/gson apache/dubbo apolloconfig/apollo apache/rocketmq trinodb/trino mrdoob/three.js sveltejs/svelte prettier/prettier
     serverless/serverless microsoft/vscode angular/angular mui/material-ui tailwindlabs/tailwindcss coder/code-server
     Significant-Gravitas/AutoGPT huggingface/transformers langchain-ai/langchain yt-dlp/yt-dlp tensorflow/models keras-team/keras`,
  ),
]);
