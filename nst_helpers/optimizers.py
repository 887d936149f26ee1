"""What turns gradients into the next picture, compiled, with all of its state on the device."""

from nst_helpers.backend import tf

DOCUMENT_PIXELS = 400 * 599  # the size that the document's learning rate of 100 belongs to


class GradientDescent:
    """The document's optimizer: x ← x − rate · gradient, with a rate that decays.

    rate = initial_learning_rate · decay_rate^(updates / decay_steps), times the picture's pixels
    over the document's: all pixels share the style loss, so each pixel's gradient grows as
    the picture gets smaller, and a step that is right for 400 rows overshoots at 128.

    Args:
        loss_and_gradient: Function from a picture to (`LossParts`, gradient).
        picture: `tf.Variable` of shape (1, rows, cols, 3), changed in place.
        config: A `TransferConfig`, for the three constants of the rate.
    """

    def __init__(self, loss_and_gradient, picture, config):
        rows, cols = picture.shape[1:3]
        self._loss_and_gradient = loss_and_gradient
        self._picture = picture
        self._config = config
        self._initial_rate = config.initial_learning_rate * rows * cols / DOCUMENT_PIXELS
        self._updates = tf.Variable(0.0, trainable=False)
        self.advance = tf.function(self._advance)  # one for each run: its graph goes with it

    def _advance(self, iterations):
        """Updates the picture several times without coming back to Python.

        Args:
            iterations: How many updates, 1 or more, a scalar integer tensor.

        Returns:
            `LossParts` of the picture before the last update: what the document prints.
        """
        parts = self._update()
        for _ in tf.range(iterations - 1):
            parts = self._update()
        return parts

    def _update(self):
        parts, gradient = self._loss_and_gradient(self._picture)
        decay = self._config.decay_rate ** (self._updates / self._config.decay_steps)
        self._picture.assign_sub(self._initial_rate * decay * gradient)
        self._updates.assign_add(1.0)
        return parts
