"""What is kept from run to run, how much of it, and how it is let go."""

import threading

import pytest

from nst_helpers.machine.cache import CACHE, MOST, Cache


@pytest.fixture
def cache():
    return Cache()


def test_a_value_is_made_once(cache):
    made = []

    def make():
        made.append(len(made))
        return made[-1]

    assert [cache.get("target", key, make) for key in "aabab"] == [0, 0, 1, 0, 1]
    assert cache.get("function", "a", make) == 2  # another kind, another value
    assert made == [0, 1, 2]


def test_none_is_a_value(cache):
    assert cache.get("target", "a", lambda: None) is None
    assert cache.get("target", "a", lambda: 1) is None


@pytest.mark.parametrize("kind", MOST)
def test_what_was_used_longest_ago_goes_first(cache, kind):
    for key in range(MOST[kind]):
        cache.get(kind, key, lambda key=key: key)
    cache.get(kind, 0, lambda: "made again")
    cache.get(kind, "one more", lambda: None)
    assert cache.get(kind, 0, lambda: "made again") == 0
    assert cache.get(kind, 1, lambda: "made again") == "made again"


def test_bytes_are_counted_while_they_are_held(cache):
    for number in range(MOST["target"] + 5):
        cache.get("target", number, lambda n=number: b"x" * n, len)
    cache.get("function", "a", lambda: "counts as part of the process")
    assert cache.nbytes == sum(range(5, MOST["target"] + 5))
    cache.clear()
    assert cache.nbytes == 0
    assert cache.get("target", 7, lambda: "made again") == "made again"


def test_what_fails_to_be_made_is_not_kept(cache):
    def fail():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get("network", "a", fail)
    assert cache.get("network", "a", lambda: 1) == 1


def test_making_one_value_may_take_another(cache):
    def make():
        return cache.get("network", "inner", lambda: 20) + cache.get("function", "b", lambda: 1)

    assert cache.get("network", "outer", make) == 21


def test_two_threads_get_the_same(cache):
    begun, found = threading.Barrier(8), []

    def ask():
        begun.wait()
        found.append(cache.get("target", "a", object))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(map(id, found))) == 1


def test_the_package_has_one():
    assert isinstance(CACHE, Cache)
