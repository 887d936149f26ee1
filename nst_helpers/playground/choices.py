"""Widgets that hold one setting of a playground each, and follow it when Python changes it."""

from functools import partial

import ipywidgets as widgets

from nst_helpers.machine.language import translated
from nst_helpers.machine.pictures import SHIPPED, picture
from nst_helpers.playground import layout
from nst_helpers.playground.sketches import thumbnail_of

NONE = "none"


def tie(model, name, widget, values=None):
    """Keeps a setting and a widget the same.

    Args:
        model: The `Playground`.
        name: Of the setting.
        widget: The widget.
        values: What the widget offers; other values of the setting are ignored. None means all.
    """

    def follow(change):
        if values is None or change.new in values:
            widget.value = change.new

    model.observe(follow, name)
    widget.observe(lambda change: setattr(model, name, change.new), "value")


def slider(model, name, description, options):
    """A slider with steps; `options` are pairs of words and a value."""
    widget = widgets.SelectionSlider(
        options=[(translated(words), value) for words, value in options],
        value=getattr(model, name),
        description=translated(description),
        continuous_update=False,
        style=layout.LABEL,
        layout=widgets.Layout(width="auto"),
    )
    tie(model, name, widget, [value for _, value in options])
    return widget


def dropdown(model, name, description, words):
    """A list to choose from; `words` go from a value to what it is called."""
    widget = widgets.Dropdown(
        options=[(translated(text), value) for value, text in words.items()],
        value=getattr(model, name),
        description=translated(description),
        style=layout.LABEL,
        layout=widgets.Layout(width="auto"),
    )
    tie(model, name, widget, words)
    return widget


def number(model, name, description, most):
    """A field for a whole number from 1 to `most`."""
    widget = widgets.BoundedIntText(
        min=1,
        max=most,
        value=getattr(model, name),
        description=translated(description),
        continuous_update=False,
        style=layout.LABEL,
        layout=widgets.Layout(width="204px"),
    )
    tie(model, name, widget)
    return widget


class Switches(widgets.Box):
    """Buttons that put names into a tuple.

    Args:
        model: The `Playground`.
        name: Of the setting.
        words: From each name to what its button says.
    """

    def __init__(self, model, name, words):
        super().__init__()
        self.add_class("nst-row")
        self._model, self._name = model, name
        self._buttons = {
            value: widgets.ToggleButton(description=text, layout=widgets.Layout(width="auto"))
            for value, text in words.items()
        }
        for button in self._buttons.values():
            button.add_class("nst-toggle")
            button.observe(self._choose, "value")
        self.children = tuple(self._buttons.values())
        self._show()
        model.observe(self._show, name)

    def _choose(self, _):
        chosen = tuple(value for value, button in self._buttons.items() if button.value)
        setattr(self._model, self._name, chosen)

    def _show(self, _=None):
        for value, button in self._buttons.items():
            button.unobserve(self._choose, "value")  # all of them are one event
            button.value = value in getattr(self._model, self._name)
            button.observe(self._choose, "value")


class PictureChoice(widgets.HBox):
    """A picture: its thumbnail, the shipped ones to choose from, and a button to upload one.

    Args:
        model: The `Playground`.
        name: Of the setting: "content", "style" or "second_style".
        optional: Whether there may be none.
    """

    def __init__(self, model, name, optional=False):
        super().__init__()
        self.add_class("nst-choice")
        self._model, self._name = model, name
        self._offered = {NONE: None} if optional else {}
        self._offered |= {name: picture(name) for name in SHIPPED}
        self._own = {}  # the last picture from elsewhere: it can be chosen again
        self._thumbnail, self._note = widgets.HTML(), widgets.HTML()
        words = translated(f"{translated(name.replace('_', ' '))} image")
        flexible = widgets.Layout(width="auto", flex="1 1 90px", max_width="190px", min_width="0")
        self._dropdown = widgets.Dropdown(description=words, layout=flexible)
        self._dropdown.observe(self._choose, "value")
        upload = upload_button("Upload", partial(model.upload, name), f"Upload a {words}")
        self._show()
        model.observe(self._show, name)
        right = widgets.VBox([layout.row(self._dropdown, upload), self._note])
        right.add_class("nst-chosen")
        self.children = (self._thumbnail, right)

    def _choose(self, change):
        setattr(self._model, self._name, (self._offered | self._own)[change.new])

    def _show(self, _=None):
        chosen = getattr(self._model, self._name)
        name = chosen.name if chosen else NONE
        if name not in self._offered:
            self._own = {name: chosen}
        self._dropdown.unobserve(self._choose, "value")  # new options choose the first at first
        self._dropdown.options = [
            (translated(NONE) if name == NONE else name.replace("_", " "), name)
            for name in (*self._offered, *self._own)
        ]
        self._dropdown.value = name
        self._dropdown.observe(self._choose, "value")
        self._thumbnail.value = thumbnail_of(chosen)
        self._note.value = layout.note_text(chosen.note) if chosen and chosen.note else ""


def upload_button(words, take, tooltip):
    """A button that takes a picture file.

    Args:
        words: What it says.
        take: Called with the file's bytes and its name.
        tooltip: What it is for.
    """
    button = widgets.FileUpload(
        accept="image/*,.heic,.heif",  # not every system knows these two as images
        description=translated(words),
        layout=widgets.Layout(width="auto"),
    )
    button.tooltip = translated(tooltip)  # ipywidgets 7 leaves it out

    def changed(change):
        file = newest_file(change.new)
        if file is None:
            return
        take(*file)
        if isinstance(change.new, tuple):  # ipywidgets 7 lets nobody empty it
            button.value = ()  # so that the same file can be chosen again, and takes no memory

    button.observe(changed, "value")
    return button


def newest_file(value):
    """The bytes and the name of the file that was chosen last in a `FileUpload`, or None.

    Args:
        value: The widget's value: a tuple of files in ipywidgets 8, a dictionary in 7.
    """
    files = value if isinstance(value, dict) else {file["name"]: file for file in value}
    if not files:
        return None
    name, file = list(files.items())[-1]
    return bytes(file["content"]), name
