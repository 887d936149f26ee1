"""The network: a dictionary of layers for lessons, and the walk, against Keras's own model."""

import json
import subprocess
import sys

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import keras, tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.convolution import faster_convolution
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.machine.weights import read_vgg19, vgg19_weights
from nst_helpers.network import PICTURE, check_layer, map_size, network

SIZE = 45, 62  # odd, so that pooling drops a row or a column at nearly every block


@pytest.fixture(scope="module")
def picture():
    return tf.constant(nst.preprocess_image(nst.picture("harbour_town"), *SIZE))


@pytest.fixture(scope="module")
def averaging():
    """Keras's VGG19 with its poolings replaced, as a dictionary of layers."""

    def layer_like(layer):
        config = layer.get_config()
        if isinstance(layer, keras.layers.MaxPooling2D):
            return keras.layers.AveragePooling2D.from_config(config)
        return type(layer).from_config(config)

    model = keras.models.clone_model(nst.load_vgg19(), clone_function=layer_like)
    model.set_weights(nst.load_vgg19().get_weights())
    return keras.Model(model.input, {layer.name: layer.output for layer in model.layers})


def error(found, expected):
    """The distance of two tensors, relative to the second one's size."""
    found, expected = (tf.cast(x, tf.float32).numpy() for x in (found, expected))
    assert found.shape == expected.shape
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


# The dictionary of layers.


def test_the_network_is_cut_off_behind_the_last_layer():
    names = [layer.name for layer in nst.feature_extractor(["block3_conv1"]).layers]
    assert names[-1] == "block3_conv1"
    assert set(nst.feature_extractor().output) >= set(LAYERS)


def test_an_unknown_layer_gets_the_nearest():
    for find in (lambda name: nst.feature_extractor(["block1_conv1", name]), check_layer):
        with pytest.raises(nst.ConfigError, match="no layer 'block3conv1': the nearest is block3_"):
            find("block3conv1")


def test_any_number_and_size_of_pictures(rng):
    """Also where neither is known when the network is compiled."""
    extractor = nst.feature_extractor(["block4_conv1"])
    pictures = tf.constant(rng.normal(0, 50, (3, 40, 56, 3)), tf.float32)
    each = [extractor(pictures[i : i + 1])["block4_conv1"] for i in range(3)]
    together = extractor.predict(pictures, batch_size=2, verbose=0)["block4_conv1"]
    shape = tf.TensorSpec((None, None, None, 3))
    unknown = tf.function(lambda x: extractor(x)["block4_conv1"], input_signature=[shape])(pictures)
    for found in (together, unknown):
        assert error(found, np.concatenate(each)) < 1e-5


def test_vgg19_is_loaded_once():
    assert nst.load_vgg19() is nst.load_vgg19()
    assert network() is network("float32", "max")
    assert network() is network(convolution=faster_convolution())
    others = {network(convolution=way) for way in ("direct", "turned")}
    assert (
        len({network("bfloat16"), network(pooling="average"), network(padding="mirror"), *others})
        == 5
    )


@pytest.mark.parametrize("layout", ["as it came", ".weights.h5"])
def test_what_is_read_from_the_file_is_what_keras_reads(tmp_path, layout):
    path, model = vgg19_weights(), nst.load_vgg19()
    if layout == ".weights.h5":
        path = tmp_path / "kept.weights.h5"
        model.save_weights(path)
    read = [array for arrays in read_vgg19(path).values() for array in arrays]
    for ours, kerass in zip(read, model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, kerass)


# In a process of its own, by operations that are none of Keras's.
KERNELS = """
import json
import nst_helpers as nst
from nst_helpers.machine.backend import keras, tf
from nst_helpers.network import network
picture = tf.constant(nst.preprocess_image(nst.picture("harbour_town"), 48, 72))
with tf.GradientTape() as tape:
    tape.watch(picture)
    vgg19 = network(convolution="turned+winograd")
    walked = vgg19.walk(picture, {"block4_conv2": tf.identity, "block5_conv1": tf.identity})
    loss = tf.add_n([tf.reduce_mean(x**2) for x in walked.values()])
with tf.GradientTape() as other:
    other.watch(picture)
    maps = nst.feature_extractor(list(walked))(picture)
    expected = tf.add_n([tf.reduce_mean(x**2) for x in maps.values()])
pairs = (loss, expected), (tape.gradient(loss, picture), other.gradient(expected, picture))
own = keras.layers.Conv2D(1, 1).convolution_op.__func__
model = nst.load_vgg19()
convolutions = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
kernels = [layer.kernel.value for layer in convolutions]
with tf.GradientTape() as tape:
    tape.watch(kernels)
    loss = tf.reduce_mean(model(picture) ** 2)
gradients = tape.gradient(loss, kernels)
print(json.dumps({
    "own": [layer.convolution_op.__func__ is own for layer in convolutions],
    "errors": [float(tf.norm(a - b) / tf.norm(b)) for a, b in pairs],
    "norms": [None if g is None else float(tf.norm(g)) for g in gradients],
}))
"""


def test_the_model_handed_out_is_kerass_own():
    """Its convolutions are untouched, so that a learner may take gradients of their kernels.

    The walk uses faster ones on the side, and sees the same.
    """
    done = subprocess.run([sys.executable, "-c", KERNELS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["own"] == [True] * 16
    assert None not in found["norms"] and min(found["norms"]) > 0
    assert max(found["errors"]) < 1e-4


# The walk.


def identities(names):
    return dict.fromkeys(names, tf.identity)


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 2e-5), ("bfloat16", 0.03)])
def test_each_map_is_kerass(picture, precision, tolerance):
    walked = network(precision).walk(picture, identities([PICTURE, *LAYERS]))
    expected = nst.feature_extractor()(picture)
    np.testing.assert_array_equal(walked[PICTURE], picture[0])
    for name in LAYERS:
        assert walked[name].dtype == tf.float32
        assert error(walked[name], expected[name][0]) < tolerance, name


def test_average_pooling_is_kerass(picture, averaging):
    walked = network(pooling="average").walk(picture, identities(LAYERS))
    expected = averaging(picture)
    for name in LAYERS:
        assert error(walked[name], expected[name][0]) < 2e-5, name


@pytest.mark.parametrize("convolution", ["direct", "winograd"])
def test_mirrored_padding(picture, convolution):
    """From block3 on each map goes on by its own edge, layer by layer."""
    walked = network(convolution=convolution, padding="mirror").walk(picture, identities(LAYERS))
    model, before = nst.load_vgg19(), picture
    for name in LAYERS:
        layer = model.get_layer(name)
        if name < "block3" or name.endswith("pool"):
            expected = layer(before)
        else:
            around = tf.pad(before, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
            expected = layer(around)[:, 1:-1, 1:-1]
        assert error(walked[name], expected[0]) < 2e-5, name
        before = expected


def test_the_size_of_each_map(picture):
    walked = network().walk(picture, identities([PICTURE, *LAYERS]))
    for name, found in walked.items():
        assert map_size(name, SIZE) == tuple(found.shape[:2]), name


@pytest.mark.parametrize(
    "names",
    [
        [],
        [PICTURE],
        ["block1_conv1"],
        ["block2_pool"],
        [PICTURE, "block4_conv2"],
        ["block3_conv1", "block1_conv2", PICTURE],
    ],
    ids=str,
)
def test_any_layers_may_be_asked_for(picture, names):
    """In any order, and without those of the recipes."""
    walked = network().walk(picture, identities(names))
    assert set(walked) == set(names)
    for name in names:
        expected = picture if name == PICTURE else nst.feature_extractor([name])(picture)[name]
        assert error(walked[name], expected[0]) < 2e-5


def test_what_is_measured_may_have_any_structure(picture):
    measures = {
        "block1_conv1": lambda x: {"mean": tf.reduce_mean(x), "rest": [x[0], (x[:, 0],)]},
        "block1_conv2": lambda x: (),
        "block2_conv1": lambda x: (tf.reduce_max(x), tf.reduce_min(x)),
    }
    walked = network().walk(picture, measures)
    assert walked["block1_conv1"]["rest"][1][0].shape == (SIZE[0], 64)
    assert walked["block1_conv2"] == ()
    assert [x.shape for x in walked["block2_conv1"]] == [(), ()]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("pooling", ["max", "average"])
@pytest.mark.parametrize(
    "names",
    [
        ["block1_conv1"],
        [PICTURE, "block2_pool"],
        [PICTURE, "block1_conv1", "block3_conv1", "block4_conv2", "block4_pool"],
    ],
    ids=len,
)
def test_gradients_are_those_of_kerass_model(rng, picture, averaging, compiled, pooling, names):
    """The walk recomputes and reorders its backward pass; a plain tape through Keras does not."""
    parts = {name: rng.normal(0, 1, map_size(name, SIZE)).astype("float32") for name in names}
    own, keras_model = network(pooling=pooling), nst.feature_extractor()
    keras_model = averaging if pooling == "average" else keras_model

    def measure(name, x):
        return tf.reduce_mean(parts[name][:, :, tf.newaxis] * x), tf.reduce_mean(x**2)

    def of_walk(picture):
        walked = own.walk(picture, {name: lambda x, n=name: measure(n, x) for name in names})
        return tf.add_n(tf.nest.flatten(walked))

    def of_keras(picture):
        maps = {PICTURE: picture, **keras_model(picture)}
        return tf.add_n(tf.nest.flatten([measure(name, maps[name][0]) for name in names]))

    def gradient(function):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            value = function(picture)
        return value, tape.gradient(value, picture)

    found = (tf.function(gradient) if compiled else gradient)(of_walk)
    for ours, theirs in zip(found, gradient(of_keras), strict=True):
        assert error(ours, theirs) < 1e-4


def test_a_network_may_be_made_while_a_function_is_traced(picture):
    """It is kept for later functions, so nothing of the first one's graph may be in it."""
    CACHE.clear()
    means = [
        tf.function(lambda x: network("bfloat16").walk(x, {"block1_pool": tf.reduce_mean}))(picture)
        for _ in range(2)
    ]
    assert means[0] == means[1]


def test_a_measurement_may_use_variables(picture):
    """Such as a small network of one's own; its variables stay as they are."""
    factor = tf.Variable(2.0)
    measures = {
        "block1_conv1": lambda x: tf.reduce_mean(factor * x),
        "block2_conv1": lambda x: tf.reduce_mean(factor * x),
        "block2_conv2": tf.reduce_mean,
    }

    @tf.function
    def gradient(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            loss = tf.add_n(list(network().walk(picture, measures).values()))
        return tape.gradient(loss, picture)

    found = gradient(picture)
    factor.assign(4.0)
    assert error(gradient(picture), found) > 0.1
