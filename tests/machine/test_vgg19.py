"""The description of VGG19 against Keras's model."""

import subprocess
import sys

from nst_helpers.machine import vgg19
from nst_helpers.machine.backend import keras


def test_layers_and_shapes_are_keras_s():
    model = keras.applications.VGG19(weights=None, include_top=False)
    assert tuple(layer.name for layer in model.layers[1:]) == vgg19.LAYERS
    kernels = {layer.name: layer.kernel.shape for layer in model.layers if layer.weights}
    assert list(vgg19.kernel_shapes().items()) == list(kernels.items())


def test_import_leaves_tensorflow_alone():
    code = "import sys, nst_helpers.machine.vgg19; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
