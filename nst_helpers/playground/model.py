"""The playground's model: settings that start runs, and what the runs make. No widgets here."""

import contextlib
import itertools
import sys
from collections import deque
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import traitlets

from nst_helpers.calls import read_call
from nst_helpers.config import CHOICES, KEEP_COLOURS, RECIPES, TransferConfig
from nst_helpers.errors import ConfigError, ImageError
from nst_helpers.images import save_image
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.playground.plan import Picture, Plan
from nst_helpers.playground.settings import PICTURES, SETTINGS, changes_of, settings_of
from nst_helpers.playground.status import Reporter, Status
from nst_helpers.playground.worker import Worker
from nst_helpers.run import picture_size
from nst_helpers.training import paint

DEBOUNCE = 0.1  # seconds without an event before a run starts: a drag is one run, not many
SEED = 0  # of the noise
# Few, since the next run continues from the picture; the tutorial recipe keeps its 4,000.
ITERATIONS = {"fast": 40, "multiscale": 100}
MOST_UNDONE = 5  # pictures


class Playground(traitlets.HasTraits):
    """A panel of sliders around `transfer`; show it by writing its name at the end of a cell.

    Each change of a setting, from a slider or from Python, cancels the run in progress and starts
    the next one from the picture on the screen.

    Args:
        content, style: Names of shipped pictures, or anything that `load_image` takes.
        blocking: Whether a run holds up the kernel until it ends. None does so only on Colab, which
            shows nothing that comes from another thread.

    Attributes:
        content, style: The pictures; set one to a name or to anything that `load_image` takes.
        second_style: A picture to mix into the style, or None.
        mix: The second style's share, 0 to 1.
        recipe: "tutorial", "fast" or "multiscale"; each has its own number of iterations, and its
            own content layer.
        content_factor, style_factor, total_variation_factor: The weights of the losses, as factors
            of the recipe's own; some of `FACTORS`.
        start: Where a run starts: "picture", the one on the screen; "content"; or "noise".
        rows, iterations, strength, content_layer_name, style_layer_names, style_scale,
            keep_colours, pooling: As in `TransferConfig`.
        status: The `Status`.

    Raises:
        ImageError: If a picture can't be read.
    """

    FACTORS = (0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 100, 1000)

    content = traitlets.Any()
    style = traitlets.Any()
    second_style = traitlets.Any()
    mix = traitlets.Float(0.5, min=0, max=1)
    recipe = traitlets.Enum([name for name in RECIPES if name != "poster"], "multiscale")
    rows = traitlets.Int(256)
    iterations = traitlets.Int()
    content_factor = traitlets.Enum(FACTORS, 1)
    style_factor = traitlets.Enum(FACTORS, 1)
    total_variation_factor = traitlets.Enum(FACTORS, 1)
    content_layer_name = traitlets.Enum(LAYERS)
    style_layer_names = traitlets.Tuple(default_value=TransferConfig().style_layer_names)
    style_scale = traitlets.Float(1.0)
    strength = traitlets.Float(1.0)
    keep_colours = traitlets.Enum((False, *KEEP_COLOURS), False)
    pooling = traitlets.Enum(CHOICES["pooling"], "max")
    start = traitlets.Enum(("picture", "content", "noise"), "picture")
    status = traitlets.Instance(Status, ())

    def __init__(self, content, style, blocking=None):
        super().__init__()
        blocking = "google.colab" in sys.modules if blocking is None else blocking
        self._worker = Worker(self._paint, self._run_failed, blocking, DEBOUNCE)
        self._held = 0
        self._panel = None
        self._earlier = deque(maxlen=MOST_UNDONE)  # statuses to go back to
        with self.hold():
            self.content, self.style = content, style

    def __repr__(self):
        return f"Playground({self.content.name}, {self.style.name})"

    def _ipython_display_(self):
        from IPython.display import display

        from nst_helpers.playground.panel import Panel  # the only place where the model knows it

        self._panel = self._panel or Panel(self)
        display(self._panel)

    @property
    def blocking(self):
        """Whether a run holds up the kernel until it ends."""
        return self._worker.blocking

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
        """The `Plan` of the run that painted the picture on the screen, or None."""
        return self.status.plan

    @property
    def message(self):
        """The error in words."""
        return self.status.message

    @property
    def call(self):
        """Python that makes the picture on the screen, to the pixel."""
        plan, losses = self.status.plan, self.status.losses
        return plan.call(losses[-1].iteration) if plan else "# Nothing is painted yet."

    def change(self, **settings):
        """Changes several settings, and starts one run.

        Raises:
            ConfigError: If there is no setting of that name.
        """
        for name in settings:
            if name not in SETTINGS:
                known = ", ".join(SETTINGS)
                raise ConfigError(f"the playground has no setting {name!r}, only {known}.")
        with self.hold():
            for name in sorted(settings, key="recipe".__ne__):  # it brings its own iterations
                setattr(self, name, settings[name])
        self.run()

    @contextlib.contextmanager
    def hold(self):
        """Settings that are changed inside this context start no run."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def upload(self, which, data, name=""):
        """Takes the bytes of a picture file; if they are no picture, that becomes the error.

        Args:
            which: "content", "style" or "second_style".
            data: The bytes.
            name: The file's.
        """
        try:
            setattr(self, which, Picture.upload(data, name))
        except ImageError as error:
            self.fail(error)

    def restore(self, data):
        """Takes all settings from a picture that a panel made; a failure becomes the error.

        Args:
            data: The bytes of its PNG.
        """
        here = {picture.name: picture for name in PICTURES if (picture := getattr(self, name))}
        try:
            self.change(**settings_of(read_call(data), here, self.FACTORS))
        except (ValueError, traitlets.TraitError) as error:
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
        save_image(path, self.status.image, self.status.comment)
        return path

    def run(self):
        """Starts a run with the settings as they are, in place of the one in progress."""
        self._worker.request(partial(self._update, state="waiting"))

    def undo(self):
        """Goes back to the picture before the last run; the settings stay."""
        if self.can_undo:
            self._worker.cancel(lambda: self._update(**vars(self._earlier.pop())))

    @property
    def can_undo(self):
        """Whether there is a picture to go back to."""
        return bool(self._earlier)

    def stop(self):
        """Ends the run after the iteration that it is in; its picture stays."""
        self._worker.cancel(self._say_stopped)

    def wait(self, timeout=None):
        """Waits until no run is in progress or about to start; returns whether that came to be."""
        return self._worker.wait(timeout)

    def fail(self, error):
        """Shows an error; a run in progress continues."""
        self._update(error=error)

    @traitlets.validate(*PICTURES)
    def _loaded(self, proposal):
        source = proposal.value
        none = source is None and proposal.trait.name == "second_style"
        return source if none or isinstance(source, Picture) else Picture.load(source)

    @traitlets.default("iterations")
    def _default_iterations(self):
        return ITERATIONS.get(self.recipe, TransferConfig.recipe(self.recipe).iterations)

    @traitlets.observe(*SETTINGS)
    def _setting_changed(self, change):
        if change.name == "recipe":
            with self.hold():
                self.iterations = self._default_iterations()
                self.content_layer_name = self._default_content_layer_name()
        if not self._held:
            self.run()

    @traitlets.default("content_layer_name")
    def _default_content_layer_name(self):
        return TransferConfig.recipe(self.recipe).content_layer_name

    def _update(self, **changes):
        with self._worker.lock:
            self.status = replace(self.status, **changes)

    def _say_stopped(self):
        if self.status.state in ("waiting", "running"):
            self._update(state="stopped")

    def _run_failed(self, error):
        self._update(state="failed", error=error)

    def _paint(self, publish):
        plan = self._plan()
        self._keep_for_undo()
        report = Reporter(publish, self._update, plan=plan, error=None)
        # A report after each iteration, since only at a report can a run be stopped.
        run = replace(plan.run, config=plan.run.config.replace(report_every=1))
        try:
            result = paint(run, report)
            if result.finished:
                report.publish(state="finished", image=result.image, result=result)
            else:
                self.stop()
        except KeyboardInterrupt:  # where a run blocks, this is how to stop it
            self.stop()

    def _keep_for_undo(self):
        last = self._earlier[-1].image if self._earlier else None
        if self.status.image is not last:
            self._earlier.append(replace(self.status, state="stopped", error=None))

    def _plan(self):
        pictures = {name: getattr(self, name) for name in PICTURES}
        return Plan(
            **pictures,
            mix=self.mix,
            recipe=self.recipe,
            settings=changes_of(self),
            initial=self._initial(),
        )

    def _initial(self):
        """What to start from: the picture on the screen, unless the content has changed."""
        shown = self.status
        if self.start == "noise":
            shape = *picture_size(self.content.array, self.rows), 3
            return np.random.default_rng(SEED).integers(0, 256, shape, "uint8")
        if self.start == "picture" and shown.plan and shown.plan.content is self.content:
            return shown.image
        return None
