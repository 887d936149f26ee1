"""The playground's view: widgets that set the model's settings, and show its status."""

import html

import ipywidgets as widgets

from nst_helpers.machine.language import translated
from nst_helpers.playground import controls, layout
from nst_helpers.playground.actions import Actions
from nst_helpers.playground.sketches import loss_curves
from nst_helpers.playground.stage import Stage


class Panel(widgets.VBox):
    """The widgets of a `Playground`.

    Args:
        model: The `Playground`.
    """

    def __init__(self, model):
        super().__init__()
        self.add_class("nst-playground")
        self._model = model
        answer = widgets.HTML()
        self._stage, self._actions = Stage(model), Actions(model, answer)
        left = self._stage, self._actions, self._progress(), answer, controls.run(model)
        parts = controls.pictures, controls.presets, controls.weights, controls.style
        right = [part(model) for part in parts]
        columns = layout.column(*left, least=460), layout.column(*right, least=320)
        self.children = [layout.style_sheet(), layout.columns(*columns)]
        model.observe(lambda _: self._show_status(), "status")
        self._show_status()

    def __repr__(self):
        return repr(self._model)  # what a notebook stores

    def _progress(self):
        self._bar = widgets.IntProgress(layout=widgets.Layout(width="100%", height="10px"))
        self._words = widgets.HTML()
        self._words.add_class("nst-status")
        self._state = widgets.HTML()
        self._state.add_class("nst-spoken")
        self._error = widgets.HTML()
        self._losses = widgets.HTML()
        self._losses.add_class("nst-losses")
        return widgets.VBox([self._bar, self._words, self._state, self._error, self._losses])

    def _show_status(self):
        status = self._model.status
        self._stage.draw()
        self._actions.follow(status)
        self._words.value = _in_words(status)
        self._state.value = translated(status.state)
        self._bar.max = status.plan.run.config.iterations if status.plan else 1
        waiting = status.state in ("ready", "waiting") or not status.losses
        self._bar.value = 0 if waiting else status.losses[-1].iteration
        message = html.escape(translated(status.message))
        self._error.value = f'<div class="nst-error" role="alert">{message}</div>' * bool(message)
        curves = loss_curves(status.losses) if status.losses else ""
        self._losses.value = curves or layout.note_text("The losses will be drawn here.")


def _in_words(status):
    """One line on how far the run is."""
    if status.state in ("ready", "waiting", "failed") or not status.losses:
        words = {"waiting": "starting …", "ready": "Press Run, or move a slider."}
        return translated(words.get(status.state, status.state))
    last, iterations = status.losses[-1], status.plan.run.config.iterations
    state = translated(status.state)
    text = f"{state}: iteration {last.iteration} of {iterations} · {last.seconds:.1f} s"
    if status.state == "running":
        left = last.seconds / last.iteration * (iterations - last.iteration)
        return f"{translated(text)} · {translated(f'{left:.0f} s left')}"
    return translated(text)
