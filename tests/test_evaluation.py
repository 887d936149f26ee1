"""A picture's losses and gradient against the Keras example's, with the real VGG19."""

import dataclasses

import document
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.evaluation import check_terms
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.convolution import faster_convolution
from nst_helpers.network import PICTURE, network

SIZE = 48, 72
LAYER = "block2_conv1"
AVERAGE = {"pooling": "average"}


@pytest.fixture(scope="module")
def images():
    base = nst.preprocess_image(nst.picture("harbour_town"), *SIZE)
    style = nst.preprocess_image(nst.picture("mosaic"), *SIZE)
    noise = np.random.default_rng(0).normal(0, 10, base.shape).astype("float32")
    return base, style, base + noise


class Mean(nst.Term):
    """A loss of one's own, which notes how often TensorFlow traces it."""

    traced = 0

    def measure(self, x):
        self.traced += 1
        return tf.reduce_mean(x, axis=(0, 1))


class Region(nst.Statistic):
    def measure(self, x, mask=None):
        mask = tf.ones(x.shape[:2]) if mask is None else mask
        return tf.reduce_sum(mask[:, :, tf.newaxis] * x, axis=(0, 1)) / tf.reduce_sum(mask)


def terms_of(config, *extra):
    return nst.build_terms(config, size=SIZE, extra=extra)


def evaluated(terms, base, styles, picture, **kind):
    goals = nst.measure_goals(terms, base, styles, **kind)
    losses, gradient = nst.evaluation(terms, goals, base.shape, **kind)(tf.constant(picture))
    return {name: float(loss) for name, loss in losses.items()}, gradient


# The losses.


def test_total_loss_and_gradient_are_the_examples(images):
    base, style, combination = images
    terms = terms_of(nst.TransferConfig.tutorial())
    losses, gradient = evaluated(terms, base, [style], combination)

    step = document.make_step(document.make_feature_extractor(nst.vgg19_weights()))
    loss, grads = step(tf.Variable(combination), base, style)

    np.testing.assert_allclose(losses["total"], loss, rtol=1e-5)
    assert np.linalg.norm(gradient - grads) / np.linalg.norm(grads) < 1e-5


def test_each_loss_is_its_own_function(images):
    base, style, combination = images
    config = nst.TransferConfig.tutorial()
    terms = terms_of(config)
    goals = nst.measure_goals(terms, base, [style])
    losses = nst.compute_losses(terms, tf.constant(combination), goals)
    maps = [nst.feature_extractor()(image) for image in images]
    name = config.content_layer_name
    content = nst.content_loss(maps[0][name], maps[2][name])
    np.testing.assert_allclose(losses["content"], config.content_weight * content, rtol=1e-4)
    style = sum(
        nst.style_loss(maps[1][name][0], maps[2][name][0], *SIZE)
        for name in config.style_layer_names
    )
    np.testing.assert_allclose(losses["style"], config.style_weight * style / 5, rtol=1e-4)
    variation = nst.total_variation_loss(combination)
    np.testing.assert_allclose(
        losses["total_variation"], config.total_variation_weight * variation, rtol=1e-5
    )


@pytest.mark.parametrize("recipe", ["tutorial", "multiscale"])
def test_the_losses_add_up(images, recipe):
    base, style, combination = images
    terms = terms_of(nst.TransferConfig.recipe(recipe), Mean(LAYER, 1e-3), Mean(PICTURE, 0.1, "a"))
    losses, _ = evaluated(terms, base, [style], combination)
    assert list(losses) == ["total", "content", "style", "total_variation", "mean", "a"]
    assert all(loss > 0 for name, loss in losses.items() if name != "total_variation")
    assert losses["total_variation"] > 0 or recipe == "multiscale"  # smoother than its style
    total = losses.pop("total")
    np.testing.assert_allclose(total, sum(losses.values()), rtol=1e-6)


def test_terms_of_one_name_share_a_loss(images):
    base, style, combination = images
    each = [evaluated([Mean(LAYER, w)], base, [style], combination)[0]["mean"] for w in (2, 3)]
    both = evaluated([Mean(LAYER, 2), Mean(LAYER, 3)], base, [style], combination)[0]
    np.testing.assert_allclose(both["mean"], sum(each), rtol=1e-5)


def test_a_weight_may_be_a_whole_number(images):
    base, style, combination = images
    config = nst.TransferConfig.tutorial(content_weight=0, total_variation_weight=1)
    losses, _ = evaluated(terms_of(config), base, [style], combination)
    assert losses["content"] == 0 < losses["total_variation"]


def test_the_compiled_function_is_the_plain_one(images):
    base, style, combination = images
    terms = terms_of(nst.TransferConfig.multiscale())
    for kind, tolerance in (({}, 1e-4), ({"precision": "bfloat16"}, 1e-2), (AVERAGE, 1e-4)):
        losses, _ = evaluated(terms, base, [style], combination, **kind)
        goals = nst.measure_goals(terms, base, [style], **kind)
        plain = nst.compute_losses(terms, tf.constant(combination), goals, **kind)
        for name, loss in plain.items():
            np.testing.assert_allclose(losses[name], loss, rtol=tolerance)


# The targets.


def test_targets_are_remembered_and_right_for_swapped_pictures(images):
    """Other pictures have others; the same ones need no second pass through VGG19."""
    first, second, _ = images
    terms = terms_of(nst.TransferConfig())
    known, swapped, again = (
        nst.measure_goals(terms, *pictures)
        for pictures in ((first, [second]), (second, [first]), (first, [second]))
    )
    for term, goal, other, same in zip(terms, known, swapped, again, strict=True):
        if term.target is None:
            assert goal.target == other.target == ()
            continue
        assert same.target is goal.target
        assert (goal.target.numpy() != other.target.numpy()).any()
        image = {"content": (first, second), "style": (second, first)}[term.target]
        for found, picture in zip((goal, other), image, strict=True):
            features = nst.feature_extractor([term.layer])(picture)[term.layer][0]
            expected = term.measure(features)
            difference = np.linalg.norm(found.target - expected)
            assert difference < 1e-4 * np.linalg.norm(expected)


def test_a_changed_picture_is_measured_anew(images):
    """Though it is the same array."""
    picture, terms = images[0].copy(), [Mean(PICTURE)]
    before = nst.measure_goals(terms, picture, [picture])[0].target
    picture += 1
    after = nst.measure_goals(terms, picture, [picture])[0].target
    np.testing.assert_allclose(after, before + 1, atol=1e-3)


def test_several_styles_are_mixed_by_weight(images):
    base, style, other = images
    terms = [Region(LAYER), Region(LAYER), Mean(PICTURE)]
    a, b = (nst.measure_goals(terms, base, [image]) for image in (style, other))
    terms[1].mix = 0.0, 5.0
    mixed = nst.measure_goals(terms, base, [style, other], mix=[3.0, 1.0])
    for place, (x, y) in enumerate([(0.75, 0.25), (0.0, 1.0), (0.75, 0.25)]):
        expected = x * a[place].target + y * b[place].target
        np.testing.assert_allclose(mixed[place].target, expected, rtol=1e-5)
    equal = nst.measure_goals(terms, base, [style, other])
    np.testing.assert_allclose(equal[0].target, (a[0].target + b[0].target) / 2, rtol=1e-5)


def test_a_region_weights_what_is_seen_and_how_much_it_counts(images):
    base, style, combination = images
    half = np.zeros((7, 10), "float32")  # a mask may have any size
    half[:, :5] = 1
    losses = []
    for region in (half, 1 - half, None):
        terms = [Region(PICTURE, region=region)]
        goals = nst.measure_goals(terms, base, [style])
        assert float(goals[0].weight) == pytest.approx(1.0 if region is None else 0.5)
        losses.append(nst.compute_losses(terms, tf.constant(combination), goals)["region"])
    left, right = combination[0][:, :36].mean((0, 1)), combination[0][:, 36:].mean((0, 1))
    goal = style[0].mean((0, 1))
    for loss, mean in zip(losses, (left, right), strict=False):
        np.testing.assert_allclose(loss, 0.5 * np.mean((mean - goal) ** 2), rtol=1e-3)


def test_a_region_of_nothing_counts_for_nothing(images):
    base, style, combination = images
    config = nst.TransferConfig()
    terms = nst.build_terms(config, SIZE, [(np.zeros((4, 4), "float32"), None, 1.0)])
    losses, gradient = evaluated(terms, base, [style], combination)
    assert losses["style"] == 0 < losses["content"] and np.isfinite(gradient).all()


# What is kept.


def test_what_the_cache_holds_is_counted_and_let_go(images):
    base, style, _ = images
    CACHE.clear()
    assert CACHE.nbytes == 0
    terms = terms_of(nst.TransferConfig())
    goals = nst.measure_goals(terms, base, [style])
    sizes = [goal.target.shape.num_elements() * 4 for goal in goals[:-1]]
    assert CACHE.nbytes == sum(sizes) > 0
    CACHE.clear()
    assert CACHE.nbytes == 0
    assert nst.measure_goals(terms, base, [style])[0].target is not goals[0].target


def test_it_is_compiled_once_for_each_signature(images):
    base, style, _ = images

    def compiled(terms, shape=base.shape, **kind):
        goals = nst.measure_goals(terms, base, [style])
        return nst.evaluation(terms, goals, shape, **kind).func

    config = nst.TransferConfig()
    usual = compiled(terms_of(config))
    assert compiled(terms_of(config.replace(style_weight=0.5, content_weight=2))) is usual
    other = "turned" if faster_convolution() == "direct" else "direct"
    others = [
        compiled(terms_of(config.replace(losses="relative"))),
        compiled(terms_of(config.replace(content_layer_name="block4_conv2"))),
        compiled(terms_of(config), shape=(1, 48, 48, 3)),
        compiled(terms_of(config), precision="bfloat16"),
        compiled(terms_of(config), pooling="average"),
        compiled(terms_of(config), convolution=other),
        compiled(terms_of(config, Mean(LAYER))),
    ]
    assert len({usual, *others}) == 8


@dataclasses.dataclass
class Powered(nst.Term):
    """It has no hash, and two of them may be equal."""

    layer: str
    power: float = 2.0

    def __post_init__(self):
        super().__init__(self.layer)

    def measure(self, x):
        return tf.reduce_mean(x) ** self.power


def test_a_term_without_a_hash_is_compiled_for_itself(images):
    base, style, _ = images
    one, equal = [Powered(LAYER)], [Powered(LAYER)]
    assert one == equal
    goals = nst.measure_goals(one, base, [style])
    found = [nst.evaluation(terms, goals, base.shape).func for terms in (one, one, equal)]
    assert found[0] is found[1] and found[0] is not found[2]
    three = nst.measure_goals([Powered(LAYER, power=3.0)], base, [style])
    assert abs(three[0].target / goals[0].target - 1) > 0.1


def test_new_weights_and_pictures_need_no_new_compiling(images):
    base, style, combination = images
    config = nst.TransferConfig(style_layer_names=[LAYER], content_layer_name=LAYER)
    for weights in ((1, 1e-6), (0.5, 2e-6)):
        for pictures in ((base, [style]), (style, [base, style])):
            changed = config.replace(content_weight=weights[0], style_weight=weights[1])
            terms = terms_of(changed)
            goals = nst.measure_goals(terms, *pictures)
            evaluate = nst.evaluation(terms, goals, base.shape)
            losses, _ = evaluate(tf.constant(combination))
            plain = nst.compute_losses(terms, tf.constant(combination), goals)
            np.testing.assert_allclose(losses["total"], plain["total"], rtol=1e-5)
    assert evaluate.func.experimental_get_tracing_count() == 1


def test_a_term_of_ones_own_is_its_own_signature(images):
    """The same object is compiled once; another one of its class may have other attributes."""
    base, style, combination = images
    term, other = Mean(LAYER), Mean(LAYER)
    functions = []
    for own in (term, term, other):
        goals = nst.measure_goals([own], base, [style])
        evaluate = nst.evaluation([own], goals, base.shape)
        evaluate(tf.constant(combination))
        functions.append((evaluate.func, own.traced))
    assert functions[0] == functions[1]
    assert functions[2][0] is not functions[0][0]


# Terms that can't be used.


class Places(nst.Term):
    """Of a style image with another size it has another shape."""

    def measure(self, x):
        return x


class Several(Mean):
    def distance(self, seen, target):
        return (seen - target) ** 2


class Endless(Mean):
    def distance(self, seen, target):
        return tf.reduce_sum(seen - target) / 0.0


class Rounded(Mean):
    def distance(self, seen, target):
        return tf.reduce_mean(tf.round(seen - target))


class Counted(Mean):
    def measure(self, x):
        return tf.argmax(x, axis=-1)[:2, :2]


class Plain(Mean):
    def measure(self, x):
        return [float(tf.reduce_mean(x)), x.numpy().max()]


class Cornered(Mean):
    """The root of a sum of squares has no slope at zero, where this one starts."""

    target = "content"

    def distance(self, seen, target):
        return tf.norm(seen - target)


class Untargeted(Mean):
    target = None

    def distance(self, seen, target):
        assert target is None
        return tf.reduce_mean(seen**2)


def check(term, images, **kind):
    base, style, _ = images
    check_terms([Mean(LAYER), term], base, [style[:, :32]], network(**kind))


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (Places(LAYER), r"places measures \(24, 36, 128\) of the picture and \(16, 36, 128\) of "),
        (Several(LAYER), r"several gives a distance of shape \(128,\): make it one number"),
        (Endless(LAYER), r"endless is -?inf for the picture to start from: keep it finite"),
        (Rounded(LAYER), "rounded has no gradient, so nothing tells how to change the picture"),
        (Counted(LAYER), "counted has no gradient"),
        (Plain(LAYER), "plain has no gradient.* leave out .* NumPy"),
        (Cornered(LAYER), "cornered has a gradient that is not finite"),
        (Several(PICTURE, name="mine"), r"mine gives a distance of shape \(3,\)"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_term_that_cant_be_used_is_one_clear_line(images, term, words):
    with pytest.raises(nst.ConfigError, match=f"^the term {words}") as error:
        check(term, images)
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


@pytest.mark.parametrize("kind", [{}, {"precision": "bfloat16", "pooling": "average"}])
def test_terms_that_can_be_used(images, kind):
    for term in (Mean(PICTURE), Untargeted(LAYER), Rounded(LAYER, weight=0), Region(LAYER)):
        check(term, images, **kind)


def test_targets_of_two_sizes_must_be_alike_too(images):
    base, style, _ = images
    check_terms([Mean(LAYER)], base, [style, style[:, :32]], network())
    with pytest.raises(nst.ConfigError, match="places measures"):
        check_terms([Places(LAYER)], base, [style, style[:, :32]], network())


class Bare(nst.Term):
    def __init__(self, layer):
        self.layer = layer


@dataclasses.dataclass
class Unfinished(nst.Term):
    layer: str


@pytest.mark.parametrize("kind", [Bare, Unfinished])
def test_a_term_without_its_settings_is_one_clear_line(images, kind):
    words = f"^{kind.__name__} has no layer, weight and name yet: call super"
    with pytest.raises(nst.ConfigError, match=words):
        check(kind(LAYER), images)
