"""Pictures by name: those that ship with the package, and the document's two."""

from pathlib import Path

from nst_helpers.downloads import UnavailableError, cached, check_hash, download
from nst_helpers.images import ImageError

_DATA = Path(__file__).parent / "data"
_KERAS_IO = "https://raw.githubusercontent.com/keras-team/keras-io"
_RENDERED = "examples/generative/img/neural_style_transfer/neural_style_transfer"

# The document's own addresses first; they fail at times, so then what keras-io made of them.
_DOCUMENT = {
    "paris": (
        "eeec368e92239026a6b7f2dada212daf74d8ae0bb191e99e4ae6c5d41ad58fc9",
        "https://i.imgur.com/F28w3Ac.jpg",
        f"{_KERAS_IO}/f8b4f578f0d231408fd155518d0ba8e283caa9e9/{_RENDERED}_5_0.jpeg",
        f"{_KERAS_IO}/master/{_RENDERED}_5_0.jpg",
    ),
    "starry_night": (
        "0f0a513035709bfd1da42901a889160c4c864f09f32c9c35c17d641cb8c181bb",
        "https://i.imgur.com/9ooB60I.jpg",
        f"{_KERAS_IO}/e8225e3afceeedf23c124a288724d112fdb5a9c4/{_RENDERED}_5_1.jpg",
        f"{_KERAS_IO}/master/{_RENDERED}_5_1.jpg",
    ),
}
SHIPPED = tuple(sorted(path.stem for path in _DATA.glob("*.jpg")))
PICTURES = (*SHIPPED, *_DOCUMENT)


def picture(name):
    """Path of a picture that ships with the package, or of one of the document's, fetched once.

    Args:
        name: One of `PICTURES`.

    Returns:
        Path of a JPEG file.

    Raises:
        ImageError: If there is none of that name, or a picture of the document can't be fetched.
    """
    if name in SHIPPED:
        return _DATA / f"{name}.jpg"
    if name not in _DOCUMENT:
        raise ImageError(f"there is no picture named {name!r}: use one of {', '.join(PICTURES)}.")
    return _document_picture(name)


def document_pictures():
    """The document's content and style image, or shipped ones where they can't be fetched.

    Returns:
        Two paths.
    """
    try:
        return picture("paris"), picture("starry_night")
    except ImageError as error:
        print(error)
        return picture("harbour_town"), picture("swirling_strokes")


def _document_picture(name):
    sha256, *addresses = _DOCUMENT[name]
    known_hash = f"sha256:{sha256}"
    if kept := cached(f"{name}.jpg", lambda path: check_hash(path, known_hash)):
        return kept
    for address in addresses:
        try:
            return download(address, f"{name}.jpg", known_hash)
        except (OSError, UnavailableError, ValueError) as error:
            reason = error
    raise ImageError(
        f"the document's picture {name} can't be fetched ({reason}): "
        f"use one that ships with the package, such as {SHIPPED[0]}."
    )
