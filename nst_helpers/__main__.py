"""The same from a shell: python -m nst_helpers CONTENT STYLE -o OUT.png"""

import argparse
import csv
import io
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from nst_helpers.checkpoint import CheckpointError
from nst_helpers.config import RECIPES, ConfigError, DivergenceError, TransferConfig
from nst_helpers.files import check_writable, write_atomically
from nst_helpers.images import ImageError, check_picture_format, load_image, save_image
from nst_helpers.pictures import PICTURES, picture
from nst_helpers.weights import WeightsError

INTERRUPTED = 130  # what shells expect after Ctrl-C
SETTINGS = ("rows", "iterations", "content_weight", "style_weight", "total_variation_weight")


class _Parser(argparse.ArgumentParser):
    def error(self, message):  # one line, without the usage that argparse puts before it
        self.exit(2, f"nst_helpers: {message}\n")


def parse_arguments(arguments=None):
    parser = _Parser(
        prog="python -m nst_helpers",
        description="Paints one picture in the style of another by changing its pixels.",
        epilog=f"CONTENT and STYLE are files, URLs, or one of: {', '.join(PICTURES)}.",
    )
    parser.add_argument("content", metavar="CONTENT", help="the picture to paint")
    parser.add_argument("style", metavar="STYLE", help="the picture whose style to use")
    parser.add_argument("-o", "--output", metavar="OUT.png", required=True, help="file to write")
    parser.add_argument("--recipe", default="fast", help=f"{' or '.join(RECIPES)} (default: fast)")
    parser.add_argument("--rows", type=int, metavar="N", help="height of the result in pixels")
    parser.add_argument("--iterations", type=int, metavar="N", help="updates of the picture")
    for loss in ("content", "style", "total-variation"):
        parser.add_argument(
            f"--{loss}-weight", type=float, metavar="W", help=f"weight of the {loss} loss"
        )
    parser.add_argument("--content-layer", metavar="NAME", help="VGG19 layer of the content loss")
    parser.add_argument("--style-layers", metavar="NAME,…", help="VGG19 layers of the style loss")
    parser.add_argument(
        "--checkpoint",
        metavar="RUN.npz",
        help="save the run there each half minute; the same command goes on from it",
    )
    parser.add_argument("--losses", metavar="OUT.csv", help="write the loss and its parts there")
    return parser.parse_args(arguments)


def make_config(arguments):
    changes = {name: getattr(arguments, name) for name in SETTINGS}
    changes["content_layer_name"] = arguments.content_layer
    if arguments.style_layers:
        changes["style_layer_names"] = arguments.style_layers.split(",")
    changes = {name: value for name, value in changes.items() if value is not None}
    return TransferConfig.recipe(arguments.recipe, **changes)


def find_picture(name):
    """A picture of that name that ships with the package, unless a file has the name."""
    return load_image(picture(name) if name in PICTURES and not Path(name).exists() else name)


def write_losses(path, losses):
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(losses[0]._fields)
    writer.writerows(losses)
    write_atomically(path, table.getvalue().encode())


def check_outputs(arguments):
    """Finds out before the run that each file can be written, and that no two are the same."""
    outputs = [arguments.output, arguments.losses, arguments.checkpoint]
    paths = [check_writable(path).resolve() for path in outputs if path]
    check_picture_format(arguments.output)
    if len(set(paths)) < len(paths):
        raise ImageError("the picture, the losses and the checkpoint need a file each.")


def paint(arguments):
    """Does what the arguments say, and returns the exit status."""
    config = make_config(arguments)
    check_outputs(arguments)
    content, style = find_picture(arguments.content), find_picture(arguments.style)

    from nst_helpers.training import transfer  # TensorFlow starts here, after the quick checks

    status = 0
    try:
        result = transfer(content, style, config, checkpoint=arguments.checkpoint)
    except DivergenceError as error:
        if error.result is None:
            raise
        say(f"{error} {arguments.output} is the best picture until then.")
        result, status = error.result, 2
    save_image(arguments.output, result.image)
    if arguments.losses:
        write_losses(arguments.losses, result.losses)
    return status or (0 if result.finished else INTERRUPTED)


def say(message, *_):
    tqdm.write(f"nst_helpers: {message}", file=sys.stderr)  # above the progress bar, not into it


def main(arguments=None):
    arguments = parse_arguments(arguments)
    warnings.showwarning = say
    try:
        return paint(arguments)
    except (CheckpointError, ConfigError, ImageError, WeightsError, ModuleNotFoundError) as error:
        say(error)
        return 2
    except KeyboardInterrupt:
        say("Interrupted.")
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
