"""The same from a shell: python -m nst_helpers CONTENT STYLE -o OUT.png, or grid for many runs."""

import argparse
import csv
import io
import os
import sys
import warnings
from contextlib import suppress
from typing import NamedTuple

from tqdm import tqdm

from nst_helpers.config import CHOICES, KEEP_COLOURS, RECIPES, TransferConfig
from nst_helpers.errors import MISTAKES, DivergenceError, FileError
from nst_helpers.grid_shell import DESCRIPTION as GRID_DESCRIPTION
from nst_helpers.grid_shell import add_options, paint_grid
from nst_helpers.images import check_picture_format, keep_image, load_image, load_region
from nst_helpers.machine.checks import number
from nst_helpers.machine.files import check_writable, keep_elsewhere, write_atomically
from nst_helpers.machine.language import translated
from nst_helpers.machine.memory import MODEST
from nst_helpers.machine.notices import LOG
from nst_helpers.machine.pictures import PICTURES
from nst_helpers.machine.sources import find_file
from nst_helpers.machine.wording import warn

INTERRUPTED = 130  # what shells expect after Ctrl-C
USAGE = "%(prog)s CONTENT STYLE [--region MASK.png] [STYLE ...] -o OUT.png [options]"
DESCRIPTION = """
Paints CONTENT in the style of STYLE, or of several, mixed. A --region behind a STYLE says where it
is painted: where the mask is white. A style without one is painted everywhere.
"""
PICTURE_HELP = f"CONTENT and STYLE are files, URLs, or one of: {', '.join(PICTURES)}."


class Painting(NamedTuple):
    """Where a style image comes from, and the mask that says where it is painted."""

    source: str
    region: str | None = None


def names(text):
    return text.split(",")


def style_weights(text):
    try:
        return [number("a style's weight", float(word), least=1e-6) for word in text.split(",")]
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error


# For each setting its option, type, and what help says of it.
SETTINGS = {
    "memory_gb": ("--memory-gb", float, "GB", "memory to take, where tiles can make do with it"),
    "rows": ("--rows", int, "N", "height of the result in pixels"),
    "iterations": ("--iterations", int, "N", "updates of the picture"),
    "strength": ("--strength", float, "S", "how strongly the style is painted; 2 is more"),
    "style_scale": ("--style-scale", float, "S", "size of the strokes; 2 doubles it"),
    "keep_colours": (
        "--keep-colours",
        str,
        f"[{'|'.join(KEEP_COLOURS)}]",
        "keep the content's colours: recolour the style (the default), or paint luminance only",
    ),
    "content_weight": ("--content-weight", float, "W", "weight of the content loss"),
    "style_weight": ("--style-weight", float, "W", "weight of the style loss"),
    "total_variation_weight": ("--total-variation-weight", float, "W", "weight of its loss"),
    "content_layer_name": ("--content-layer", str, "NAME", "VGG19 layer of the content loss"),
    "style_layer_names": ("--style-layers", names, "NAME,...", "VGG19 layers of the style loss"),
    "pooling": ("--pooling", str, "|".join(CHOICES["pooling"]), "how VGG19 halves its maps"),
    "optimizer": ("--optimizer", str, "|".join(CHOICES["optimizer"]), "what changes the picture"),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, without the usage that argparse puts before it
        self.exit(2, f"nst_helpers: {translated(message)}\n")


class _SelfTest(argparse.Action):
    """Says whether this machine is ready for class, and exits: 0 if it is, else 1."""

    def __call__(self, parser, *_):
        from nst_helpers.selftest import findings

        LOG.setLevel("WARNING")  # its lines say it all
        ready = True
        for finding in findings():
            print(finding, flush=True)
            ready = ready and finding.ready
        parser.exit(0 if ready else 1)


def make_parser():
    """Every option but --region: whose it is depends on its place among the pictures."""
    parser = _Parser(
        prog="python -m nst_helpers",
        usage=USAGE,
        description=DESCRIPTION,
        epilog=PICTURE_HELP,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-o", "--output", metavar="OUT.png", required=True, help="file to write")
    add("--recipe", default="fast", help=f"{' or '.join(RECIPES)} (default: fast)")
    add(
        "--style-weights",
        type=style_weights,
        metavar="W,...",
        help="how much of each style goes into the mix, such as 0.7,0.3",
    )
    for setting, (option, kind, metavar, words) in SETTINGS.items():
        add(option, dest=setting, type=kind, metavar=metavar, help=words)
    add(
        "--checkpoint",
        metavar="RUN.npz",
        help="save the run there each half minute; the same command goes on from it",
    )
    add("--losses", metavar="OUT.csv", help="write the loss and its parts there")
    add(
        "--selftest",
        action=_SelfTest,
        nargs=0,
        help="say whether this machine is ready for class, in a minute",
    )
    return parser


def parse_arguments(words=None):
    """The options, `content` and `styles`, a list of `Painting`s, with as many `style_weights`."""
    parser = make_parser()
    words = list(sys.argv[1:] if words is None else words)
    # argparse gives back, in its order, what is none of the options: pictures and regions.
    arguments, rest = parser.parse_known_args(with_value(words))
    pictures = read_pictures(rest, parser.error)
    if len(pictures) < 2:
        parser.error("the following arguments are required: CONTENT, STYLE")
    arguments.content, arguments.styles = pictures[0].source, pictures[1:]
    arguments.style_weights = arguments.style_weights or [1.0] * len(arguments.styles)
    given, wanted = len(arguments.style_weights), len(arguments.styles)
    if given != wanted:
        parser.error(f"--style-weights has {given} for {wanted} styles: give one for each style")
    return arguments


def with_value(words):
    """The words with a value behind each --keep-colours, so that it takes no picture for one."""
    for word, following in zip(words, [*words[1:], None], strict=True):
        bare = word == "--keep-colours" and following not in KEEP_COLOURS
        yield f"{word}={KEEP_COLOURS[0]}" if bare else word


def read_pictures(words, fail):
    """The pictures in their order, each with the region that stands behind it.

    Args:
        words: Those of the command line that are no options.
        fail: Ends the program with a message.

    Returns:
        List of `Painting`s.
    """
    pictures, words = [], iter(words)
    for word in words:
        if word == "--":
            return pictures + [Painting(rest) for rest in words]
        option, _, value = word.partition("=")
        if option == "--region":
            region = value or next(words, None) or fail("argument --region: expected one argument")
            if len(pictures) < 2:
                fail(f"--region {region} has no STYLE before it: put it behind the one it is for")
            if pictures[-1].region:
                fail(f"{pictures[-1].source} has two regions: draw them into one mask")
            pictures[-1] = Painting(pictures[-1].source, region)
        elif word.startswith("-"):
            fail(f"unrecognized arguments: {word}")
        else:
            pictures.append(Painting(word))
    return pictures


def make_config(arguments):
    changes = {name: getattr(arguments, name) for name in SETTINGS}
    changes = {name: value for name, value in changes.items() if value is not None}
    return TransferConfig.recipe(arguments.recipe, **changes)


def check_outputs(arguments):
    """Finds out before the run that each file can be written, and that no two are the same."""
    outputs = [arguments.output, arguments.losses, arguments.checkpoint]
    paths = [check_writable(path).resolve() for path in outputs if path]
    check_picture_format(arguments.output)
    if len(set(paths)) < len(paths):
        raise FileError("the picture, the losses and the checkpoint need a file each.")
    return paths


def load_pictures(arguments, outputs):
    """The content image, and for each style its image, weight and region.

    Raises:
        FileError: If one of them would be written over.
        ImageError: If one of them can't be read.
    """
    read = (arguments.content, *(file for pair in arguments.styles for file in pair if file))
    for source in read:
        if any(is_same_file(output, source) for output in outputs):
            raise FileError(f"{source} is one of the pictures to read: write to another file.")
    weighted = zip(arguments.styles, arguments.style_weights, strict=True)
    return load_image(arguments.content), [
        (load_image(source), weight, region and load_region(region))
        for (source, region), weight in weighted
    ]


def is_same_file(path, source):
    with suppress(OSError, RuntimeError, ValueError):  # no file, or no name of one
        return path.samefile(find_file(source))
    return False


def write_losses(path, losses):
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(losses[0]._fields)
    writer.writerows(losses)
    data = table.getvalue().encode()
    try:
        write_atomically(path, data)
    except FileError as error:  # they took long to make
        warn(f"{error} The losses are in {keep_elsewhere(path, data)}.")


def paint(arguments):
    """Does what the arguments say, and returns the exit status."""
    config = make_config(arguments)
    content, styles = load_pictures(arguments, check_outputs(arguments))
    if config.memory_gb:
        os.environ.update(MODEST)

    from nst_helpers import training  # TensorFlow starts here, after the quick checks
    from nst_helpers.display import ProgressBar
    from nst_helpers.run import Run, Style

    styles = [Style(image, weight, region=region) for image, weight, region in styles]
    run, status = Run.load(content, styles, config), 0
    check_picture_format(arguments.output, run.size)
    try:
        result = training.paint(run, ProgressBar(), arguments.checkpoint)
    except DivergenceError as error:
        if error.result is None:
            raise
        say(error)
        say(f"{arguments.output} is the best picture until then.")
        result, status = error.result, 2
    keep_image(arguments.output, result.image)
    if arguments.losses:
        write_losses(arguments.losses, result.losses)
    return status or (0 if result.finished else INTERRUPTED)


def say(message, *_):
    # Above the progress bar, not into it.
    tqdm.write(f"nst_helpers: {translated(str(message))}", file=sys.stderr)


def paint_many(words):
    """`python -m nst_helpers grid …`; a picture of that name is given as ./grid."""
    parser = _Parser(prog="python -m nst_helpers grid", description=GRID_DESCRIPTION)
    add_options(parser, SETTINGS)
    arguments = parser.parse_args(words)
    bar = tqdm(unit="run", leave=False)

    def show(grid):
        bar.total, bar.n = len(grid.runs), sum(bool(run.result or run.error) for run in grid.runs)
        bar.refresh()

    return paint_grid(arguments, SETTINGS, show)


def main(words=None):
    words = list(sys.argv[1:] if words is None else words)
    many = words[:1] == ["grid"]
    arguments = words[1:] if many else parse_arguments(words)
    warnings.showwarning = say
    try:
        return (paint_many if many else paint)(arguments)
    except MISTAKES as error:
        say(error)
        return 2
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
