"""A blind vote on pictures: pairs without names, votes counted, and the tally at the end."""

import base64
import html
import random
from itertools import combinations

import ipywidgets as widgets

from nst_helpers.errors import ImageError
from nst_helpers.images import load_image
from nst_helpers.machine.language import translated
from nst_helpers.playground import layout
from nst_helpers.playground.sketches import jpeg

MOST_VOTES = 10_000


class Ballot(widgets.VBox):
    """A blind vote: which of two pictures? Show it by writing its name at the end of a cell.

    Every picture meets every other one once. Chance decides the order and the sides, and the names
    come with the tally, after the last pair.

    Args:
        pictures: Dictionary from a name to a picture, anything that `load_image` takes; two or
            more.
        question: What is asked about each pair.
        seed: Of the chance; None gives another order each time.

    Attributes:
        votes: Votes for the left and for the right picture of each pair that is done.

    Raises:
        ImageError: If there are fewer than two pictures, or one can't be read.
    """

    def __init__(self, pictures, question="Which picture is better?", seed=None):
        if len(pictures) < 2:
            raise ImageError("a vote needs at least two pictures, in a dictionary by their names.")
        super().__init__()
        self.add_class("nst-playground")
        self._pictures = {name: load_image(picture) for name, picture in pictures.items()}
        self._pairs = _shuffled(pictures, random.Random(seed))
        self._question = question
        self.votes = []
        self._words = widgets.HTML()
        self._images = [widgets.HTML(), widgets.HTML()]
        self._fields = [
            widgets.BoundedIntText(
                max=MOST_VOTES,
                description=translated(f"votes, {translated(side)}"),
                style=layout.LABEL,
            )
            for side in ("left", "right")
        ]
        self._button = widgets.Button(
            description=translated("Count and go on"), button_style="success"
        )
        self._button.on_click(lambda _: self._count())
        sides = zip(self._images, self._fields, strict=True)
        columns = layout.columns(*(layout.column(*side, least=280) for side in sides))
        self.children = [layout.style_sheet(), self._words, columns, self._button]
        self._show()

    def __repr__(self):
        return f"Ballot({len(self._pictures)} pictures, {len(self._pairs)} pairs)"

    @property
    def pair(self):
        """The two pictures to vote on now, left and right, without their names; None at the end."""
        if len(self.votes) == len(self._pairs):
            return None
        return tuple(self._pictures[name] for name in self._pairs[len(self.votes)])

    def vote(self, left, right):
        """Counts the votes for the left and the right picture, and shows the next pair.

        Args:
            left, right: How many votes each gets, 0 or more.
        """
        self.votes.append((int(left), int(right)))
        self._show()

    @property
    def tally(self):
        """From each name to the votes that it won and those that it could win, the best first."""
        won, cast = dict.fromkeys(self._pictures, 0), dict.fromkeys(self._pictures, 0)
        for names, votes in zip(self._pairs, self.votes, strict=False):
            for name, count in zip(names, votes, strict=True):
                won[name] += count
                cast[name] += sum(votes)
        best_first = sorted(won, key=lambda name: -won[name] / max(cast[name], 1))
        return {name: (won[name], cast[name]) for name in best_first}

    def _count(self):
        left, right = (field.value for field in self._fields)
        if left == right == 0:
            self._words.value = layout.note_text("First enter how many votes each picture gets.")
            return
        self.vote(left, right)

    def _show(self):
        """The pair to vote on, or the tally after the last one."""
        pair = self.pair
        for place, widget in enumerate((*self._images, *self._fields)):
            widget.layout.display = None if pair else "none"
            if pair:
                widget.value = _image(pair[place], place) if place < 2 else 0
        self._button.layout.display = None if pair else "none"
        number = f"Pair {len(self.votes) + 1} of {len(self._pairs)}"
        question = html.escape(translated(self._question))
        title = f"{translated(number)} · {question}" if pair else translated("The tally")
        rows = "" if pair else _table(self.tally)
        self._words.value = f'<div class="nst-title">{title}</div>{rows}'


def _shuffled(names, chance):
    """All pairs, their order and sides by chance."""
    pairs = list(combinations(names, 2))
    chance.shuffle(pairs)
    return [tuple(chance.sample(pair, 2)) for pair in pairs]


def _image(picture, place):
    data = base64.b64encode(jpeg(picture)).decode()
    alt = translated(("left picture", "right picture")[place])
    return f'<img class="nst-picture" alt="{alt}" src="data:image/jpeg;base64,{data}">'


def _table(tally):
    votes = {
        html.escape(str(name)): translated(f"{won} of {cast} votes")
        for name, (won, cast) in tally.items()
    }
    rows = "".join(f"<tr><td>{name}</td><td>{words}</td></tr>" for name, words in votes.items())
    return f"<table>{rows}</table>"
