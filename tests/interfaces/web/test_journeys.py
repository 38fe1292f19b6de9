"""What people do with the page, done in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, Route, expect

if TYPE_CHECKING:
    from tests.interfaces.web.conftest import Open, Server

Shot = Callable[[Page, str], None]
PICTURE = re.compile("Photo: ")


def test_taking_in_a_folder_with_live_progress(fresh: Server, opened: Open, shot: Shot) -> None:
    page = opened(fresh)
    expect(page.get_by_role("heading", name="Nothing here yet")).to_be_visible()
    page.get_by_role("link", name="Add a folder").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Path").fill(str(fresh.folder))
    dialog.get_by_label("What is it?").fill("our trip to Norway")
    dialog.get_by_role("button", name="Take in this folder").click()
    job = page.locator(".job").first
    expect(job).to_contain_text("Taking in")
    expect(job).to_contain_text(re.compile("Looking|Reading|Describing|Listening"))
    expect(job).to_contain_text("finished", timeout=60_000)
    expect(job).to_contain_text("understood")
    expect(page.get_by_text("Corrupt: broken.jpg")).to_be_visible()
    shot(page, "activity")
    page.get_by_role("link", name="Library").click()
    expect(page.get_by_role("listitem", name=PICTURE).first).to_be_visible()
    found = page.evaluate("fetch('api/v1/search?q=norway').then((answer) => answer.json())")
    said = {why["text"] for hit in found["hits"] for why in hit["why"] if why["how"] == "words"}
    assert "our trip to Norway" in said


def test_cancelling_what_is_taken_in(fresh: Server, opened: Open) -> None:
    page = opened(fresh, "#/activity")
    fresh.desk.submit("ingest", {"paths": ["/slow"]}, _slow)
    card = page.locator(".job").first
    card.get_by_role("button", name="Pause").click()
    expect(card).to_contain_text("paused")
    card.get_by_role("button", name="Go on").click()
    expect(card).to_contain_text("running")
    card.get_by_role("button", name="Cancel").click()
    expect(card).to_contain_text("cancelled")


def _slow(library: object, job: object) -> None:
    import time

    for number in range(3000):
        job.step(number, 3000)  # type: ignore[attr-defined]
        time.sleep(0.01)


def test_a_search_as_you_type_leads_to_the_second(server: Server, opened: Open, shot: Shot) -> None:
    page = opened(server)
    page.get_by_role("searchbox").press_sequentially("second 4", delay=20)
    hit = page.locator(".hit.audio", has_text="REC_0007").first
    expect(hit).to_be_visible()
    expect(hit.locator("mark").first).to_be_visible()
    shot(page, "search")
    hit.get_by_role("link", name="▶ 0:04").click()
    sound = page.locator("audio")
    expect(sound).to_be_visible()
    page.wait_for_function("() => document.querySelector('audio').currentTime >= 3.9")
    assert page.evaluate("document.querySelector('audio').paused") is False
    expect(page.locator(".said [aria-current]")).to_contain_text(re.compile("second [456]"))
    shot(page, "sound")
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="files for")).to_be_visible()


def test_a_hit_in_a_document_opens_its_page(server: Server, opened: Open, shot: Shot) -> None:
    page = opened(server, "#/search?q=allotment&kind=document")
    hit = page.locator(".hit", has_text="allotment-report.pdf").first
    hit.get_by_role("link", name=re.compile("page [0-9]")).first.click()
    sheet = page.get_by_role("img", name="page 1", exact=True)
    expect(sheet).to_be_visible()
    page.wait_for_function("() => document.querySelector('.sheets img').naturalWidth > 800")
    shot(page, "document")


def test_a_tag_and_a_title_stay_when_everything_is_taken_in_anew(
    server: Server, opened: Open, shot: Shot
) -> None:
    digest = server.digest("IMG_2106.jpg")
    page = opened(server, f"#/item/{digest}")
    page.get_by_placeholder("Add a tag").fill("grandmother")
    page.get_by_placeholder("Add a tag").press("Enter")
    expect(page.locator(".tags .mine", has_text="grandmother")).to_be_visible()
    page.get_by_label("Title", exact=True).fill("<b>Granny</b> & the telescope")
    page.get_by_label("Title", exact=True).press("Enter")
    expect(page.get_by_text("Saved")).to_be_visible()
    server.job("/ingest", {"paths": [str(server.folder)]})
    page.reload()
    expect(page.locator(".tags .mine", has_text="grandmother")).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_value("<b>Granny</b> & the telescope")
    assert page.locator(".item b").count() == 0
    shot(page, "photo")


def test_markup_in_names_and_words_is_shown_as_text(fresh: Server, opened: Open) -> None:
    markup = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    odd = fresh.folder / "odd"
    odd.mkdir()
    name = "<img src=x onerror=alert(1)> & co.jpg"
    shutil.copy(fresh.folder / "photos" / "IMG_2104.jpg", odd / name)
    (odd / "<b>bold<b>.txt").write_text(f"A zebra crossing. {markup} And a zebra again.")
    fresh.job("/ingest", {"paths": [str(odd)]})
    digest = fresh.digest(name)
    fresh.http.patch(
        f"/files/{digest}", json={"title": markup, "caption": markup, "add_tags": ["<i>tag</i>"]}
    )
    made = fresh.job("/plans", {"folder": str(odd), "by": "kind", "writer": False})
    places = {
        "": ".tile img",
        "#/library?tag=<i>tag</i>": ".tile img",
        "#/search?q=zebra": ".hit .why",
        f"#/item/{digest}": ".tags .mine",
        "#/groups": ".groups, .empty",
        f"#/arrange/{made['result']['plan']}": ".folder",
        "#/activity": ".job",
    }
    for where, ready in places.items():
        page = opened(fresh, where)
        expect(page.locator(ready).first).to_be_visible()
        assert page.locator("img[src=x], main script, main b, #over b").count() == 0, where
        assert not page.title().isdigit()
        page.context.close()
    page = opened(fresh, f"#/item/{digest}")
    expect(page.get_by_label("Title", exact=True)).to_have_value(markup)
    expect(page.locator(".tags .mine")).to_contain_text("<i>tag</i>")
    page = opened(fresh, "#/search?q=zebra")
    expect(page.locator(".hit").first).to_contain_text("<script>")


def test_a_plan_is_changed_by_dragging_applied_and_undone(
    server: Server, opened: Open, shot: Shot
) -> None:
    before = sorted(path.relative_to(server.folder) for path in server.folder.rglob("*.*"))
    page = opened(server, "#/arrange")
    page.get_by_label("Folders stand for").select_option("kind")
    page.get_by_role("button", name="Propose folders").click()
    expect(page.get_by_text(re.compile("files move"))).to_be_visible(timeout=60_000)
    shot(page, "plan")
    folders = page.locator(".folder")
    goal = folders.nth(1)
    name = goal.get_by_label("Name of the folder").input_value()
    file = folders.first.locator(".files button").first
    source = file.get_attribute("title")
    file.drag_to(goal)
    moved = page.locator(f'.folder[aria-label="{name}"] .files button[title="{source}"]')
    expect(moved).to_be_visible()
    renamed = page.locator(f'.folder[aria-label="{name}"]').get_by_label("Name of the folder")
    renamed.fill("My own folder")
    renamed.press("Enter")
    mine = page.locator('.folder[aria-label="My own folder"]')
    outer = folders.first.get_attribute("aria-label")
    mine.locator("header .small").first.drag_to(folders.first.locator(".files"))
    expect(page.locator(f'.folder[aria-label="{outer}/My own folder"]')).to_be_visible()
    expect(page.get_by_role("region", name="Then")).to_contain_text("My own folder/")
    page.get_by_role("button", name="Apply", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Apply").click()
    expect(page.get_by_text(re.compile(r"\d+ files moved"))).to_be_visible(timeout=60_000)
    assert source is not None
    assert (server.folder / str(outer) / "My own folder" / source.split("/")[-1]).is_file()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Everything is back in its place")).to_be_visible(timeout=60_000)
    after = sorted(path.relative_to(server.folder) for path in server.folder.rglob("*.*"))
    assert after == before


def test_a_view_that_was_left_is_not_drawn_when_its_answer_comes(
    server: Server, opened: Open
) -> None:
    page = opened(server, "#/activity")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()
    held: list[Route] = []
    page.route("**/api/v1/choices", lambda route: held.append(route))
    with page.expect_request("**/api/v1/choices"):
        page.get_by_role("link", name="Library").click()
    page.get_by_role("link", name="Activity").click()
    with page.expect_response("**/api/v1/choices"):
        held[0].continue_()
    page.evaluate("() => fetch('api/v1/health').then((answer) => answer.json())")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(0)
    # and a file that was opened by its address can be closed
    page.unroute("**/api/v1/choices")
    page = opened(server, f"#/item/{server.digest('IMG_2102.jpg')}")
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".item")).to_have_count(0)
    expect(page.locator(".tile").first).to_be_visible()


def test_a_failed_file_is_shown_with_its_reason(server: Server, opened: Open) -> None:
    page = opened(server, "#/activity")
    expect(page.get_by_text("Corrupt: broken.jpg")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".job", has_text="Trying again")).to_contain_text("finished")


def test_everything_with_the_keyboard_alone(server: Server, opened: Open) -> None:
    page = opened(server)
    expect(page.get_by_role("listitem", name=PICTURE).first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("ferry")
    expect(page.locator(".hit").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator(".hit h2 a").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")  # at once: the next file must not open after it
    expect(page.locator(".item")).to_have_count(0)
    page.keyboard.press("1")
    expect(page.get_by_role("listitem", name=PICTURE).first).to_be_visible()
    tile = page.locator(".tile").first
    tile.focus()
    first = tile.get_attribute("href")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".tile:focus")).to_have_attribute("href", re.compile("#/item/"))
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    assert focused != first
    page.keyboard.press("Enter")
    expect(page.locator(".item")).to_be_visible()
    page.keyboard.press("Escape")
    # The library is drawn again when the item closes; the place in it comes back with it.
    expect(page.locator(".tile:focus")).to_have_attribute("href", focused)
    # and a file of a plan is moved without a mouse
    made = server.job("/plans", {"folder": str(server.folder), "by": "kind", "writer": False})
    page.goto(f"{server.url}/#/arrange/{made['result']['plan']}")
    page.locator(".files button").first.press("Enter")
    page.get_by_label("Move to folder").press_sequentially("Chosen/Here")
    page.keyboard.press("Enter")
    expect(page.locator('.folder[aria-label="Chosen/Here"]')).to_be_visible()


@pytest.mark.parametrize("where", ["", "#/search?q=ferry", "#/groups", "#/arrange", "#/activity"])
def test_a_phone_needs_no_sideways_scrolling(
    server: Server, opened: Open, shot: Shot, where: str
) -> None:
    page = opened(server, where, size=(390, 844), has_touch=True)
    expect(page.locator("main > *").first).to_be_visible()
    page.wait_for_timeout(400)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_role("link", name="Activity")).to_be_in_viewport()
    shot(page, f"phone-{where.strip('#/').split('?')[0] or 'library'}")


def test_dark_where_the_person_likes_it_dark(server: Server, opened: Open, shot: Shot) -> None:
    for scheme, least, most in (("dark", 0, 60), ("light", 200, 255)):
        page = opened(server, color_scheme=scheme)
        expect(page.get_by_role("listitem", name=PICTURE).first).to_be_visible()
        page.wait_for_timeout(600)
        red = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        assert least <= int(re.findall(r"\d+", red)[0]) <= most
        shot(page, f"library-{scheme}")


def test_narrowing_by_kind_and_the_timeline(server: Server, opened: Open) -> None:
    page = opened(server)
    page.get_by_role("button", name="Video", exact=True).click()
    expect(page.get_by_text("2 files", exact=True)).to_be_visible()
    expect(page.locator(".tile.video")).to_have_count(2)
    tile = page.locator(".tile.video").first
    tile.hover()
    expect(tile.locator(".strip img")).to_be_visible()
    page.get_by_role("button", name="Clear filters").click()
    # Until the whole library is drawn, the timeline beside it is still that of the videos.
    expect(page.get_by_role("button", name="Clear filters")).to_have_count(0)
    page.get_by_role("navigation", name="Timeline").get_by_role("button").last.click()
    expect(page.get_by_role("heading", name=re.compile("2015"))).to_be_in_viewport()


def test_groups_and_look_alikes(server: Server, opened: Open, shot: Shot) -> None:
    page = opened(server, "#/groups")
    expect(page.locator(".group").first).to_be_visible(timeout=60_000)
    twins = page.locator(".twins")
    expect(twins.first).to_be_visible()
    number = twins.count()
    page.get_by_role("button", name="Keep both").first.click()
    expect(twins).to_have_count(number - 1)
    shot(page, "groups")


def test_text_in_a_picture_lies_where_it_is_read(server: Server, opened: Open, shot: Shot) -> None:
    page = opened(server, f"#/item/{server.digest('scan_0001.jpg')}")
    page.get_by_role("button", name="Text", exact=True).click()
    word = page.locator(".read span").first
    expect(word).to_be_visible()
    picture, box = page.locator(".picture img").bounding_box(), word.bounding_box()
    assert picture
    assert box
    assert picture["x"] - 1 <= box["x"]
    assert box["y"] + box["height"] <= picture["y"] + picture["height"] + 1
    shot(page, "scan")


def test_dropping_a_picture_finds_pictures_like_it(server: Server, opened: Open) -> None:
    page = opened(server)
    expect(page.get_by_role("listitem", name=PICTURE).first).to_be_visible()
    body = (server.folder / "photos" / "IMG_2102.jpg").read_bytes()
    transfer = page.evaluate_handle(
        """(bytes) => { const t = new DataTransfer();
        t.items.add(new File([new Uint8Array(bytes)], 'x.jpg', {type: 'image/jpeg'}));
        return t; }""",
        list(body),
    )
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    zone = page.get_by_text("Find pictures like it")
    expect(zone).to_be_visible()
    zone.dispatch_event("drop", {"dataTransfer": transfer})
    expect(page.get_by_role("heading", name="Pictures like yours")).to_be_visible()
    expect(page.locator(".hit", has_text="IMG_2102").first).to_be_visible()


def test_a_video_that_browsers_do_not_play_is_converted(server: Server, opened: Open) -> None:
    import av
    from PIL import Image

    with av.open(str(server.folder / "old.mkv"), "w") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for shade in range(30):
            frame = av.VideoFrame.from_image(Image.new("RGB", (320, 240), (shade * 8, 60, 90)))
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    server.job("/ingest", {"paths": [str(server.folder / "old.mkv")]})
    page = opened(server, f"#/item/{server.digest('old.mkv')}?t=1")
    page.wait_for_function(
        "() => document.querySelector('video')?.videoWidth === 320", timeout=40_000
    )
    page.wait_for_function("() => document.querySelector('video').currentTime >= 1")
    (server.folder / "old.mkv").unlink()
