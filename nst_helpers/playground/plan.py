"""What a run is made from, with its pictures by name, and the Python call that repeats it."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from nst_helpers.config import TransferConfig
from nst_helpers.images import load_image
from nst_helpers.machine.pictures import SHIPPED, picture
from nst_helpers.machine.sources import find_file
from nst_helpers.run import Run


@dataclass(frozen=True, eq=False)
class Picture:
    """A content or style image.

    Attributes:
        name: What to call it on the screen.
        array: uint8, shape (rows, cols, 3).
        code: Python that loads it; None if only this session has it.
    """

    name: str
    array: np.ndarray = field(repr=False)
    code: str | None = None

    @classmethod
    def load(cls, source):
        """From anything that `load_image` takes."""
        if not isinstance(source, (str, Path)):
            return cls("your picture", load_image(source))
        shipped = {picture(name): name for name in SHIPPED}
        if name := shipped.get(find_file(source)):
            return cls(name, load_image(picture(name)), f'nst.picture("{name}")')
        return cls(Path(source).name, load_image(source), repr(str(source)))


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
        config = self.run.config
        if iterations < config.iterations and len(config.scales) > 1:
            return "# This is the middle of a multiscale run, and only its end can be made again."
        settings = {**self.settings, "iterations": iterations}
        settings = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        arguments = [
            self._code("content"),
            self._style_code(),
            f"nst.TransferConfig.{self.recipe}({settings})",
        ]
        if self.initial is not None:
            arguments.append("initial=playground.shown.initial")
        call = "nst.transfer(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")"
        kept = "# playground.shown keeps what the picture was made from.\n"
        return kept + call if "playground." in call else call

    def _code(self, name):
        return getattr(self, name).code or f"playground.shown.{name}.array"

    def _style_code(self):
        if len(self.shares) == 1:
            return self._code(*self.shares)
        pairs = (f"({self._code(name)}, {share!r})" for name, share in self.shares.items())
        return f"[{', '.join(pairs)}]"
