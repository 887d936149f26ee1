"""The playground's view: widgets that set the model's settings, and show its status."""

import html
import threading

import ipywidgets as widgets

from nst_helpers.playground import controls, layout
from nst_helpers.playground.sketches import before_and_after, jpeg, loss_curves


class Panel(widgets.VBox):
    """The widgets of a `Playground`.

    Args:
        model: The `Playground`.
    """

    def __init__(self, model):
        super().__init__()
        self.add_class("nst-playground")
        self._model = model
        self._drawing = threading.Lock()
        left = self._picture(), self._buttons(), self._progress(), controls.run(model)
        parts = controls.pictures, controls.presets, controls.weights, controls.style
        right = [part(model) for part in parts]
        columns = layout.column(*left, least=460), layout.column(*right, least=320)
        self.children = [layout.style_sheet(), layout.columns(*columns)]
        model.observe(lambda _: self._show_status(), "status")
        self._show_status()

    def __repr__(self):
        return repr(self._model)  # what a notebook stores

    def _picture(self):
        self._image = widgets.Image(format="jpeg", layout=widgets.Layout(width="100%"))
        self._image.add_class("nst-picture")
        self._split = widgets.FloatSlider(
            value=1, max=1, step=0.01, readout=False, layout=widgets.Layout(flex="1 1 120px")
        )
        self._split.observe(lambda _: self._draw(), "value")
        split = layout.row(layout.note("before"), self._split, layout.note("after"))
        return widgets.VBox([self._image, split])

    def _progress(self):
        self._bar = widgets.IntProgress(layout=widgets.Layout(width="100%", height="10px"))
        self._words = widgets.HTML()
        self._words.add_class("nst-status")
        self._error = widgets.HTML()
        self._losses = widgets.HTML()
        self._losses.add_class("nst-losses")
        self._call = widgets.HTML()
        return widgets.VBox([self._bar, self._words, self._error, self._losses, self._call])

    def _show_status(self):
        status = self._model.status
        self._draw()
        self._words.value = _in_words(status)
        self._bar.max = status.plan.run.config.iterations if status.plan else 1
        waiting = status.state in ("ready", "waiting") or not status.losses
        self._bar.value = 0 if waiting else status.losses[-1].iteration
        message = html.escape(status.message)
        self._error.value = f'<div class="nst-error" role="alert">{message}</div>' * bool(message)
        curves = loss_curves(status.losses) if status.losses else ""
        self._losses.value = curves or layout.note_text("The losses will be drawn here.")

    def _draw(self):
        with self._drawing:  # so that what is drawn last is what was published last
            status = self._model.status
            content = status.plan.content if status.plan else self._model.content
            both = before_and_after(content.array, status.image, self._split.value)
            self._image.value = jpeg(both)

    def _buttons(self):
        actions = {
            "Run": ("success", self._model.run),
            "Stop": ("warning", self._model.stop),
            "Save": ("", self._save),
            "Show the Python call": ("", self._show_call),
        }
        buttons = []
        for name, (style, action) in actions.items():
            width = widgets.Layout(width="auto", min_width="60px")
            button = widgets.Button(description=name, button_style=style, layout=width)
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        if not self._model.blocking:
            return layout.row(*buttons)
        buttons[1].disabled = True
        words = "Here a run holds up the notebook until it ends: to stop it, interrupt the kernel."
        return widgets.VBox([layout.row(*buttons), layout.note(words)])

    def _save(self):
        try:
            path = self._model.save()
        except ValueError as error:
            self._model.fail(error)
        else:
            self._call.value = f"<pre>Saved as {html.escape(str(path))}</pre>"

    def _show_call(self):
        self._call.value = f"<pre>{html.escape(self._model.call)}</pre>"


def _in_words(status):
    """One line on how far the run is."""
    if status.state in ("ready", "waiting", "failed") or not status.losses:
        words = {"waiting": "starting …", "ready": "Press Run, or move a slider."}
        return words.get(status.state, status.state)
    last, iterations = status.losses[-1], status.plan.run.config.iterations
    text = f"{status.state}: iteration {last.iteration} of {iterations} · {last.seconds:.1f} s"
    if status.state == "running":
        text += f" · {last.seconds / last.iteration * (iterations - last.iteration):.0f} s left"
    return text
