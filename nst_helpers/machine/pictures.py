"""Pictures by name: shipped with the package, downloaded once, or taken from scikit-image."""

import importlib.util
from pathlib import Path

from nst_helpers.errors import ImageError, UnavailableError
from nst_helpers.machine.downloads import cached, check_hash, download
from nst_helpers.machine.notices import LOG

_DATA = Path(__file__).parents[1] / "data"
_GITHUB = "https://raw.githubusercontent.com"
_KERAS_IO = f"{_GITHUB}/keras-team/keras-io"
_RENDERED = "examples/generative/img/neural_style_transfer/neural_style_transfer"
_NEURAL_STYLE = f"{_GITHUB}/jcjohnson/neural-style/07c4b8299f8fbdafec0c514fc820ff1d7ff62e46"
_FAST_STYLE = f"{_GITHUB}/lengstrom/fast-style-transfer/0d3d981f7ab948253d355585bdbdfa914247b4d0"

# For each picture its SHA-256 and the addresses to try in order. The Keras example's own addresses
# fail at times; keras-io's rendered page holds copies.
FETCHED = {
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
    "tubingen": (
        "e67d1869f01fd805385c681a80d9ebcf0f70ea4a5fe6127f0606bb1c7f4bf506",
        f"{_NEURAL_STYLE}/examples/inputs/tubingen.jpg",
    ),
    "great_wave": (
        "54f19686bea5117c0bb68ce4425dbed4efafa3e8d7cafe35f0fae80b8223f4be",
        f"{_FAST_STYLE}/examples/style/wave.jpg",
    ),
    "the_scream": (
        "f3075cddeb974a9ee1d6418f7f33fd05185a7ac7dcb4288bd2805d499a9dcaee",
        f"{_NEURAL_STYLE}/examples/inputs/the_scream.jpg",
    ),
    "shipwreck": (
        "4f7cf34e3cd4a5daaf3f421f059ca9a01aaa2a3afd7243d6670c9c8bc001a213",
        f"{_NEURAL_STYLE}/examples/inputs/shipwreck.jpg",
    ),
}
# Photographs in scikit-image's wheel.
PHOTOS = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
}
SHIPPED = tuple(sorted(path.stem for path in _DATA.glob("*.jpg")))
PICTURES = (*SHIPPED, *FETCHED, *PHOTOS)


def picture(name, otherwise=None):
    """Path of a picture by its name.

    Some ship with the package, some are downloaded at first use and kept, and four photographs
    belong to scikit-image, which `pip install 'nst-helpers[photos]'` brings.

    Args:
        name: One of `PICTURES`.
        otherwise: Name of a shipped picture to use, with a notice, where `name` can't be had. None
            raises.

    Returns:
        Path of a JPEG or PNG file.

    Raises:
        ImageError: If no picture has that name, or it can't be had and `otherwise` is None.
    """
    if name not in PICTURES:
        raise ImageError(f"there is no picture named {name!r}: use one of {', '.join(PICTURES)}.")
    if name in SHIPPED:
        return _DATA / f"{name}.jpg"
    try:
        return _fetched(name) if name in FETCHED else _photo(name)
    except UnavailableError as error:
        if otherwise is None:
            raise ImageError(
                f"the picture {error}: use one that ships with the package, such as {SHIPPED[0]}."
            ) from error
        LOG.info("The picture %s: %s is used instead.", error, otherwise)
        return picture(otherwise)


def document_pictures():
    """The Keras example's content and style image, or shipped ones where they can't be had.

    Returns:
        Two paths.
    """
    return (
        picture("paris", otherwise="harbour_town"),
        picture("starry_night", otherwise="swirling_strokes"),
    )


def _fetched(name):
    sha256, *addresses = FETCHED[name]
    known_hash = f"sha256:{sha256}"
    if kept := cached(f"{name}.jpg", lambda path: check_hash(path, known_hash)):
        return kept
    for address in addresses:
        try:
            return download(address, f"{name}.jpg", known_hash)
        except (OSError, UnavailableError, ValueError) as error:
            reason = error
    raise UnavailableError(f"{name} can't be downloaded ({reason})")


def _photo(name):
    spec = importlib.util.find_spec("skimage")  # finds the package without importing it
    for folder in spec.submodule_search_locations if spec else ():
        path = Path(folder, "data", PHOTOS[name])
        if path.is_file():
            return path
    raise UnavailableError(
        f"{name} is part of scikit-image, which is not installed "
        "(run pip install 'nst-helpers[photos]')"
    )
