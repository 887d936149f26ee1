"""The published losses, and those of our own run of the same recipe."""

import nst_helpers as nst


def test_the_published_table():
    published = nst.published_losses()
    assert list(published) == list(range(100, 4001, 100))
    assert published[100] == 11021.63
    assert list(published.values()) == sorted(published.values(), reverse=True)


def test_our_run_keeps_to_it():
    published, measured = nst.published_losses(), nst.measured_losses()
    assert measured and set(measured) <= set(published)
    for iteration, loss in measured.items():
        assert abs(loss / published[iteration] - 1) < 1e-3, iteration


def test_the_published_picture():
    image = nst.load_image(nst.published_result())
    assert image.shape == (400, 599, 3)
    blue_sky, roofs = image[:80].mean(axis=(0, 1)), image[320:].mean(axis=(0, 1))
    assert blue_sky[2] > 1.2 * blue_sky[0] and roofs.mean() < blue_sky.mean()
