"""A training that is killed at fifty random moments, and started again each time, ends as one that was left alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
KILLS = 50

# Children are forked, for imports would take most of the time. A child tells the moments that it passes: every step,
# and what its writer asks of the system. It is killed a random time after a random one of them, so it gets on under any
# load.
DRIVER = """
import json, os, random, signal, sys, time
from itertools import repeat
from pathlib import Path
import torch
import torch._dynamo  # what the first step of an optimizer imports
from lmkit.models import AWDLSTM
from lmkit.training import History, set_seed, train

TEXT = torch.arange(4 * 52).view(4, 52) ** 2 % 11
STEPS = 150

def run(path):
    set_seed(3)
    model = AWDLSTM(11, 6, 8, 2, embed_p=0.1, weight_p=0.3, hidden_p=0.2)
    held_out = {"validation": TEXT[:2, :20], "validate_every": 40, "averaging": 1}
    history = train(model, repeat(TEXT), steps=STEPS, window=8, variable_window=True, optimizer="muon", alpha=1.0,
                    checkpoint=path, checkpoint_every=1, progress=False, **held_out)
    weights = {name: weight.tolist() for name, weight in model.state_dict().items()}
    return json.dumps([weights, history.losses, history.validation])

def tell(where, name, pipe):
    call = getattr(where, name)
    def told(*given, **named):
        os.write(pipe, b".")
        return call(*given, **named)
    setattr(where, name, told)

def start(path, result):
    there, here = os.pipe()
    child = os.fork()
    if child == 0:
        for where, name in ((History, "record"), (os, "fsync"), (os, "replace")):
            tell(where, name, here)
        try:
            result.write_text(run(path))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(here)
    return child, there

def main(folder, kills):
    torch.set_num_threads(1)
    path, result = folder / "run", folder / "result"
    begun = time.perf_counter()
    expected = run(None)
    step = (time.perf_counter() - begun) / STEPS
    draw, killed, finished, reached = random.Random(1), 0, 0, set()
    while killed < kills or not finished:
        child, moments = start(path, result)
        if killed < kills:
            os.read(moments, 1)
            for _ in range(draw.randrange(25)):
                os.read(moments, 1)
            time.sleep(draw.uniform(0, step))
            os.kill(child, signal.SIGKILL)
        else:
            while os.read(moments, 999):
                pass
        os.close(moments)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status):
            killed += 1
            if path.exists():
                reached.add(path.read_bytes())
            continue
        assert status == 0, status
        assert result.read_text() == expected
        finished += 1
        left = sorted(file.name for file in folder.iterdir())
        assert left == ["result", "run"], left
        path.unlink()
    print(json.dumps({"killed": killed, "finished": finished, "checkpoints": len(reached)}))

main(Path(sys.argv[1]), int(sys.argv[2]))
"""


@pytest.mark.slow
def test_training_survives_fifty_kills(tmp_path):
    command = [sys.executable, "-c", DRIVER, str(tmp_path), str(KILLS)]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert finished.returncode == 0, finished.stderr
    report = json.loads(finished.stdout)
    assert report["killed"] == KILLS and report["finished"] >= 1
    assert report["checkpoints"] > KILLS / 2  # the run got further from kill to kill
