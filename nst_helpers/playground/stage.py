"""Where the panel shows the picture: before and after, and beside one that was kept aside."""

import threading

import ipywidgets as widgets

from nst_helpers.machine.language import translated
from nst_helpers.playground import layout
from nst_helpers.playground.sketches import before_and_after, jpeg


class Stage(widgets.VBox):
    """The picture on the screen. Its frame keeps its shape, whatever the picture's is.

    Args:
        model: The `Playground`.
    """

    def __init__(self, model):
        super().__init__()
        self._model = model
        self._drawing = threading.Lock()
        self._image, self._aside = layout.image(), layout.image()
        self._aside.add_class("nst-aside")
        self._split = widgets.FloatSlider(
            value=1,
            max=1,
            step=0.01,
            description=translated("before · after"),
            readout=False,
            style=layout.LABEL,
            layout=widgets.Layout(flex="1 1 120px"),
        )
        self._split.observe(lambda _: self.draw(), "value")
        self._compare = widgets.ToggleButton(
            description=translated("Compare"),
            tooltip=translated("Keeps this picture aside, and shows it beside the next ones."),
            layout=widgets.Layout(width="auto"),
        )
        self._compare.add_class("nst-toggle")
        self._compare.observe(lambda change: self._keep_aside(change.new), "value")
        self._frames = layout.frames(self._image)
        self.children = [self._frames, layout.row(self._split, self._compare)]

    def draw(self):
        """Draws the picture as it is now."""
        with self._drawing:  # so that what is drawn last is what was published last
            status = self._model.status
            content = status.plan.content if status.plan else self._model.content
            both = before_and_after(content.array, status.image, self._split.value)
            self._image.value = jpeg(both)

    def _keep_aside(self, keep):
        self._aside.value = self._image.value if keep else b""
        self._frames.children = [self._aside, self._image] if keep else [self._image]
