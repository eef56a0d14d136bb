"""Settings: closed doors, an honest name, and a replay that cannot reach the network."""

import logging

import pytest
from scrapy.settings import default_settings

from crawlers.settings import crawl_settings, user_agent, warn_without_contact


def test_every_key_is_one_that_scrapy_knows() -> None:
    unknown = set(crawl_settings(replay=False)) - set(dir(default_settings))
    assert not unknown


def test_nothing_but_http_is_reachable_and_a_replay_reaches_nothing() -> None:
    live = crawl_settings(replay=False)
    replay = crawl_settings(replay=True)
    assert {name for name, handler in live["DOWNLOAD_HANDLERS"].items() if handler} == {"http", "https"}
    assert set(replay["DOWNLOAD_HANDLERS"].values()) == {"crawlers.replay.ReplayHandler", None}
    assert set(live["DOWNLOAD_HANDLERS"]) == set(default_settings.DOWNLOAD_HANDLERS_BASE)
    assert not any(
        live[key] for key in ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED", "COOKIES_ENABLED")
    )


def test_the_name_is_honest_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETRA_CONTACT", "redaksi@warta.test\r\nX-Palsu: 1")
    assert user_agent() == "Netra/0.1 (election neutrality monitor; redaksi@warta.testX-Palsu: 1)"
    monkeypatch.delenv("NETRA_CONTACT")
    assert "no contact given" in user_agent()


def test_a_missing_contact_is_said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    monkeypatch.setenv("NETRA_CONTACT", "redaksi@warta.test")
    warn_without_contact()
    assert not caplog.records
    monkeypatch.setenv("NETRA_CONTACT", " ")
    warn_without_contact()
    assert "NETRA_CONTACT" in caplog.text
