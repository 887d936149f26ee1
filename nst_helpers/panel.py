"""The playground's view: widgets that set the model's settings, and show its status."""

import html
import threading

import ipywidgets as widgets

from nst_helpers.config import TransferConfig
from nst_helpers.pictures import SHIPPED
from nst_helpers.sketches import before_and_after, jpeg, loss_curves, thumbnail_of

ROWS = (128, 192, 256, 320, 400)
STYLE_SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
WEIGHTS = {
    "content": "How much the scene must stay what it is.",
    "style": "How much textures and colours must be those of the style image.",
    "total_variation": "How smooth the picture must be: more of it takes away grain, then detail.",
}
STYLE_LAYERS = TransferConfig().style_layer_names
PRESETS = {
    "The document's": {
        **{"recipe": "fast", "style_layer_names": STYLE_LAYERS},
        **{"content_factor": 1, "style_factor": 1, "total_variation_factor": 1},
    },
    "More style": {"content_factor": 0.1, "style_factor": 10, "total_variation_factor": 1},
    "More content": {"content_factor": 20, "style_factor": 0.5, "total_variation_factor": 1},
    "Smooth": {"content_factor": 1, "style_factor": 1, "total_variation_factor": 20},
}
RECIPE_WORDS = {
    "fast": "fast: the document's loss, reached soon",
    "multiscale": "multiscale: large strokes first",
    "tutorial": "tutorial: the document's own, slow",
}
START_WORDS = {
    "picture": "the picture on the screen",
    "content": "the content image",
    "noise": "noise",
}
# Colours are the notebook's own where it has some, so that a dark theme stays dark.
CSS = """<style>
.nst-playground { --line: var(--jp-border-color2, #8885); max-width: 1180px; padding: 4px; }
.nst-playground .nst-columns { display: flex; flex-flow: row wrap; gap: 8px 28px; }
.nst-playground .nst-column { overflow: visible; min-width: 0; }
.nst-playground .widget-html-content, .nst-playground .jupyter-widgets { line-height: 1.4; }
.nst-playground .nst-title { font-weight: 600; letter-spacing: .01em; margin: 10px 0 4px;
  padding-bottom: 3px; border-bottom: 1px solid var(--line); }
.nst-playground .nst-note { font-size: 12px; opacity: .75; line-height: 1.35; margin: 0 0 6px; }
.nst-playground .nst-error { color: var(--jp-error-color0, #b3261e); font-weight: 500;
  border-left: 3px solid; padding: 4px 10px; margin: 4px 0; overflow-wrap: anywhere; }
.nst-playground .nst-picture img, .nst-playground img.nst-picture { border-radius: 6px;
  display: block; width: 100%; height: auto; }
.nst-playground .nst-row { display: flex; flex-flow: row wrap; gap: 4px 6px; align-items: center; }
.nst-playground .nst-thumbnail { border-radius: 4px; height: 56px; display: block; }
.nst-playground .widget-label { text-align: left; }
.nst-playground .nst-toggle.mod-active { background: var(--jp-brand-color1, #1976d2); color: #fff; }
.nst-playground .nst-chosen { flex: 1 1 0; min-width: 0; margin-left: 10px; }
.nst-playground pre { font: 12px/1.45 var(--jp-code-font-family, monospace); margin: 4px 0;
  padding: 8px 10px; border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.nst-playground .nst-numbers { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 12px;
  font-variant-numeric: tabular-nums; }
.nst-playground .nst-numbers i { display: inline-block; width: 14px; height: 3px; margin-right: 5px;
  border-radius: 2px; vertical-align: middle; }
.nst-playground svg { display: block; width: 100%; height: 96px; }
</style>"""


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
        self.children = [widgets.HTML(CSS), self._columns()]
        model.observe(lambda _: self._show_status(), "status")
        model.observe(lambda _: self._show_settings(), ["recipe", *_factors()])
        self._show_settings()
        self._show_status()

    def __repr__(self):
        return repr(self._model)  # what a notebook stores

    def _columns(self):
        wide = {"flex": "1 1 460px", "max_width": "100%"}
        narrow = {"flex": "1 1 320px", "max_width": "100%"}
        left = _column(self._picture(), self._buttons(), self._progress(), **wide)
        right = _column(self._pictures(), self._presets(), self._weights(), self._more(), **narrow)
        columns = widgets.Box([left, right])
        columns.add_class("nst-columns")
        return columns

    # What is shown.

    def _picture(self):
        self._image = widgets.Image(format="jpeg", layout=widgets.Layout(width="100%"))
        self._image.add_class("nst-picture")
        self._split = widgets.FloatSlider(
            value=1, max=1, step=0.01, readout=False, layout=widgets.Layout(flex="1 1 120px")
        )
        self._split.observe(lambda _: self._draw(), "value")
        return widgets.VBox([self._image, _row(_note("before"), self._split, _note("after"))])

    def _progress(self):
        self._bar = widgets.IntProgress(layout=widgets.Layout(width="100%", height="10px"))
        self._words = widgets.HTML()
        self._words.add_class("nst-status")
        self._error = widgets.HTML()
        self._losses = widgets.HTML()
        self._call = widgets.HTML()
        return widgets.VBox([self._bar, self._words, self._error, self._losses, self._call])

    def _show_status(self):
        status, model = self._model.status, self._model
        self._draw()
        self._words.value = _in_words(status)
        iterations = status.run.config.iterations if status.run else 1
        self._bar.max = iterations
        waiting = status.state in ("ready", "waiting") or not status.losses
        self._bar.value = 0 if waiting else status.losses[-1].iteration
        message = html.escape(model.message)
        self._error.value = f'<div class="nst-error" role="alert">{message}</div>' * bool(message)
        self._losses.value = loss_curves(status.losses) if status.losses else ""

    def _draw(self):
        with self._drawing:  # so that what is drawn last is what was published last
            status = self._model.status
            content = status.run.content if status.run else self._model.content
            both = before_and_after(content.array, status.image, self._split.value)
            self._image.value = jpeg(both)

    # What can be set.

    def _pictures(self):
        choices = [self._picture_choice(which) for which in ("content", "style")]
        return _section("Pictures", *choices)

    def _picture_choice(self, which):
        thumbnail = widgets.HTML()
        choice = widgets.Dropdown(layout=widgets.Layout(width="160px"))
        upload = widgets.FileUpload(
            accept="image/*", description="Upload", layout=widgets.Layout(width="110px")
        )

        def choose(change):
            setattr(self._model, which, change.new)

        def show(_=None):
            chosen = getattr(self._model, which)
            names = dict.fromkeys([*SHIPPED, chosen.name])
            choice.unobserve(choose, "value")  # new options choose the first for a moment
            choice.options = [(name.replace("_", " "), name) for name in names]
            choice.value = chosen.name
            choice.observe(choose, "value")
            thumbnail.value = thumbnail_of(chosen)

        choice.observe(choose, "value")
        show()
        upload.observe(lambda change: self._upload(which, change.new), "value")
        self._model.observe(show, which)
        right = widgets.VBox([_note(f"{which} image"), _row(choice, upload)])
        right.add_class("nst-chosen")
        return widgets.HBox([thumbnail, right])

    def _upload(self, which, value):
        # ipywidgets 7 has a dictionary of files here, 8 a tuple.
        files = list(value.values()) if isinstance(value, dict) else list(value)
        if files:
            self._model.upload(which, bytes(files[-1]["content"]))

    def _presets(self):
        buttons = []
        for name, settings in PRESETS.items():
            button = widgets.Button(description=name, layout=widgets.Layout(width="auto"))
            button.on_click(lambda _, settings=settings: self._model.change(**settings))
            buttons.append(button)
        return _section("Presets", _row(*buttons))

    def _weights(self):
        self._explanations = {name: widgets.HTML() for name in WEIGHTS}
        rows = []
        for name, explanation in self._explanations.items():
            options = [(_times(factor), factor) for factor in self._model.FACTORS]
            slider = self._slider(f"{name}_factor", name.replace("_", " "), options)
            rows += [slider, explanation]
        return _section("Weights of the losses", *rows)

    def _slider(self, name, description, options):
        slider = widgets.SelectionSlider(
            options=options,
            value=getattr(self._model, name),
            description=description,
            continuous_update=False,
            style={"description_width": "100px"},
            layout=widgets.Layout(width="auto"),
        )
        self._tie(name, slider, [value for _, value in options])
        return slider

    def _tie(self, name, widget, values=None):
        """Keeps a setting and a widget the same; a value that the widget has not got stays out."""

        def follow(change):
            if values is None or change.new in values:
                widget.value = change.new

        self._model.observe(follow, name)
        widget.observe(lambda change: setattr(self._model, name, change.new), "value")

    def _more(self):
        recipe = self._choice("recipe", RECIPE_WORDS)
        start = self._choice("start", START_WORDS, "start from")
        rows = sorted({*ROWS, self._model.rows})
        size = self._slider("rows", "size", [(f"{number} rows", number) for number in rows])
        scales = sorted({*STYLE_SCALES, self._model.style_scale})
        scale = [(f"{number:g} ×", number) for number in scales]
        self._style_scale = self._slider("style_scale", "style scale", scale)
        self._scale_note = widgets.HTML()
        iterations = widgets.BoundedIntText(
            min=1,
            max=100_000,
            value=self._model.iterations,
            description="iterations",
            continuous_update=False,
            style={"description_width": "100px"},
            layout=widgets.Layout(width="200px"),
        )
        self._tie("iterations", iterations)
        shown = [recipe, start, iterations, size, self._style_scale, self._scale_note]
        return _section("The run", *shown, self._layers())

    def _choice(self, name, words, description=None):
        dropdown = widgets.Dropdown(
            options=[(text, value) for value, text in words.items()],
            value=getattr(self._model, name),
            description=description or name,
            style={"description_width": "100px"},
            layout=widgets.Layout(width="auto"),
        )
        self._tie(name, dropdown)
        return dropdown

    def _layers(self):
        self._toggles = {
            name: widgets.ToggleButton(
                description=name.split("_")[0], layout=widgets.Layout(width="auto")
            )
            for name in STYLE_LAYERS
        }
        for toggle in self._toggles.values():
            toggle.add_class("nst-toggle")
            toggle.observe(self._choose_layers, "value")
        self._show_layers()
        self._model.observe(self._show_layers, "style_layer_names")
        words = "Style layers that count: the first see grain and colour, the last large shapes."
        return widgets.VBox([_note(words), _row(*self._toggles.values())])

    def _choose_layers(self, _):
        chosen = tuple(name for name, toggle in self._toggles.items() if toggle.value)
        self._model.style_layer_names = chosen

    def _show_layers(self, _=None):
        for name, toggle in self._toggles.items():
            toggle.unobserve(self._choose_layers, "value")  # all of them are one event
            toggle.value = name in self._model.style_layer_names
            toggle.observe(self._choose_layers, "value")

    def _buttons(self):
        actions = {
            "Run": ("success", self._model.run),
            "Stop": ("warning", self._model.stop),
            "Save": ("", self._save),
            "Show the Python call": ("", self._show_call),
        }
        buttons = []
        for name, (style, action) in actions.items():
            width = widgets.Layout(width="auto", min_width="72px")
            button = widgets.Button(description=name, button_style=style, layout=width)
            button.on_click(lambda _, action=action: action())
            buttons.append(button)
        if not self._model.blocking:
            return _row(*buttons)
        buttons[1].disabled = True
        words = "Here a run holds up the notebook until it ends: to stop it, interrupt the kernel."
        return widgets.VBox([_row(*buttons), _note(words)])

    def _save(self):
        try:
            path = self._model.save()
        except ValueError as error:
            self._model.fail(error)
        else:
            self._call.value = f"<pre>Saved as {html.escape(str(path))}</pre>"

    def _show_call(self):
        self._call.value = f"<pre>{html.escape(self._model.call)}</pre>"

    def _show_settings(self):
        recipe = TransferConfig.recipe(self._model.recipe)
        whose = "the recipe's" if self._model.recipe == "multiscale" else "the document's"
        for name, explanation in self._explanations.items():
            factor = getattr(self._model, f"{name}_factor")
            weight = factor * getattr(recipe, f"{name}_weight")
            times = f"{whose} own" if factor == 1 else f"{factor:g} × {whose}"
            now = "Now it does not count." if not factor else f"Now {weight:.3g}, {times}."
            explanation.value = f'<div class="nst-note">{WEIGHTS[name]} {now}</div>'
        able = recipe.keep_style_aspect
        self._style_scale.disabled = not able
        words = (
            "Size of the strokes: above 1 they grow."
            if able
            else "The strokes' size: only the multiscale recipe can change it."
        )
        self._scale_note.value = f'<div class="nst-note">{words}</div>'


def _factors():
    return [f"{name}_factor" for name in WEIGHTS]


def _times(factor):
    return {0: "off", 1: "1 × (recipe's)"}.get(factor, f"{factor:g} ×")


def _column(*children, **layout):
    column = widgets.VBox(children, layout=widgets.Layout(**layout))
    column.add_class("nst-column")
    return column


def _row(*children):
    row = widgets.Box(children)
    row.add_class("nst-row")
    return row


def _section(title, *children):
    return widgets.VBox([widgets.HTML(f'<div class="nst-title">{title}</div>'), *children])


def _note(text):
    return widgets.HTML(f'<div class="nst-note">{text}</div>')


def _in_words(status):
    """One line on how far the run is."""
    if status.state in ("ready", "waiting", "failed") or not status.losses:
        words = {"waiting": "starting …", "ready": "Press Run, or move a slider."}
        return words.get(status.state, status.state)
    last, iterations = status.losses[-1], status.run.config.iterations
    text = f"{status.state}: iteration {last.iteration} of {iterations} · {last.seconds:.1f} s"
    if status.state == "running":
        text += f" · {last.seconds / last.iteration * (iterations - last.iteration):.0f} s left"
    return text
