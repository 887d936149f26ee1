"""The sections of the panel in which settings are made, one function each."""

import ipywidgets as widgets

from nst_helpers.config import TransferConfig
from nst_helpers.machine.language import translated
from nst_helpers.playground import choices, layout

ROWS = (128, 192, 256, 320, 400)
STYLE_SCALES = (0.5, 0.7, 1.0, 1.4, 2.0)
STRENGTHS = (0.25, 0.5, 1.0, 2.0, 4.0)
MIXES = tuple(tenths / 10 for tenths in range(11))
MOST_ITERATIONS = 100_000
WEIGHTS = {
    "content": "How much the scene must stay what it is.",
    "style": "How much textures and colours must be those of the style image.",
    "total_variation": "How smooth the picture must be: more of it removes grain, then detail.",
}
# The relative losses leave the picture as much grain as the style image has.
IN_RELATIVE_LOSSES = {
    "total_variation": "How strongly grain beyond the style image's own is held back; "
    "often there is none."
}
STYLE_LAYERS = TransferConfig().style_layer_names
USUAL_WEIGHTS = {f"{name}_factor": 1 for name in WEIGHTS}
PRESETS = {
    "Keras example": {
        "recipe": "fast",
        "content_layer_name": TransferConfig().content_layer_name,
        "style_layer_names": STYLE_LAYERS,
        "strength": 1.0,
        "style_scale": 1.0,
        "keep_colours": False,
        "pooling": "max",
        **USUAL_WEIGHTS,
    },
    "More style": {**USUAL_WEIGHTS, "content_factor": 0.1, "style_factor": 10},
    # Another layer: at the usual one, 20 times the weight moves a pixel by two gray levels.
    "More content": {
        **USUAL_WEIGHTS,
        "content_layer_name": "block4_conv2",
        "content_factor": 100,
    },
    # Average pooling too: the relative losses' total variation leaves most pictures as they are.
    "Smooth": {**USUAL_WEIGHTS, "total_variation_factor": 20, "pooling": "average"},
}
RECIPES = {
    "fast": "fast: the Keras example, sped up",
    "multiscale": "multiscale: large strokes first",
    "tutorial": "tutorial: the Keras example as it is",
}
OBJECTIVES = {
    "multiscale": "Its loss is not the Keras example's, which adds up plain differences at one "
    "size and paints finer grain: choose fast to see that.",
    "Keras example": "The Keras example's own loss adds up plain differences at one size and "
    "paints fine grain; multiscale weighs them and paints large strokes.",
}
CONTENT_LAYERS = {
    *(f"block{number}_conv2" for number in range(1, 6)),
    *(TransferConfig.recipe(name).content_layer_name for name in RECIPES),
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


def pictures(model):
    """Content, style, second style, and how the two styles mix."""
    return layout.section(
        "Pictures",
        choices.PictureChoice(model, "content"),
        choices.PictureChoice(model, "style"),
        choices.PictureChoice(model, "second_style", optional=True),
        _mix(model),
    )


def _mix(model):
    options = [(f"{share:.0%}", share) for share in _with(MIXES, model.mix)]
    slider = choices.slider(model, "mix", "mix", options)
    words = widgets.HTML()

    def show(_=None):
        second = model.second_style is not None
        slider.disabled = not second
        share = "Share of the second style; the rest is the first."
        words.value = layout.note_text(share if second else "Choose a second style to mix two.")

    model.observe(show, "second_style")
    show()
    return widgets.VBox([slider, words])


def presets(model):
    """Buttons that set several settings at once."""
    buttons = []
    for name, settings in PRESETS.items():
        button = widgets.Button(description=translated(name), layout=widgets.Layout(width="auto"))
        button.on_click(lambda _, settings=settings: model.change(**settings))
        buttons.append(button)
    words = "Takes all settings from a picture that this panel made"
    buttons.append(choices.upload_button("From a PNG", lambda data, _: model.restore(data), words))
    return layout.section("Presets", layout.row(*buttons))


def weights(model):
    """How much each loss counts, and where the content loss looks."""
    rows = []
    for name in WEIGHTS:
        options = [(_times(factor), factor) for factor in model.FACTORS]
        description = name.replace("_", " ")
        rows.append(choices.slider(model, f"{name}_factor", description, options))
        rows.append(_explanation(model, name))
    layers = {name: name for name in _with(CONTENT_LAYERS, model.content_layer_name)}
    rows.append(choices.dropdown(model, "content_layer_name", "content layer", layers))
    rows.append(layout.note("Shallow content layers keep each pixel, deep ones rough shapes."))
    return layout.section("Weights of the losses", *rows)


def _explanation(model, name):
    words = widgets.HTML()

    def show(_=None):
        recipe = TransferConfig.recipe(model.recipe)
        factor = getattr(model, f"{name}_factor")
        whose = "the recipe's" if model.recipe == "multiscale" else "the Keras example's"
        times = f"{whose} own" if factor == 1 else f"{factor:g} × {whose}"
        weight = factor * getattr(recipe, f"{name}_weight")
        now = f"Now {weight:.3g}, {times}." if factor else "Now it does not count."
        together = f'<span class="nst-together">{translated(now)}</span>'
        hints = WEIGHTS | (IN_RELATIVE_LOSSES if recipe.losses == "relative" else {})
        words.value = layout.note_text(f"{translated(hints[name])} {together}")

    model.observe(show, ["recipe", f"{name}_factor"])
    show()
    return words


def style(model):
    """What to take from the style image, and where to look for it."""
    strengths, scales = (
        [(f"{factor:g} ×", factor) for factor in _with(values, getattr(model, name))]
        for name, values in (("strength", STRENGTHS), ("style_scale", STYLE_SCALES))
    )
    layers = {name: name.split("_")[0] for name in STYLE_LAYERS}
    return layout.section(
        "What to take from the style",
        choices.slider(model, "strength", "strength", strengths),
        choices.slider(model, "style_scale", "stroke size", scales),
        choices.dropdown(model, "keep_colours", "keep colours", COLOURS),
        choices.dropdown(model, "pooling", "pooling", POOLINGS),
        layout.note("Style layers: the first see grain and colour, the last large shapes."),
        choices.Switches(model, "style_layer_names", layers),
    )


def run(model):
    """How a run goes, and how large its picture is."""
    sizes = [(f"{rows} rows", rows) for rows in _with(ROWS, model.rows)]
    return layout.section(
        "The run",
        choices.dropdown(model, "recipe", "recipe", RECIPES),
        _objective(model),
        choices.dropdown(model, "start", "start from", STARTS),
        choices.number(model, "iterations", "iterations", MOST_ITERATIONS),
        choices.slider(model, "rows", "size", sizes),
    )


def _objective(model):
    """A line on what the recipe minimises."""
    words = widgets.HTML()

    def show(_=None):
        whose = "multiscale" if model.recipe == "multiscale" else "Keras example"
        words.value = layout.note_text(OBJECTIVES[whose])

    model.observe(show, "recipe")
    show()
    return words


def _times(factor):
    return {0: "off", 1: "1 × (recipe's)"}.get(factor, f"{factor:,} ×")


def _with(values, own):
    return sorted({*values, own})
