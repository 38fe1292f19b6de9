"""The doctor asks the services that the settings name."""

from __future__ import annotations

from pathlib import Path

from mammothbox.doctor import examine
from mammothbox.services.listening import address, listen
from mammothbox.settings import load_settings
from tests.services.running import running


def test_services_are_asked(tmp_path: Path) -> None:
    with listen("127.0.0.1", 0) as bound:
        gone = address(bound)
    with running("blip") as url:
        chosen = load_settings(
            {}, library=tmp_path, cache=tmp_path, blip_endpoint=url, phi35_endpoint=gone
        )
        checks = {check.name: check for check in examine(chosen)}
    assert checks["service blip"].detail == f"stub-captioner at {url}"
    assert "PHI35_ENDPOINT" in checks["service phi35"].detail
    assert "postponed" in checks["service phi35"].hint
    assert not any(name.startswith(("service clip", "service whisper")) for name in checks)
