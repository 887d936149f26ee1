"""The panel's buttons, and what they answer."""

import base64
import html
import os
import sys

import ipywidgets as widgets

from nst_helpers.machine.language import translated
from nst_helpers.playground import layout

# What a kernel on someone else's server has in its environment.
SERVED = {"BINDER_SERVICE_HOST", "JUPYTERHUB_API_URL", "VOILA_BASE_URL"}
BLOCKING = "Here a run holds up the notebook until it ends: to stop it, interrupt the kernel."


def on_own_machine():
    """Whether the kernel's folder is the reader's own, so that a saved file is found again."""
    return SERVED.isdisjoint(os.environ) and "google.colab" not in sys.modules


class Actions(widgets.VBox):
    """Run, Stop, Undo, Download, Save, and the Python call.

    Args:
        model: The `Playground`.
        answer: HTML widget for what a button has to say.
    """

    def __init__(self, model, answer):
        super().__init__()
        self._model, self._answer = model, answer
        self._undo = _button("Undo", model.undo, tooltip="Goes back to the picture before.")
        self._download = widgets.HTML()
        stop = _button("Stop", model.stop, "warning", disabled=model.blocking)
        save = [_button("Save", self._save)] if on_own_machine() else []
        buttons = layout.row(
            _button("Run", model.run, "success"),
            *(stop, self._undo, self._download, *save),
            _button("Show the Python call", self._show_call),
        )
        self.children = [buttons, layout.note(BLOCKING)] if model.blocking else [buttons]

    def follow(self, status):
        """Offers what can be done at that `Status`."""
        self._undo.disabled = not self._model.can_undo
        self._download.value = _download(status)

    def _save(self):
        try:
            path = self._model.save()
        except ValueError as error:
            self._model.fail(error)
        else:
            self._answer.value = _preformatted(translated(f"Saved as {path}"))

    def _show_call(self):
        self._answer.value = _preformatted(self._model.call)


def _button(name, action, style="", tooltip="", disabled=False):
    width = widgets.Layout(width="auto", min_width="60px")
    words = {"description": translated(name), "tooltip": translated(tooltip)}
    button = widgets.Button(**words, button_style=style, layout=width, disabled=disabled)
    button.on_click(lambda _: action())
    return button


def _preformatted(text):
    return f"<pre>{html.escape(text)}</pre>"


def _download(status):
    """A link that hands the picture to the browser; it looks like the other buttons.

    A link with the picture in it works wherever the widgets do, and needs no script.
    """
    look = 'class="jupyter-button widget-button nst-download"'
    if not status.at_rest:
        return f'<a {look} role="link" aria-disabled="true">{translated("Download")}</a>'
    data = base64.b64encode(status.png).decode()
    name = html.escape(status.plan.file_name)
    link = f'{look} download="{name}" href="data:image/png;base64,{data}"'
    return f"<a {link}>{translated('Download')}</a>"
