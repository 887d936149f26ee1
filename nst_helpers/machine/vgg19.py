"""The layers of VGG19, without TensorFlow (Simonyan and Zisserman, 2014, arXiv:1409.1556)."""

BLOCKS = (2, 64), (2, 128), (4, 256), (4, 512), (4, 512)  # convolutions and channels of each

_CONVOLUTIONS = tuple(
    tuple(f"block{block}_conv{number}" for number in range(1, count + 1))
    for block, (count, _) in enumerate(BLOCKS, 1)
)

# The names of the layers in order, from block1_conv1 to block5_pool.
LAYERS = tuple(
    name for block, names in enumerate(_CONVOLUTIONS, 1) for name in (*names, f"block{block}_pool")
)


def kernel_shapes():
    """Kernel shapes of the convolutions.

    Returns:
        Dict of layer name to (height, width, input channels, output channels), in order.
    """
    shapes, depth = {}, 3
    for names, (_, channels) in zip(_CONVOLUTIONS, BLOCKS, strict=True):
        for name in names:
            shapes[name] = 3, 3, depth, channels
            depth = channels
    return shapes
