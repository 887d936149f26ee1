"""VGG19: its layers as a dictionary, for lessons, and the one walk through it that measures."""

from functools import partial

from nst_helpers.errors import ConfigError
from nst_helpers.machine.backend import check_session, keras, standard_keras, tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.checks import nearest
from nst_helpers.machine.convolution import choose, convolve_by, mirrored, widened
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.machine.weights import read_vgg19, vgg19_weights

PICTURE = "picture"  # a term may look at the picture itself instead of at a layer
MIRRORED = LAYERS[LAYERS.index("block3_conv1") :]  # before it, zeros reach only a few pixels


def load_vgg19():
    """VGG19 (Simonyan and Zisserman, arXiv:1409.1556) without its top, trained on ImageNet.

    Returns:
        Keras's own model, loaded once; see `nst_helpers.machine.weights` for its weights.

    Raises:
        WeightsError: If the weights can't be found or downloaded.
    """

    def load():
        check_session()
        with standard_keras():
            model = keras.applications.VGG19(weights=str(_weights_file()), include_top=False)
        model.trainable = False
        return model

    return CACHE.get("network", "VGG19", load)


def _weights_file():
    return CACHE.get("network", "weights file", vgg19_weights)  # found, and said, once


def _weights(precision):
    """From the name of a convolution to its kernel and bias, tensors that all networks share.

    They are not those of Keras's model, which takes 130 MB.
    """

    def read():
        with tf.init_scope():  # it may be asked for while a function is being traced
            check_session()
            return {
                name: [tf.cast(array, precision) for array in arrays]
                for name, arrays in read_vgg19(_weights_file()).items()
            }

    return CACHE.get("network", f"weights in {precision}", read)


def feature_extractor(layer_names=None):
    """VGG19 as a dictionary of layer outputs, cut off behind the last layer that is asked for.

    Args:
        layer_names: Names such as "block1_conv1"; None means every layer, as in the Keras example.

    Returns:
        A Keras model from pictures of shape (batch, rows, cols, 3), preprocessed, to a dictionary
        from layer name to feature maps of shape (batch, rows', cols', channels).

    Raises:
        ConfigError: If VGG19 has no layer of that name.
    """
    model = load_vgg19()
    names = [layer.name for layer in model.layers] if layer_names is None else layer_names
    if layer_names is not None:
        for name in names:
            check_layer(name)
    outputs_dict = {name: model.get_layer(name).output for name in names}
    return keras.Model(inputs=model.input, outputs=outputs_dict)


def check_layer(name, names=LAYERS):
    """Raises a `ConfigError` unless that is the name of a layer."""
    if name not in names:
        raise ConfigError(
            f"VGG19 has no layer {name!r}: the nearest is {nearest(str(name), names)}."
        )


def map_size(layer, size):
    """Rows and cols of a layer's feature map, for a picture of that size.

    Args:
        layer: Name of a layer, or `PICTURE`.
        size: Rows and cols of the picture.
    """
    before = () if layer == PICTURE else LAYERS[: LAYERS.index(layer) + 1]
    halvings = sum(name.endswith("pool") for name in before)
    return size[0] >> halvings, size[1] >> halvings


def network(precision="float32", pooling="max", convolution="auto", padding="zeros"):
    """The `Network` of that kind, made once.

    Args:
        precision, pooling, convolution, padding: As in `TransferConfig`; "auto" is what this
            machine is fastest at.
    """
    kind = {"pooling": pooling, **choose(precision, convolution), "padding": padding}
    return CACHE.get("network", tuple(kind.values()), lambda: Network(**kind))


class Network:
    """VGG19 as a chain of convolutions and poolings, with what the losses need measured on the way.

    It computes what Keras's model does, with less memory, and by operations that can be chosen.

    Args:
        precision: Type that the layers compute in, "float32" or "bfloat16".
        pooling: "max", as VGG19 was trained, or "average", which Gatys et al. found smoother.
        convolution: The operations of `convolve_by`.
        padding: What convolutions see beyond the border: "zeros", as VGG19 was trained, or, from
            block3 on, "mirror".
    """

    def __init__(self, precision, pooling, convolution, padding):
        self.precision = precision
        self.pooling = pooling
        self.padding = padding
        self._convolve = partial(convolve_by, convolution)
        self._weights = _weights(precision)

    def walk(self, picture, measures, layers=LAYERS):
        """Sends a picture through the layers, as far as anything is measured.

        Args:
            picture: Shape (1, rows, cols, 3), preprocessed; where `layers` begin further behind,
                the feature map before them.
            measures: From the name of a layer, or `PICTURE`, to a function of its feature map:
                float32, shape (rows', cols', channels), to tensors in any structure.
            layers: Names of the layers to pass, one after the other.

        Returns:
            From the same names to what the functions returned.
        """
        seen = {PICTURE: measures[PICTURE](picture[0])} if PICTURE in measures else {}
        deepest = max((layers.index(name) for name in measures if name != PICTURE), default=-1)
        x = picture
        for name in layers[: deepest + 1]:
            if name == layers[deepest]:
                seen[name] = measures[name](_as_float32(self._layer(name, x)))
            elif name in measures:
                x, seen[name] = self._layer_measured(name, x, measures[name])
            else:
                x = self._layer(name, x)
        return seen

    def _layer(self, name, x):
        x = tf.cast(x, self.precision)
        if name.endswith("pool"):
            pool = tf.nn.max_pool2d if self.pooling == "max" else tf.nn.avg_pool2d
            return pool(x, 2, 2, "VALID")
        kernel, bias = self._weights[name]

        def convolve(x):
            return tf.nn.relu(tf.nn.bias_add(self._convolve(x, kernel), bias))

        if self.padding == "mirror" and name in MIRRORED:
            return mirrored(partial(widened, convolve), x)
        return widened(convolve, x)

    def _layer_measured(self, name, x, measure):
        structure = []

        def through(x):
            return _measured_on_the_way(self._layer(name, x), measure, structure)

        # The first map is as large as any and made in no time: it need not be kept.
        x, *measured = _recomputed(through, x) if name == LAYERS[0] else through(x)
        return x, tf.nest.pack_sequence_as(structure[0], measured)


def _as_float32(x):
    """A batch of one feature map as the map alone, in float32."""
    return tf.cast(tf.squeeze(x, 0), tf.float32)  # the gradient of x[0] copies the map


def _recomputed(function, x):
    """The function of x; its activations are recomputed in the backward pass, not kept.

    That is gradient checkpointing; `tf.recompute_grad` keeps them in memory all the same.
    """

    @tf.custom_gradient
    def recomputed(x):
        def gradient(*upstream, variables=()):
            with tf.control_dependencies(upstream):
                again = tf.identity(x)
            with tf.GradientTape() as tape:
                tape.watch(again)
                outputs = function(again)
            return _for_x_alone(tape.gradient(outputs, again, upstream), variables)

        return function(x), gradient

    return recomputed(x)


def _measured_on_the_way(x, measure, structure):
    """Hands a feature map on, with what is measured of it.

    In the backward pass, this layer's share of the gradient waits for what comes from deeper
    layers. Otherwise TensorFlow makes the shares of all layers at once, and keeps float32 copies of
    maps in bfloat16.

    Args:
        x: Feature map, shape (1, rows', cols', channels).
        measure: Function of the map in float32, shape (rows', cols', channels).
        structure: List that gets what `measure` returned, for its structure.

    Returns:
        x, and the measured tensors one after the other.
    """

    def measured(x):
        structure[:] = [measure(_as_float32(x))]
        return tf.nest.flatten(structure[0])

    @tf.custom_gradient
    def on_the_way(x):
        def gradient(upstream, *of_measured, variables=()):
            with tf.control_dependencies([upstream]):
                again = tf.identity(x)
            with tf.GradientTape() as tape:
                tape.watch(again)
                outputs = measured(again)
            share = tape.gradient(outputs, again, of_measured)
            return _for_x_alone(upstream if share is None else upstream + share, variables)

        return (tf.identity(x), *measured(x)), gradient

    return on_the_way(x)


def _for_x_alone(gradient, variables):
    """What a custom gradient returns: variables, of a network in a term say, get none."""
    return (gradient, [None] * len(variables)) if variables else gradient
