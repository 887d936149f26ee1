"""How the panel's widgets are grouped: columns, sections, rows and notes, styled by panel.css."""

import html
from pathlib import Path

import ipywidgets as widgets

from nst_helpers.machine.language import language, translated

LABEL = {"description_width": "104px"}


def style_sheet():
    """The panel's CSS, as a widget that shows nothing.

    With it comes what can't be said in Python: names and values of sliders for screen readers.
    """
    folder = Path(__file__).parent
    css, script = ((folder / f"panel.{end}").read_text(encoding="utf-8") for end in ("css", "js"))
    words = {
        "language": language(),
        "painted": translated("the painted picture"),
        "aside": translated("the picture kept aside"),
    }
    data = " ".join(f'data-{name}="{html.escape(text)}"' for name, text in words.items())
    return widgets.HTML(f'<style {data} onload="{html.escape(script)}">{css}</style>')


def columns(*children):
    """Columns side by side; on a narrow screen, one below the other."""
    return _with_class(widgets.Box(children), "nst-columns")


def column(*children, least):
    """A column at least so many pixels wide."""
    layout = widgets.Layout(flex=f"1 1 {least}px", max_width="100%")
    return _with_class(widgets.VBox(children, layout=layout), "nst-column")


def section(title, *children):
    """A heading and what belongs to it."""
    return widgets.VBox(
        [widgets.HTML(f'<div class="nst-title">{translated(title)}</div>'), *children]
    )


def row(*children):
    """Widgets side by side, in more rows where they need more room."""
    return _with_class(widgets.Box(children), "nst-row")


def image():
    """A picture that is drawn again and again."""
    return _with_class(widgets.Image(format="jpeg"), "nst-picture")


def frames(*pictures):
    """Pictures side by side in a frame that keeps its shape."""
    return _with_class(widgets.Box(pictures), "nst-stage")


def note(text):
    """A line of small print, HTML, as a widget."""
    return widgets.HTML(note_text(text))


def note_text(text):
    """The HTML of a note, for a widget whose words change."""
    return f'<div class="nst-note">{translated(text)}</div>'


def _with_class(widget, name):
    widget.add_class(name)
    return widget
