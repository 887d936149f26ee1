"""The playground's model: settings that start runs, and what the runs make. No widgets here."""

import atexit
import contextlib
import itertools
import math
import sys
import threading
import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import traitlets

from nst_helpers.backend import tf
from nst_helpers.config import RECIPES, TransferConfig
from nst_helpers.images import ImageError, load_image, save_image
from nst_helpers.pictures import SHIPPED, picture
from nst_helpers.sources import one_line
from nst_helpers.training import TransferResult, picture_size, transfer

DEBOUNCE = 0.1  # seconds without an event before a run starts: a drag is one run, not many
REFRESH = 0.1  # seconds between two pictures: small sizes paint faster than a browser draws
SEED = 0  # of the noise
# Soon done, as the next run goes on from the picture; the document's own recipe keeps its 4,000.
ITERATIONS = {"fast": 40, "multiscale": 100}
SETTINGS = (
    *("content", "style", "recipe", "rows", "iterations", "start"),
    *("content_factor", "style_factor", "total_variation_factor"),
    *("style_layer_names", "style_scale"),
)


class CancelledError(Exception):
    """Raised by a run's callback to end it: something newer is wanted."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A content or style image.

    Attributes:
        name: What to call it on the screen.
        array: uint8, shape (rows, cols, 3).
        code: Python that loads it; None where only this session has it.
    """

    name: str
    array: np.ndarray = field(repr=False)
    code: str | None = None

    @classmethod
    def load(cls, source):
        """From a shipped picture's name, or anything that `load_image` takes."""
        if not isinstance(source, (str, Path)):
            return cls("your picture", load_image(source))
        shipped = {str(picture(name)): name for name in SHIPPED}
        name = shipped.get(str(source), str(source))
        if name in SHIPPED:
            return cls(name, load_image(picture(name)), f'nst.picture("{name}")')
        return cls(Path(source).name, load_image(source), repr(str(source)))


@dataclass(frozen=True, eq=False)
class Run:
    """All that goes into a run.

    Attributes:
        content, style: `Picture`s.
        recipe: Name of a recipe of `TransferConfig`.
        settings: What to change in it.
        initial: uint8 array to start from; None is the content image.
    """

    content: Picture
    style: Picture
    recipe: str
    settings: dict
    initial: np.ndarray | None = field(repr=False)

    @property
    def config(self):
        return TransferConfig.recipe(self.recipe, **self.settings)

    def call(self, iterations):
        """The Python call that makes the same picture, to the pixel."""
        settings = {**self.settings, "iterations": iterations}
        settings = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        arguments = [
            self.content.code or "playground.shown.content.array",
            self.style.code or "playground.shown.style.array",
            f"nst.TransferConfig.{self.recipe}({settings})",
        ]
        if self.initial is not None:
            arguments.append("initial=playground.shown.initial")
        return "nst.transfer(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"


@dataclass(frozen=True, eq=False)
class Status:
    """What there is to see; published as a whole, so that its picture and numbers belong together.

    Attributes:
        state: "ready", "waiting", "running", "finished", "stopped" or "failed".
        run: The `Run` that painted the picture on the screen.
        image: That picture, uint8, shape (rows, cols, 3).
        losses: Its `LossRow`s up to that picture.
        result: The last finished `TransferResult`.
        error: What went wrong last.
    """

    state: str = "ready"
    run: Run | None = None
    image: np.ndarray | None = None
    losses: tuple = ()
    result: TransferResult | None = None
    error: Exception | None = None


class Playground(traitlets.HasTraits):
    """A panel of sliders around `transfer`; show it by writing its name at the end of a cell.

    Each change of a setting, from a slider or from Python, cancels the run that is going and starts
    the next one from the picture on the screen. Weights are factors of the recipe's own.

    Args:
        content, style: Names of shipped pictures, or anything that `load_image` takes.
        blocking: Whether a run holds up the kernel until it ends. None does so only on Colab, which
            shows nothing that comes from another thread.

    Raises:
        ImageError: If a picture can't be read.
    """

    FACTORS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)

    content = traitlets.Any()
    style = traitlets.Any()
    recipe = traitlets.Enum(RECIPES, "fast")
    rows = traitlets.Int(192)
    iterations = traitlets.Int()
    content_factor = traitlets.Enum(FACTORS, 1)
    style_factor = traitlets.Enum(FACTORS, 1)
    total_variation_factor = traitlets.Enum(FACTORS, 1)
    style_layer_names = traitlets.Tuple(default_value=TransferConfig().style_layer_names)
    style_scale = traitlets.Float(1.0)
    start = traitlets.Enum(("picture", "content", "noise"), "picture")
    status = traitlets.Instance(Status, ())

    def __init__(self, content, style, blocking=None):
        super().__init__()
        self.blocking = "google.colab" in sys.modules if blocking is None else blocking
        self._changed = threading.Condition()  # guards what follows, and the status
        self._generation = 0  # moves at each event; what an older run brings is not taken
        self._due = math.inf  # when the next run starts
        self._busy = False
        self._worker = None
        self._panel = None
        with self._silently():
            self.content, self.style = content, style

    def __repr__(self):
        return f"Playground({self.content.name}, {self.style.name})"

    def _ipython_display_(self):
        from IPython.display import display

        from nst_helpers.panel import Panel  # the one place where the model knows its view

        self._panel = self._panel or Panel(self)
        display(self._panel)

    @property
    def result(self):
        """The last finished `TransferResult`, or None."""
        return self.status.result

    @property
    def error(self):
        """What went wrong last, an exception; None again as soon as a run goes well."""
        return self.status.error

    @property
    def shown(self):
        """The `Run` that painted the picture on the screen, or None."""
        return self.status.run

    @property
    def message(self):
        """The error in words."""
        if isinstance(self.error, (MemoryError, tf.errors.ResourceExhaustedError)):
            return "There is not enough memory for a picture of this size: choose fewer rows."
        if self.error is None or isinstance(self.error, ValueError):  # ImageError, ConfigError, …
            return one_line(self.error) if self.error else ""
        return f"{type(self.error).__name__}: {one_line(self.error)}"

    @property
    def call(self):
        """Python that makes the picture on the screen, to the pixel."""
        run, losses = self.status.run, self.status.losses
        if run is None:
            return "# Nothing is painted yet."
        done, config = losses[-1].iteration, run.config
        if done < config.iterations and len(config.scales) > 1:
            return "# This is the middle of a multiscale run, and only its end can be made again."
        call = run.call(done)
        kept = "# playground.shown keeps what the picture was made from.\n"
        return kept + call if "playground." in call else call

    def change(self, **settings):
        """Changes several settings, and starts one run."""
        with self._silently():
            for name, value in settings.items():
                setattr(self, name, value)
        self.run()

    def upload(self, which, data):
        """Takes the bytes of a picture file as the content or style; a bad one becomes the error.

        Args:
            which: "content" or "style".
            data: The bytes.
        """
        try:
            setattr(self, which, data)
        except ImageError as error:
            self.fail(error)

    def save(self, folder="."):
        """Writes the picture on the screen as a PNG, under a name that is free.

        Args:
            folder: Where to.

        Returns:
            Its path.

        Raises:
            ImageError: If there is no picture yet, or it can't be written.
        """
        if self.status.image is None:
            raise ImageError("there is no picture to save yet: press Run first.")
        names = itertools.chain(["painted.png"], (f"painted-{n}.png" for n in itertools.count(2)))
        path = next(path for name in names if not (path := Path(folder, name)).exists())
        save_image(path, self.status.image)
        return path

    def run(self):
        """Starts a run with the settings as they are, in place of the one that is going."""
        with self._changed:
            self._generation += 1
            self._due = time.monotonic() + (0 if self.blocking else DEBOUNCE)
            self._publish(self._generation, state="waiting")
            if not (self.blocking or self._worker):
                self._worker = threading.Thread(target=self._work, name="playground", daemon=True)
                self._worker.start()
                atexit.register(self._quit)
        if self.blocking and not self._busy:
            while self._due < math.inf:
                self._run_next()

    def stop(self):
        """Ends the run after the iteration that it is in; its picture stays."""
        with self._changed:
            self._generation += 1
            self._due = math.inf
            if self.status.state in ("waiting", "running"):
                self._publish(self._generation, state="stopped")

    def wait(self, timeout=None):
        """Waits until no run is going or about to start; returns whether that came to be."""
        with self._changed:
            return self._changed.wait_for(lambda: self._due == math.inf and not self._busy, timeout)

    def fail(self, error):
        """Shows an error; a run that is going goes on."""
        with self._changed:
            self.status = replace(self.status, error=error)

    @traitlets.validate("content", "style")
    def _loaded(self, proposal):
        source = proposal.value
        return source if isinstance(source, Picture) else Picture.load(source)

    @traitlets.default("iterations")
    def _default_iterations(self):
        return ITERATIONS.get(self.recipe, TransferConfig.recipe(self.recipe).iterations)

    @traitlets.observe(*SETTINGS)
    def _setting_changed(self, change):
        if change.name == "recipe":
            with self._silently():
                self.iterations = self._default_iterations()
        if not self._silent:
            self.run()

    _silent = 0

    @contextlib.contextmanager
    def _silently(self):
        """Settings that are changed inside start no run."""
        self._silent += 1
        try:
            yield
        finally:
            self._silent -= 1

    def _work(self):
        while True:
            self._run_next()

    def _run_next(self):
        with self._changed:
            while (rest := self._due - time.monotonic()) > 0:
                self._changed.wait(min(rest, threading.TIMEOUT_MAX))
            generation, self._due, self._busy = self._generation, math.inf, True
        try:
            self._paint(partial(self._publish, generation))
        except CancelledError:
            pass
        except KeyboardInterrupt:  # blocking, it is how to stop
            self.stop()
        except Exception as error:
            with contextlib.suppress(CancelledError):
                self._publish(generation, state="failed", error=error)
        finally:
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _paint(self, publish):
        run = self._next_run()
        report = _Reporter(run, publish)
        config = run.config.replace(report_every=1)  # an iteration is how long Stop may take
        pictures = run.content.array, run.style.array
        result = transfer(*pictures, config, report, initial=run.initial)
        if not result.finished:
            raise KeyboardInterrupt
        report.publish(state="finished", image=result.image, result=result)

    def _next_run(self):
        settings = {"rows": self.rows, "iterations": self.iterations}
        recipe = TransferConfig.recipe(self.recipe)
        if recipe.match_colours:
            settings["match_colours"] = False  # what one sees is to be the losses' work alone
        for name in ("content", "style", "total_variation"):
            factor = getattr(self, f"{name}_factor")
            if factor != 1:
                weight = factor * getattr(recipe, f"{name}_weight")
                # 5e-06, not 4.9999999999999996e-06
                settings[f"{name}_weight"] = float(f"{weight:.6g}")
        if self.style_layer_names != recipe.style_layer_names:
            settings["style_layer_names"] = self.style_layer_names
        if recipe.keep_style_aspect and self.style_scale != 1:
            settings["style_scale"] = self.style_scale
        return Run(self.content, self.style, self.recipe, settings, self._initial())

    def _initial(self):
        """What to start from: the picture on the screen, but not another content's."""
        shown = self.status
        if self.start == "noise":
            shape = *picture_size(self.content.array, self.rows), 3
            return np.random.default_rng(SEED).integers(0, 256, shape, "uint8")
        if self.start == "picture" and shown.run and shown.run.content is self.content:
            return shown.image
        return None

    def _publish(self, generation, **changes):
        with self._changed:
            if generation != self._generation:
                raise CancelledError
            if changes:
                self.status = replace(self.status, **changes)
                self._changed.notify_all()

    def _quit(self):
        # A thread that is inside TensorFlow while Python ends can take the process down with it.
        self.stop()
        self.wait(10)


class _Reporter:
    """Callback for `transfer`: collects the losses, and publishes as often as can be seen."""

    def __init__(self, run, publish):
        self._run = run
        self._publish = publish
        self._losses = []
        self._next = 0

    def __call__(self, progress):
        self._losses.append(progress.losses)
        if time.monotonic() >= self._next:
            self.publish(state="running", image=progress.image)
            self._next = time.monotonic() + REFRESH
        else:
            self._publish()  # of nothing: only asks whether to go on

    def publish(self, **changes):
        self._publish(run=self._run, losses=tuple(self._losses), error=None, **changes)
