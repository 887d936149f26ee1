"""The panel's right column: everything that can be set."""

import ipywidgets as widgets

from nst_helpers.config import TransferConfig
from nst_helpers.playground import choices, layout

ROWS = (128, 192, 256, 320, 400)
STYLE_SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
MIXES = tuple(tenths / 10 for tenths in range(11))
MOST_ITERATIONS = 100_000
WEIGHTS = {
    "content": "How much the scene must stay what it is.",
    "style": "How much textures and colours must be those of the style image.",
    "total_variation": "How smooth the picture must be: more of it removes grain, then detail.",
}
STYLE_LAYERS = TransferConfig().style_layer_names
USUAL_WEIGHTS = {f"{name}_factor": 1 for name in WEIGHTS}
PRESETS = {
    "Keras example": {
        "recipe": "fast",
        "style_layer_names": STYLE_LAYERS,
        "style_scale": 1.0,
        "keep_colours": False,
        "pooling": "max",
        **USUAL_WEIGHTS,
    },
    "More style": {**USUAL_WEIGHTS, "content_factor": 0.1, "style_factor": 10},
    "More content": {**USUAL_WEIGHTS, "content_factor": 20, "style_factor": 0.5},
    "Smooth": {**USUAL_WEIGHTS, "total_variation_factor": 20},
}
RECIPES = {
    "fast": "fast: the Keras example's loss, fast",
    "multiscale": "multiscale: large strokes first",
    "tutorial": "tutorial: the Keras example, slow",
}
STARTS = {
    "picture": "the picture on the screen",
    "content": "the content image",
    "noise": "noise",
}
COLOURS = {
    False: "no: colours of the style",
    "recolour": "yes: recolour the style first",
    "luminance": "yes: paint brightness only",
}
POOLINGS = {
    "max": "max, as VGG19 was trained",
    "average": "average, a little smoother",
}


class Controls(widgets.VBox):
    """The widgets that set a `Playground`.

    Args:
        model: The `Playground`.
    """

    def __init__(self, model):
        super().__init__()
        self._model = model
        self.children = [
            self._pictures(),
            self._presets(),
            self._weights(),
            self._style(),
            self._run(),
        ]

    def _pictures(self):
        shown = [
            choices.PictureChoice(self._model, "content"),
            choices.PictureChoice(self._model, "style"),
            choices.PictureChoice(self._model, "second_style", optional=True),
        ]
        return layout.section("Pictures", *shown, self._mix())

    def _mix(self):
        options = [(f"{share:.0%}", share) for share in _with(MIXES, self._model.mix)]
        slider = choices.slider(self._model, "mix", "mix", options)
        words = widgets.HTML()

        def show(_=None):
            second = self._model.second_style is not None
            slider.disabled = not second
            mixed = "How much of the mix is the second style."
            words.value = layout.note_text(mixed if second else "Choose a second style to mix two.")

        self._model.observe(show, "second_style")
        show()
        return widgets.VBox([slider, words])

    def _presets(self):
        buttons = []
        for name, settings in PRESETS.items():
            button = widgets.Button(description=name, layout=widgets.Layout(width="auto"))
            button.on_click(lambda _, settings=settings: self._model.change(**settings))
            buttons.append(button)
        return layout.section("Presets", layout.row(*buttons))

    def _weights(self):
        rows = []
        for name in WEIGHTS:
            options = [(_times(factor), factor) for factor in self._model.FACTORS]
            description = name.replace("_", " ")
            rows.append(choices.slider(self._model, f"{name}_factor", description, options))
            rows.append(self._explanation(name))
        return layout.section("Weights of the losses", *rows)

    def _explanation(self, name):
        words = widgets.HTML()

        def show(_=None):
            recipe = TransferConfig.recipe(self._model.recipe)
            factor = getattr(self._model, f"{name}_factor")
            whose = "the recipe's" if self._model.recipe == "multiscale" else "the Keras example's"
            times = f"{whose} own" if factor == 1 else f"{factor:g} × {whose}"
            weight = factor * getattr(recipe, f"{name}_weight")
            now = f"Now {weight:.3g}, {times}." if factor else "Now it does not count."
            words.value = layout.note_text(f"{WEIGHTS[name]} {now}")

        self._model.observe(show, ["recipe", f"{name}_factor"])
        show()
        return words

    def _style(self):
        model = self._model
        scales = [(f"{scale:g} ×", scale) for scale in _with(STYLE_SCALES, model.style_scale)]
        layers = {name: name.split("_")[0] for name in STYLE_LAYERS}
        return layout.section(
            "What is taken from the style",
            choices.slider(model, "style_scale", "stroke size", scales),
            choices.dropdown(model, "keep_colours", "keep colours", COLOURS),
            choices.dropdown(model, "pooling", "pooling", POOLINGS),
            layout.note("Style layers: the first see grain and colour, the last large shapes."),
            choices.Switches(model, "style_layer_names", layers),
        )

    def _run(self):
        model = self._model
        sizes = [(f"{rows} rows", rows) for rows in _with(ROWS, model.rows)]
        return layout.section(
            "The run",
            choices.dropdown(model, "recipe", "recipe", RECIPES),
            choices.dropdown(model, "start", "start from", STARTS),
            choices.number(model, "iterations", "iterations", MOST_ITERATIONS),
            choices.slider(model, "rows", "size", sizes),
        )


def _times(factor):
    return {0: "off", 1: "1 × (recipe's)"}.get(factor, f"{factor:g} ×")


def _with(values, own):
    return sorted({*values, own})
