"""What a run is made from, with its pictures by name, and the Python call that repeats it."""

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nst_helpers.config import TransferConfig
from nst_helpers.images import load_image
from nst_helpers.machine.decoding import decode
from nst_helpers.machine.pictures import PICTURES, SHIPPED, picture
from nst_helpers.machine.sources import find_file, read_source
from nst_helpers.run import Run
from nst_helpers.version import __version__

LONGEST_UPLOAD = 2000  # pixels of its longer side: five times what the panel paints


@dataclass(frozen=True, eq=False)
class Picture:
    """A content or style image.

    Attributes:
        name: What to call it on the screen.
        array: uint8, shape (rows, cols, 3).
        code: Python that loads it; None if only this session has it.
        note: What was done to it, in words.
    """

    name: str
    array: np.ndarray = field(repr=False)
    code: str | None = None
    note: str = ""

    @classmethod
    def load(cls, source):
        """From anything that `load_image` takes."""
        if not isinstance(source, (str, Path)):
            return cls("your picture", load_image(source))
        shipped = {picture(name): name for name in SHIPPED}
        if name := shipped.get(find_file(source)):
            return cls(name, load_image(picture(name)), f'nst.picture("{name}")')
        return cls(Path(source).name, load_image(source), repr(str(source)))

    @classmethod
    def upload(cls, data, name=""):
        """From the bytes of a file, and its name; a large one is made small before it is kept."""
        image, note = decode(*read_source(data), least=LONGEST_UPLOAD + 1), ""
        if max(image.size) > LONGEST_UPLOAD:
            image.thumbnail((LONGEST_UPLOAD, LONGEST_UPLOAD), reducing_gap=2)
            note = f"made smaller, to {image.width:,} × {image.height:,} pixels"
        name = Path(name).name
        known = not name or name in PICTURES
        return cls("your picture" if known else name, np.array(image), note=note)


@dataclass(frozen=True, eq=False)
class Plan:
    """A `Run`, and how to write it down.

    Attributes:
        content, style: `Picture`s.
        recipe: Name of a recipe of `TransferConfig`.
        settings: What to change in it, by name.
        second_style: A `Picture` to mix into the style, or None.
        mix: The second style's share of the mix, 0 to 1.
        initial: uint8 array to start from; None is the content image.
    """

    content: Picture
    style: Picture
    recipe: str
    settings: dict
    second_style: Picture | None = None
    mix: float = 0.5
    initial: np.ndarray | None = field(default=None, repr=False)

    @property
    def shares(self):
        """From "style" and "second_style" to their shares, without one that has no share."""
        if self.second_style is None:
            return {"style": 1.0}
        shares = {"style": 1 - self.mix, "second_style": self.mix}
        # 0.1, not 0.09999999999999998
        return {name: float(f"{share:.6g}") for name, share in shares.items() if share > 0}

    @cached_property
    def run(self):
        """The `Run`."""
        styles = [(getattr(self, name).array, share) for name, share in self.shares.items()]
        config = TransferConfig.recipe(self.recipe, **self.settings)
        return Run.load(self.content.array, styles, config, self.initial)

    def call(self, iterations):
        """The Python call that makes the picture after so many iterations, to the pixel."""
        if self._is_middle(iterations):
            return "# This is the middle of a multiscale run, and only its end can be made again."
        extra = [] if self.initial is None else ["initial=playground.shown.initial"]
        call = self._written(self._code, iterations, extra)
        kept = "# playground.shown keeps what the picture was made from.\n"
        return kept + call if "playground." in call else call

    def call_to_keep(self, iterations):
        """The same for other sessions, which have the pictures by their names alone."""
        notes = [f"# Made by nst_helpers {__version__}; nst.load_run reads this back."]
        if self.initial is not None:
            notes.append("# It started from an earlier picture or noise, which is not kept here.")
        if self._is_middle(iterations):
            notes.append(f"# It was stopped after {iterations} iterations.")
            iterations = self.run.config.iterations
        return "\n".join([*notes, self._written(self._name, iterations)])

    @property
    def file_name(self):
        """Name for a PNG of it, such as "harbour_town-mosaic.png"."""
        names = (Path(getattr(self, name).name).stem for name in ("content", *self.shares))
        return "-".join(re.sub(r"[^\w.-]+", "_", name) for name in names) + ".png"

    def _is_middle(self, iterations):
        config = self.run.config
        return iterations < config.iterations and len(config.scales) > 1

    def _written(self, write, iterations, extra=()):
        settings = {**self.settings, "iterations": iterations}
        settings = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        config = f"nst.TransferConfig.{self.recipe}({settings})"
        arguments = [write("content"), self._style(write), config, *extra]
        return "nst.transfer(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"

    def _code(self, name):
        return getattr(self, name).code or f"playground.shown.{name}.array"

    def _name(self, name):
        return repr(getattr(self, name).name)

    def _style(self, write):
        if len(self.shares) == 1:
            return write(*self.shares)
        pairs = (f"({write(name)}, {share!r})" for name, share in self.shares.items())
        return f"[{', '.join(pairs)}]"
