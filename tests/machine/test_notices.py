"""Notices: printed where the program's output goes, and never the reason for an error."""

import io
import logging
import sys

import pytest

from nst_helpers.machine import notices


@pytest.fixture
def log(monkeypatch):
    """The package's logger before any front end has touched it."""
    monkeypatch.setattr(notices.LOG, "handlers", [])
    monkeypatch.setattr(notices.LOG, "propagate", True)
    level = notices.LOG.level
    notices.LOG.setLevel(logging.NOTSET)
    yield notices.LOG
    notices.LOG.setLevel(level)


def test_the_library_alone_prints_nothing(log, capsys):
    log.info("loaded")
    assert capsys.readouterr() == ("", "")


def test_a_notice_is_one_printed_line(log, capsys):
    notices.show_notices()
    notices.show_notices()
    log.info("%s is %d %%", "half", 50)
    assert capsys.readouterr() == ("half is 50 %\n", "")


def test_it_goes_to_the_current_stdout(log, monkeypatch):
    notices.show_notices()
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    log.info("here")
    assert sys.stdout.getvalue() == "here\n"


class BrokenPipe(io.StringIO):
    def write(self, _):
        raise BrokenPipeError


def test_a_stdout_that_fails_is_ignored(log, monkeypatch):
    notices.show_notices()
    closed = io.StringIO()
    closed.close()
    for stdout in (closed, BrokenPipe(), None):
        monkeypatch.setattr(sys, "stdout", stdout)
        log.info("lost")


def test_root_handlers_do_not_repeat_it(log, caplog):
    notices.show_notices()
    log.info("once")
    assert not caplog.records


def test_it_can_be_silenced(log, capsys):
    notices.show_notices()
    logging.getLogger("nst_helpers").setLevel("WARNING")
    log.info("loaded")
    assert capsys.readouterr().out == ""


def test_an_application_s_own_handler_is_kept(log, capsys):
    stream = io.StringIO()
    log.addHandler(logging.StreamHandler(stream))
    log.setLevel(logging.INFO)
    notices.show_notices()
    log.info("loaded")
    assert stream.getvalue() == "loaded\n" and capsys.readouterr().out == ""
