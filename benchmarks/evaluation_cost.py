"""What does one evaluation cost, beside the Keras example's step, PyTorch's and the peak rate?"""

import math

import reference

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.machine.convolution import faster_precision
from nst_helpers.machine.vgg19 import LAYERS, kernel_shapes

SIDE = 4096


def multiply_adds(config):
    """Multiply-adds of the convolutions and Gram products of one loss with its gradient."""
    rows, cols, total, kernels = reference.ROWS, reference.COLS, 0, kernel_shapes()
    for name in LAYERS[: LAYERS.index(config.content_layer_name) + 1]:
        if name.endswith("pool"):
            rows, cols = rows // 2, cols // 2
            continue
        total += 2 * rows * cols * math.prod(kernels[name])  # forward and backward
        if name in config.style_layer_names:
            total += 2 * rows * cols * kernels[name][-1] ** 2  # FᵀF, and F times what comes back
    return total


def our_seconds(precision):
    picture = tf.constant(reference.paris())
    evaluate = reference.example_evaluation(picture, reference.starry_night(), precision)
    return reference.median_seconds(lambda: evaluate(picture)[1].numpy(), 7)


def matmul_rate(precision):
    """Multiply-adds a second of a large matrix product: the most that this machine could do."""
    a = tf.cast(tf.random.normal((SIDE, SIDE)), precision)
    multiply = tf.function(lambda: tf.matmul(a, a)[0, 0])
    return SIDE**3 / reference.median_seconds(lambda: multiply().numpy(), 7)


def torch_seconds(precision):
    """The same loss and gradient in PyTorch, or None where it isn't installed."""
    try:
        import torch
    except ModuleNotFoundError:
        return None
    functional, config = torch.nn.functional, nst.TransferConfig.tutorial()
    dtype = getattr(torch, precision)
    weights = {
        layer.name: [
            torch.tensor(layer.kernel.numpy()).permute(3, 2, 0, 1).to(dtype),
            torch.tensor(layer.bias.numpy()).to(dtype),
        ]
        for layer in nst.load_vgg19().layers
        if layer.weights
    }

    def features(x):
        found = {}
        for name in LAYERS[: LAYERS.index(config.content_layer_name) + 1]:
            if name.endswith("pool"):
                x = functional.max_pool2d(x, 2)
            else:
                x = functional.relu(functional.conv2d(x, *weights[name], padding=1))
            found[name] = x
        return found

    def gram(x):
        flat = x[0].reshape(x.shape[1], -1).float()
        return flat @ flat.T

    def tensor(image):
        return torch.tensor(image.transpose(0, 3, 1, 2)).contiguous(
            memory_format=torch.channels_last
        )

    with torch.no_grad():
        content = features(tensor(reference.paris()).to(dtype))[config.content_layer_name].float()
        style = features(tensor(reference.starry_night()).to(dtype))
        targets = {name: gram(style[name]) for name in config.style_layer_names}
    scale = config.style_weight / 5 / (36 * (reference.ROWS * reference.COLS) ** 2)

    def evaluate():
        x = tensor(reference.paris()).requires_grad_()
        found = features(x.to(dtype))
        loss = (
            config.content_weight
            * (found[config.content_layer_name].float() - content).square().sum()
        )
        for name, target in targets.items():
            loss = loss + scale * (gram(found[name]) - target).square().sum()
        a = (x[:, :, :-1, :-1] - x[:, :, 1:, :-1]).square()
        b = (x[:, :, :-1, :-1] - x[:, :, :-1, 1:]).square()
        loss = loss + config.total_variation_weight * ((a + b) ** 1.25).sum()
        loss.backward()
        return x.grad

    return reference.median_seconds(evaluate, 5)


def main():
    work = multiply_adds(nst.TransferConfig.tutorial())
    step = reference.example_step_seconds()
    rows = [["the Keras example's step, float32", f"{step:.2f}", "1.00", ""]]
    for precision in dict.fromkeys(["float32", faster_precision()]):
        seconds, peak = our_seconds(precision), matmul_rate(precision)
        rows.append([
            f"one evaluation, {precision}", f"{seconds:.2f}", f"{seconds / step:.2f}",
            f"{work / seconds / peak:.0%} of {peak / 1e9:.0f} G/s",
        ])  # fmt: skip
        if torch := torch_seconds(precision):
            rows.append([f"PyTorch, {precision}", f"{torch:.2f}", f"{torch / step:.2f}", ""])
    print(f"{work / 1e9:.0f} G multiply-adds an evaluation at 400 × 599. Above 100 %, Winograd's")
    print("convolutions are at work: they multiply less than is counted here.\n")
    header = ["", "seconds", "of the example's step", "of the matmul peak (multiply-adds)"]
    print(reference.table(header, rows))


if __name__ == "__main__":
    main()
