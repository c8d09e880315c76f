"""Rewards for training loops in Python: answers go to `kihon grade`, which stays open and answers line by line.

Needs nothing but Python 3.8 and Kihon. Set in the environment:

  KIHON_DATASET   folder of the dataset
  KIHON_COMMAND   how Kihon is started (default: kihon), such as "/path/to/a/checkout/kihon"
  KIHON_OPTIONS   further words for `kihon grade`, such as "--cache /fast/disk --concurrency 4"

verl:  custom_reward_function.path=examples/reward.py custom_reward_function.name=compute_score
TRL:   GRPOTrainer(reward_funcs=trl_reward, ...)
SkyRL: KihonEnv = skyrl_env(BaseTextEnv) in a module of yours, named in skyrl_gym.envs.register(id="kihon", entry_point="MODULE:KihonEnv")
slime: --custom-rm-path reward.slime_rm, with examples/ on PYTHONPATH
"""

import asyncio
import json
import os
import re
import shlex
import subprocess
import threading


class Trouble(RuntimeError):
    """The machine failed, not the answer: there is no reward, and the answer should be graded again."""


def answer_of(text):
    """The answer in a model's reply: its last fenced block, or all of it where it has none."""
    blocks = re.findall(r"^```[^\n`]*\n(.*?)^```[ \t]*$", text, flags=re.DOTALL | re.MULTILINE)
    return blocks[-1] if blocks else text.strip()


class Grader:
    """One `kihon grade` that stays open. Calls wait for one another; for more at once make more graders."""

    def __init__(self, dataset, command="kihon", options=()):
        self._argv = [*shlex.split(command), "grade", dataset, "--answers", "-", *options]
        self._lock = threading.Lock()
        self._process = None

    def grade(self, instance_id, answer):
        """{"reward": 0 or 1, "components": {...}, "reason": code or None}. Raises Trouble where the machine failed."""
        line = json.dumps({"instance_id": instance_id, "answer": answer})
        with self._lock:
            said = self._ask(line)
        if not said:
            raise Trouble("kihon grade ended without an answer; what it said is on standard error")
        graded = json.loads(said)
        if graded["infra_error"] is not None:
            raise Trouble(graded["infra_error"])
        if graded["reason"] == "unknown-instance":
            raise KeyError(f"the dataset has no instance {instance_id}")
        return graded

    def _ask(self, line):
        if self._process is None or self._process.poll() is not None:
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(self._argv, stdin=pipe, stdout=pipe, encoding="utf-8")
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return ""
        return self._process.stdout.readline()

    def close(self):
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()
            self._process = None


_grader = None


def grader():
    """The grader that the environment describes, started at the first call."""
    global _grader
    if _grader is None:
        options = shlex.split(os.environ.get("KIHON_OPTIONS", ""))
        _grader = Grader(os.environ["KIHON_DATASET"], os.environ.get("KIHON_COMMAND", "kihon"), options)
    return _grader


def compute_score(data_source, solution_str, ground_truth, extra_info=None):
    """verl: `ground_truth` is the instance's id."""
    return float(grader().grade(ground_truth, answer_of(solution_str))["reward"])


def trl_reward(completions, instance_id, **_):
    """TRL: one reward a completion; None, which the trainer leaves out, where the machine failed."""

    def reward(completion, name):
        text = completion if isinstance(completion, str) else completion[-1]["content"]
        try:
            return float(grader().grade(name, answer_of(text))["reward"])
        except Trouble:
            return None

    return [reward(completion, name) for completion, name in zip(completions, instance_id)]


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

    def reward(one):
        return float(grader().grade(one.label, answer_of(one.response))["reward"])

    loop = asyncio.get_running_loop()
    if isinstance(sample, list):
        return [await loop.run_in_executor(None, reward, one) for one in sample]
    return await loop.run_in_executor(None, reward, sample)
