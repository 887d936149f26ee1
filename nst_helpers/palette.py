"""One colour for each loss, the same in every figure and in the playground."""

# The colour-blind can tell all of these apart, on white; the further ones are as far from each
# other and from the four as these are.
COLOURS = {
    "total": "#222222",
    "style": "#c8553d",
    "content": "#28729c",
    "total_variation": "#b08900",
}
FURTHER_COLOURS = ("#7636e6", "#22a7e8", "#8ea890")


def colours_of(names):
    """A colour for each loss.

    Args:
        names: Names of losses. The usual four have colours of their own; further terms get further
            colours in their order, and those come round again after three.

    Returns:
        Dictionary from name to colour, "#rrggbb", in the order of the names.
    """
    further = [name for name in names if name not in COLOURS]
    places = {name: place % len(FURTHER_COLOURS) for place, name in enumerate(further)}
    return {
        name: FURTHER_COLOURS[places[name]] if name in places else COLOURS[name] for name in names
    }
