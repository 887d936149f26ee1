"""Names and reasons in messages."""

import warnings

import pytest

from nst_helpers.machine.wording import reason, short, warn, without_addresses


def test_a_short_name_stays_as_it_is():
    assert short("별이 빛나는 밤.png") == "별이 빛나는 밤.png"


def test_a_long_name_keeps_its_beginning_and_its_end():
    name = short("https://example.com/" + "x" * 5000 + "/photo.png")
    assert len(name) == 110 and name.startswith("https://example.com/x")
    assert "..." in name and name.endswith("/photo.png")


@pytest.mark.parametrize("name", ["a\nb.png", "a\0b.png", "a\tb.png", "a\udcffb.png", "a\x1bb.png"])
def test_what_a_terminal_cannot_print_is_a_question_mark(name):
    assert short(name) == "a?b.png"


def test_a_reason_is_one_short_line():
    assert reason(ValueError("wrong\n  in   two lines.")) == "wrong in two lines"
    assert reason(KeyError()) == "KeyError"
    assert len(reason(OSError("x" * 5000))) == 110


def test_a_warning_names_its_caller():
    with pytest.warns(UserWarning, match="^it is late$") as seen:
        warn("it is late")
    assert seen[0].filename == __file__


def test_a_warning_never_raises(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn("it is late")
    assert capsys.readouterr().out == "it is late\n"


def test_the_words_for_an_object_are_the_same_in_each_process():
    assert without_addresses(repr([object(), lambda: 0])) == (
        "[<object object>, "
        "<function test_the_words_for_an_object_are_the_same_in_each_process.<locals>.<lambda>>]"
    )
