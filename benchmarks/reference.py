"""The Keras example's own step, to measure against: the functions that the tests hold ours to."""

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import nst_helpers as nst
from nst_helpers.machine.backend import tf

# isort: split
import document  # after us, or TensorFlow would be up before we could set it

HERE = Path(__file__).resolve().parent
ROWS, COLS = 400, 599


def paris():
    return nst.preprocess_image(nst.picture("paris"), ROWS, COLS)


def starry_night():
    return nst.preprocess_image(nst.picture("starry_night"), ROWS, COLS)


def example_evaluation(content, style, precision="float32"):
    """Our function from a picture to the example's losses and their gradient."""
    terms = nst.build_terms(nst.TransferConfig.tutorial(), size=content.shape[1:3])
    goals = nst.measure_goals(terms, content, [style], precision=precision)
    return nst.evaluation(terms, goals, content.shape, precision)


def example_extractor():
    return document.make_feature_extractor(nst.vgg19_weights())


def example_loss(picture):
    """The total loss of a picture by the example's own functions, in float32."""
    loss = document.compute_loss(example_extractor(), tf.constant(picture), paris(), starry_night())
    return float(loss)


def example_step_seconds(steps=5):
    """Median seconds of one step of the example's script, in a process of its own."""
    # Keras first: TensorFlow as it comes, not as we set it.
    script = f"import keras, reference; print(reference.step_seconds({steps}))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)
    return float(done.stdout.splitlines()[-1])


def step_seconds(steps):
    """The same in this process: a batch of three, and the update."""
    step, optimizer = document.make_step(example_extractor()), document.make_optimizer()
    base_image, style_reference_image = paris(), starry_night()
    combination_image = tf.Variable(base_image)

    def one():
        loss, grads = step(combination_image, base_image, style_reference_image)
        optimizer.apply_gradients([(grads, combination_image)])
        return float(loss)

    return median_seconds(one, steps)


def median_seconds(function, times):
    """Median seconds of a call, after one that isn't counted."""
    function()
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def table(header, rows):
    """A Markdown table, numbers to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
