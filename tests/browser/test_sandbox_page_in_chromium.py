"""The sandbox's page as a person has it before them: two widths, two color schemes, mouse and keyboard."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import expect
from sandbox_page_tenant import DANIEL, EMILY, MIA, SCRIPT, a_tenant, copy_of, mail_with, page_of

from graphsync.sandbox.faults import Fault

pytestmark = pytest.mark.browser

WIDE, NARROW = 1280, 390
# Of what Chromium asks for by itself (an icon), and of what a test keeps from it on purpose.
MISSING = "Failed to load resource"

# Boxes of what is read and pressed that lie over each other, though neither is within the other.
OVERLAPPING = """() => {
  const kinds = 'a, button, input:not([type=hidden]), select, summary, h1, h2, h3, label, dt, dd, th, td, code, .block';
  const seen = [...document.querySelectorAll(kinds)]
    .filter(element => !element.closest('.unseen, .skip, thead, .now') && element.checkVisibility());
  const boxes = seen.map(element => [element, element.getBoundingClientRect()]).filter(([, box]) => box.width > 1);
  const found = [];
  for (const [first, a] of boxes)
    for (const [second, b] of boxes) {
      if (first === second || first.contains(second) || second.contains(first)) continue;
      // What is inside a box that cuts it off is seen only within that box.
      if (first.closest('.block') && second.closest('.block') && first.closest('.block') === second.closest('.block'))
        continue;
      const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (wide > 1 && high > 1) found.push(`${first.outerHTML.slice(0, 90)} / ${second.outerHTML.slice(0, 90)}`);
    }
  return found;
}"""

# Text whose color is too close to what is behind it: https://www.w3.org/TR/WCAG22/#contrast-minimum
FAINT = """() => {
  const parts = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => {
    const [r, g, b] = parts(color).map(c => c / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const style = getComputedStyle(at), color = style.backgroundColor;
      if (style.backgroundImage !== 'none') return style.backgroundImage.match(/rgb\\([^)]*\\)/g);
      if (parts(color).length === 3 || parts(color)[3] === 1) return [color];
    }
  };
  const found = [];
  for (const element of document.querySelectorAll('body *')) {
    const says = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!says || !element.checkVisibility() || element.closest('.skip, option, [disabled]')) continue;
    const ink = getComputedStyle(element).color;
    for (const ground of behind(element)) {
      const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
      if ((high + .05) / (low + .05) < 4.5) found.push(`${element.outerHTML.slice(0, 100)}: ${ink} on ${ground}`);
    }
  }
  return found;
}"""


ACTIVE = """() => {
  const at = document.activeElement;
  return [at === document.body ? '' : at.textContent.replace(/\\s+/g, ' ').trim(), getComputedStyle(at).outline];
}"""


def event_path(world, address, subject):
    return f"/page/people/{address}/events/{quote(copy_of(world, address, subject).id, safe='')}"


def paths(world):
    mail = quote(mail_with(world, DANIEL, f"A session waits {SCRIPT}").id, safe="")
    return (
        f"/?person={DANIEL}",
        f"/?person={EMILY}",
        event_path(world, DANIEL, "Mentoring: Emily and Daniel"),
        event_path(world, DANIEL, "Goals"),
        "/page/people",
        f"/page/people/{DANIEL}/mail",
        f"/page/people/{DANIEL}/mail/{mail}",
        f"/page/people/{DANIEL}/teams",
        f"/page/people/{DANIEL}/teams/{quote(world.chats()[0].id, safe='@')}",
        "/page/subscriptions",
        "/page/traffic",
        "/page/faults",
        "/page/switches",
        "/page/clock",
        "/page/nowhere",
    )


@pytest.fixture
def world():
    found = a_tenant()
    found.faults.add(Fault(operation="*", kind="unavailable", path="/users/*", probability=0.1, times="always"))
    return found


@pytest.fixture
def url(world):
    with page_of(world) as address:
        yield address


@pytest.fixture
def tab(chromium, url):
    """Return a function that opens a tab; what a page complains of in the console fails the test."""
    contexts, complaints = [], []

    def opened(width=WIDE, scheme="light"):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, base_url=url)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: None if MISSING in line.text else complaints.append(line.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_each_page_fits_its_width_lies_over_nothing_and_can_be_read(world, tab, width, scheme):
    page = tab(width, scheme)
    for path in paths(world):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVERLAPPING) == [], path
        assert page.evaluate(FAINT) == [], path
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", ground))) > 384) == (scheme == "light")


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "dark"), (NARROW, "light")])
def test_the_week_and_its_forms_can_be_read_in_the_other_scheme_too(world, tab, width, scheme):
    page = tab(width, scheme)
    for path in (f"/?person={DANIEL}", "/page/faults"):
        page.goto(path)
        assert page.evaluate(FAINT) == [], path


def test_the_week_is_a_grid_where_there_is_room_and_a_list_where_there_is_not(tab):
    def boxes(page):
        page.goto(f"/?person={DANIEL}")
        days = [day.bounding_box() for day in page.locator(".day").all()]
        events = {name: page.get_by_role("link", name=name).first.bounding_box() for name in ("Project", "Interview")}
        return days, events["Project"], events["Interview"]

    days, board, interview = boxes(tab(WIDE))
    assert len({round(day["y"]) for day in days}) == 1
    assert board["x"] + board["width"] <= interview["x"] + 1
    assert board["y"] < interview["y"] < board["y"] + board["height"]
    days, board, interview = boxes(tab(NARROW))
    assert len({round(day["x"]) for day in days}) == 1
    assert board["y"] + board["height"] <= interview["y"]
    assert board["width"] > NARROW / 2


def test_an_event_stands_at_its_hour_beside_the_ruler(tab):
    page = tab()
    page.goto(f"/?person={DANIEL}")
    ruler = page.locator(".ruler span", has_text="14:00").bounding_box()
    goals = page.locator(".block", has_text="Goals").bounding_box()
    assert goals["y"] == pytest.approx(ruler["y"], abs=2)
    assert goals["height"] == pytest.approx(ruler["height"], abs=2)
    line = page.locator("#now").bounding_box()
    nine = page.locator(".ruler span", has_text="09:00").bounding_box()
    assert line["y"] == pytest.approx(nine["y"] + nine["height"] / 3, abs=3)


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_clock_is_stepped_and_the_same_page_is_seen_again(tab, width):
    page = tab(width)
    page.goto(f"/?person={DANIEL}")
    page.get_by_role("button", name="+1 hour").click()
    expect(page.get_by_role("status")).to_contain_text("It is Wed 7 Jan 2026 10:20 UTC")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Daniel Okafor")
    expect(page.locator("#now")).to_have_text("now 10:20")


def test_an_invitation_is_answered_and_the_organizer_sees_it(tab):
    page = tab()
    page.goto(f"/?person={DANIEL}")
    page.get_by_role("link", name="Mentoring: Emily and Daniel").click()
    page.get_by_label("Comment").fill("Gladly")
    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_role("status")).to_contain_text("Daniel Okafor accepted the meeting")
    page.get_by_role("button", name="+10 min").click()
    page.goto(f"/?person={EMILY}")
    page.get_by_role("link", name="Mentoring: Emily and Daniel").click()
    expect(page.get_by_role("row", name="Daniel Okafor")).to_contain_text("accepted")


def test_a_fault_is_added_and_cleared_and_a_wrong_one_is_kept_to_be_mended(world, tab):
    page = tab()
    page.goto("/page/faults")
    page.get_by_label("What happens").select_option("delayed")
    page.get_by_label("Times").fill("often")
    page.get_by_role("button", name="Add the fault").click()
    expect(page.get_by_role("alert")).to_contain_text("times: found 'often'; expected a whole number from 1")
    expect(page.get_by_label("What happens")).to_have_value("delayed")
    page.get_by_label("Times").fill("2")
    page.get_by_role("button", name="Add the fault").click()
    expect(page.get_by_role("status")).to_contain_text("Fault 2 waits: delayed for notifications")
    expect(page.get_by_role("row", name="delayed")).to_contain_text("notifications, 2 times")
    page.get_by_role("button", name="Clear all").click()
    expect(page.get_by_text("None waits: everything goes well.")).to_be_visible()
    assert world.faults.waiting() == []


def test_a_person_is_chosen_from_the_list(tab):
    page = tab()
    page.goto("/")
    page.get_by_label("Person").select_option(MIA)
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mia Thompson")
    expect(page.get_by_text("AUS Eastern Standard Time: it is 20:20 there.")).to_be_visible()


def test_the_keyboard_reaches_all_and_shows_where_it_is(tab):
    page = tab()
    page.goto(f"/?person={DANIEL}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        name, outline = page.evaluate(ACTIVE)
        if name == "":
            break
        assert "solid 3px" in outline, name
        reached.add(name)
    assert {"Switches", "+1 day", "Teams", "Show", "14:00–15:00 Goals busy · organizer", "Next week →"} <= reached


def test_the_page_is_whole_without_its_style(tab):
    page = tab()
    page.route("**/page/style.css", lambda route: route.abort())
    page.goto(f"/?person={DANIEL}", wait_until="domcontentloaded")
    text = page.locator("main").inner_text()
    for told in ("Mon 5 Jan", "10:30–11:30 Interview", "tentative", "now 09:20", "Nothing on this day."):
        assert told in text
