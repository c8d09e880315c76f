"""Rewards for training loops in Python: answers go to one `kihon grade`, which stays open and gives each result back under its answer's id.

Needs nothing but Python 3.8 and Kihon. Set in the environment:

  KIHON_DATASET   folder of the dataset
  KIHON_COMMAND   how Kihon is started (default: kihon), such as "/path/to/a/checkout/kihon"
  KIHON_OPTIONS   further words for `kihon grade`, such as "--cache /fast/disk --concurrency 4": so many answers are graded side by side
  KIHON_SILENCE   seconds without a word after which the grader counts as lost (default: 3600; a first install takes minutes)

verl:  custom_reward_function.path=examples/reward.py custom_reward_function.name=compute_score
TRL:   GRPOTrainer(reward_funcs=trl_reward, ...)
SkyRL: KihonEnv = skyrl_env(BaseTextEnv) in a module of yours, named in skyrl_gym.envs.register(id="kihon", entry_point="MODULE:KihonEnv")
slime: --custom-rm-path reward.slime_rm, with examples/ on PYTHONPATH
"""

import asyncio
import json
import os
import queue
import re
import shlex
import subprocess
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress


class Trouble(RuntimeError):
    """The machine failed at this one answer: there is no reward, and the answer should be graded again."""


class NoGrader(RuntimeError):
    """There is no grader: it ended, or never answered. No further answer will fare better until its cause is mended."""


def answer_of(text):
    """The answer in a model's reply: its last fenced block, or all of it where it has none."""
    blocks = re.findall(r"^```[^\n`]*\n(.*?)^```[ \t]*$", text, flags=re.DOTALL | re.MULTILINE)
    return blocks[-1] if blocks else text.strip()


class _Process:
    """One `kihon grade` from its start to its end. One thread writes and one reads, so that neither pipe waits for the other."""

    def __init__(self, argv):
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(argv, stdin=pipe, stdout=pipe, encoding="utf-8")
        self._lock = threading.Lock()
        self._asked = {}
        self._count = 0
        self._end = None
        self._heard = time.monotonic()
        self._lines = queue.Queue()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer.start()
        self._reader.start()

    @property
    def ended(self):
        return self._end is not None

    def ask(self, instance_id, answer):
        """A future of the result."""
        future = Future()
        with self._lock:
            if self._end is not None:
                raise self._end
            if not self._asked:
                self._heard = time.monotonic()
            self._count += 1
            self._asked[self._count] = future
            self._lines.put(json.dumps({"id": self._count, "instance_id": instance_id, "answer": answer}) + "\n")
        return future

    def result(self, future, silence):
        """Waits for it, as long as the grader says something now and then."""
        while True:
            left = self._heard + silence - time.monotonic()
            try:
                return future.result(timeout=max(left, 0.01))
            except NotYet:
                if self._heard + silence <= time.monotonic():
                    self._fail(NoGrader(f"kihon grade said nothing for {silence:g} seconds"))
                    self._child.terminate()

    def close(self):
        """Lets it finish what it was asked."""
        self._lines.put(None)
        self._writer.join()
        self._reader.join()
        self._child.stdout.close()

    def _write(self):
        # Where it has ended, the reader says so.
        with suppress(OSError):
            for line in iter(self._lines.get, None):
                self._child.stdin.write(line)
                self._child.stdin.flush()
        with suppress(OSError):
            self._child.stdin.close()

    def _read(self):
        for line in self._child.stdout:
            try:
                graded = json.loads(line)
                with self._lock:
                    future = self._asked.pop(graded["id"])
            except (ValueError, KeyError, TypeError):
                self._fail(NoGrader(f"kihon grade said what is no result: {line.strip()[:200]}"))
                self._child.terminate()
                break
            self._heard = time.monotonic()
            future.set_result(graded)
        self._fail(NoGrader(f"kihon grade ended with {self._child.wait()}; what it said is on standard error"))
        self._lines.put(None)

    def _fail(self, error):
        with self._lock:
            self._end = self._end or error
            asked, self._asked = self._asked, {}
        for future in asked.values():
            future.set_exception(self._end)


class Grader:
    """One `kihon grade` that stays open. Any number of threads may ask at once, and `--concurrency` says how many answers are graded side by side."""

    def __init__(self, dataset, command="kihon", options=(), silence=3600.0):
        self._argv = [*shlex.split(command), "grade", dataset, "--answers", "-", *options]
        self._silence = silence
        self._lock = threading.Lock()
        self._process = None

    def grade(self, instance_id, answer):
        """{"reward": 0 or 1, "components": {...}, "reason": code or None}. Raises Trouble where the machine failed at it, NoGrader where there is none."""
        (graded,) = self.grade_all([(instance_id, answer)])
        if isinstance(graded, Trouble):
            raise graded
        return graded

    def grade_all(self, asked):
        """What `grade` gives for each (instance_id, answer), all of them asked at once; a Trouble stands in the place of a result."""
        process = self._started()
        futures = [(instance_id, process.ask(instance_id, answer)) for instance_id, answer in asked]
        return [self._outcome(instance_id, process.result(future, self._silence)) for instance_id, future in futures]

    def _started(self):
        with self._lock:
            if self._process is None or self._process.ended:
                self._process = _Process(self._argv)
            return self._process

    @staticmethod
    def _outcome(instance_id, graded):
        if graded["infra_error"] is not None:
            return Trouble(graded["infra_error"])
        if graded["reason"] == "unknown-instance":
            raise KeyError(f"the dataset has no instance {instance_id}")
        return graded

    def close(self):
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.close()


_grader = None
_starting = threading.Lock()


def grader():
    """The grader that the environment describes, started at the first call."""
    global _grader
    with _starting:
        if _grader is None:
            options = shlex.split(os.environ.get("KIHON_OPTIONS", ""))
            silence = float(os.environ.get("KIHON_SILENCE", "3600"))
            _grader = Grader(os.environ["KIHON_DATASET"], os.environ.get("KIHON_COMMAND", "kihon"), options, silence)
        return _grader


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    """verl: `ground_truth` is the instance's id."""
    return float(grader().grade(ground_truth, answer_of(solution_str))["reward"])


def trl_reward(completions, instance_id, **_):
    """TRL: one reward a completion; None, which the trainer leaves out, where the machine failed at one. Where there is no grader it raises."""
    texts = (completion if isinstance(completion, str) else completion[-1]["content"] for completion in completions)
    graded = grader().grade_all([(name, answer_of(text)) for text, name in zip(texts, instance_id)])
    return [None if isinstance(one, Trouble) else float(one["reward"]) for one in graded]


def skyrl_env(base):
    """SkyRL: an environment class on `skyrl_gym.envs.base_text_env.BaseTextEnv`; an episode is one answer. Where the machine failed it raises."""

    class KihonEnv(base):
        def __init__(self, env_config=None, extras=None):
            super().__init__()
            self._instance_id = extras["reward_spec"]["ground_truth"]

        def step(self, action):
            graded = grader().grade(self._instance_id, answer_of(action))
            return {"observations": [], "reward": float(graded["reward"]), "done": True, "metadata": {"reason": graded["reason"]}}

    return KihonEnv


async def slime_rm(args, sample, **_):
    """slime: the reward of a sample, or of each of a list; `label` is the instance's id. Where the machine failed it raises."""

    def rewards(samples):
        graded = grader().grade_all([(one.label, answer_of(one.response)) for one in samples])
        for one in graded:
            if isinstance(one, Trouble):
                raise one
        return [float(one["reward"]) for one in graded]

    samples = sample if isinstance(sample, list) else [sample]
    found = await asyncio.get_running_loop().run_in_executor(None, rewards, samples)
    return found if isinstance(sample, list) else found[0]
