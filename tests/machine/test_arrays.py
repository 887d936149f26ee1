"""Arrays and tensors as people have them in hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nst_helpers.errors import ImageError
from nst_helpers.machine.arrays import is_array, mask_array, picture_array
from nst_helpers.machine.backend import tf


@pytest.fixture
def image(rng):
    image = rng.integers(0, 256, (6, 7, 3), "uint8")
    image[0, 0], image[0, 1] = 0, 255
    return image


class Tensor:
    """What PyTorch's tensors have, on a graphics card and within a graph."""

    def __init__(self, array, ready=False):
        self.array, self.ready, self.dtype = array, ready, f"torch.{array.dtype}"

    def detach(self):
        return self

    def cpu(self):
        return Tensor(self.array, ready=True)

    def float(self):
        return Tensor(self.array.astype("float32"), self.ready)

    def numpy(self):
        if not self.ready or self.dtype == "torch.bfloat16":
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return self.array

    __array__ = numpy


class NoArray:
    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")


KINDS = {
    "floats of 0..255": lambda a: a.astype("float32"),
    "floats of 0..1": lambda a: a / 255,
    "16-bit floats of 0..1": lambda a: (a / 255).astype("float16"),
    "floats a little beyond": lambda a: a / 255 * 1.001 - 0.0005,
    "floats a little beyond 255": lambda a: a * 1.001,
    "signed integers": lambda a: a.astype("int64"),
    "integers in the other byte order": lambda a: a.astype(">i4"),
    "16-bit integers of 0..255": lambda a: a.astype("uint16"),
    "16-bit integers": lambda a: a.astype("uint16") * 257,
    "16-bit integers in the other byte order": lambda a: (a.astype("uint16") * 257).astype(">u2"),
    "a batch of one": lambda a: a[np.newaxis],
    "a batch of a batch": lambda a: a[np.newaxis, np.newaxis],
    "channels first": lambda a: np.moveaxis(a, 2, 0),
    "a batch with channels first": lambda a: np.moveaxis(a, 2, 0)[np.newaxis] / 255,
    "a view backwards": lambda a: a[::-1].copy()[::-1],
    "an image of TensorFlow": lambda a: tf.constant(a),
    "a batch of TensorFlow": lambda a: tf.constant(a[np.newaxis], tf.float32),
    "a variable of TensorFlow": lambda a: tf.Variable(a / 255),
    "an image of PyTorch": lambda a: Tensor(a),
    "a batch of PyTorch": lambda a: Tensor(np.moveaxis(a, 2, 0)[np.newaxis] / 255),
    "a masked array": lambda a: np.ma.masked_array(a),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_array_is_the_same_picture(image, kind, tried):
    source = KINDS[kind](image)
    assert is_array(source)
    with tried("an array or a tensor of another type, shape or scale as the picture"):
        picture = picture_array(source)
        assert picture.dtype == np.uint8 and picture.shape == image.shape
        assert np.abs(picture.astype(int) - image).max() <= (1 if "float" in kind else 0)


def test_brain_floats_of_tensorflow(image):
    picture = picture_array(tf.cast(tf.constant(image / 255), tf.bfloat16))
    assert np.abs(picture.astype(int) - image).max() <= 1


@pytest.mark.parametrize("shape", [(6, 7), (6, 7, 1), (1, 6, 7), (1, 6, 7, 1), (1, 1, 6, 7)])
def test_gray_of_every_shape(rng, shape):
    gray = rng.integers(0, 256, (6, 7), "uint8")
    np.testing.assert_array_equal(picture_array(gray.reshape(shape)), gray)


@pytest.mark.parametrize("shape", [(6, 7, 4), (1, 6, 7, 4)])
def test_transparency_stays(rng, shape):
    values = rng.integers(0, 256, shape, "uint8")
    assert picture_array(values).shape == (6, 7, 4)
    assert picture_array(np.moveaxis(values, -1, -3)).shape == (6, 7, 4)


def test_booleans_are_black_and_white():
    assert picture_array(np.eye(3, dtype=bool)).tolist() == (255 * np.eye(3)).tolist()


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "uint16", "bool"])
def test_black_stays_black(kind):
    assert not picture_array(np.zeros((4, 5, 3), kind)).any()


def test_the_scale_of_floats_is_told_by_the_largest():
    assert picture_array(np.full((2, 2), 1.0)).max() == 255
    assert picture_array(np.full((2, 2), 2.0)).max() == 2
    assert picture_array(np.full((2, 2), 0.25)).max() == 64


def test_a_mask_of_integers_may_be_0_and_1():
    for kind in ("uint8", "int64", "uint16"):
        assert mask_array(np.eye(3, dtype=kind)).tolist() == np.eye(3).tolist()
        assert mask_array(255 * np.eye(3, dtype=kind)).tolist() == np.eye(3).tolist()
    assert mask_array(65535 * np.eye(3, dtype="uint16")).tolist() == np.eye(3).tolist()


def test_what_is_no_array():
    for thing in ("a.png", b"a", None, 3, [1, 2], open):
        assert not is_array(thing)


BAD = {
    "no number": (np.full((4, 5), np.nan), r"holds values that are infinite or no numbers \(NaN\)"),
    "one infinite": (np.array([[0, np.inf]]), "np.nan_to_num"),
    "negative floats": (np.array([[-1.0, 1.0]]), r"floats within -1\.\.1: they must lie within 0"),
    "a combination image": (np.full((1, 4, 5, 3), -103.9), "nst.deprocess_image makes"),
    "floats too large": (np.array([[0.0, 300.0]]), r"floats within 0\.\.300"),
    "floats of either scale": (np.array([[0.0, 1.4]]), r"floats up to 1\.4, on a scale of"),
    "negative integers": (np.array([[-1, 1]]), r"integers within -1\.\.1: they must lie within 0"),
    "integers too large": (np.array([[0, 256]]), r"integers within 0\.\.256: .* as uint16"),
    "complex": (np.zeros((4, 4), complex), "must hold numbers or booleans, not complex128"),
    "words": (np.full((4, 4), "in"), "must hold numbers or booleans, not <U2"),
    "objects": (np.full((4, 4), None), "must hold numbers or booleans, not object"),
    "a structure": (np.zeros((4, 4), "u1,u1"), "must hold numbers or booleans, not "),
    "dates": (np.zeros((4, 4), "M8[s]"), "must hold numbers or booleans, not datetime64"),
    "a number": (np.float64(3), r"must have shape .*, not \(\)"),
    "a row": (np.zeros(5), r"must have shape .*, not \(5,\)"),
    "two channels": (np.zeros((4, 4, 2)), r"must have shape .*, not \(4, 4, 2\)"),
    "five channels": (np.zeros((6, 7, 5)), r"must have shape .*, not \(6, 7, 5\)"),
    "nothing": (np.zeros((0, 4)), r"must have shape .*, not \(0, 4\)"),
    "no channels": (np.zeros((4, 4, 0)), r"must have shape .*, not \(4, 4, 0\)"),
    "a batch": (np.zeros((2, 4, 5, 3)), r"of shape \(2, 4, 5, 3\) holds 2 pictures: give arr"),
    "a film": (np.zeros((2, 2, 4, 5, 3)), r"must have shape .*, not \(2, 2, 4, 5, 3\)"),
    "channels first or last": (Tensor(np.zeros((3, 5, 3))), "first or last: give it as tens"),
    "on another device": (NoArray(), "no array can be made of a NoArray: Implicit conversion"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BAD)
def test_doubts_are_one_clear_line(kind, tried):
    source, words = BAD[kind]
    for make in (picture_array, mask_array):
        with tried("an array that is no picture, or leaves doubts"):
            with pytest.raises(ImageError, match=words) as error:
                make(source)
            assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_a_symbolic_tensor_is_one_clear_line():
    @tf.function
    def trace(x):
        assert is_array(x)
        with pytest.raises(ImageError, match="no array can be made of a SymbolicTensor"):
            picture_array(x)
        return x

    trace(tf.zeros((4, 5, 3)))


def test_a_real_tensor_of_pytorch(image):
    torch = pytest.importorskip("torch")
    tensor = torch.tensor(np.moveaxis(image, 2, 0) / 255, requires_grad=True)
    for source in (tensor, tensor[None], tensor.detach().to(torch.float32), torch.tensor(image)):
        np.testing.assert_array_equal(picture_array(source), image)


sides = st.integers(0, 5)
shapes = st.lists(sides, min_size=0, max_size=5).map(tuple)


@given(arrays(st.sampled_from(["?", "u1", "i2", "u2", "f2", "f4", "c8"]), shapes))
def test_any_array_is_a_picture_or_refused(array):
    try:
        picture = picture_array(array)
    except ImageError as error:
        assert "\n" not in str(error) and len(str(error)) < 300
    else:
        assert picture.dtype == np.uint8 and picture.size == array.size
        assert picture.ndim == 2 or picture.shape[2] in (1, 3, 4)
