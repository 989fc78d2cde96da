"""The report of the command line: a page in a browser, and figures in every format."""

import csv
import html
import html.parser
import io
import json
import os
import pty
import subprocess
import tempfile
import datetime
import pathlib
import unittest

import browser
from suite import BIN, Suite

WEEKS = 10
PAGES = 12  # of A4, at most; how wide numbers come out moves it by one or two
WORDS = 8_000  # of the page as a browser has it, folded parts with it
WORDS_AT_FIRST = 3_000  # without those
SOURCES = ["activities", "device_telemetry", "network_measurements", "meeting_records"]
NAME = "Sons & <b>Daughters</b> \"<script>alert(1)</script>\""
BOUNDS = {"BOUND_AT_LEAST": ("at least", -1), "BOUND_AT_MOST": ("at most", 1)}

# Every fault that the audit looks for, to show that it sees them.
FAULTY = """<!doctype html><html><head><style>p{color:#999;background:#fff;width:900px}
a{outline:none}a:focus{outline:none}</style></head><body><a href="#nowhere" tabindex="3">x</a>
<h1>One</h1><h3 id="a">Three</h3><p id="a">pale</p><svg role="img"></svg>
<table><tr><th>no scope</th></tr><tr><td>1</td></tr></table></body></html>"""


def shown(estimate, decimals=1):
    """An estimate as every surface shows it: a bound has its margin in it."""
    if estimate["bound"] in BOUNDS:
        words, side = BOUNDS[estimate["bound"]]
        return f"{words} {positive(estimate['value'] + side * estimate['margin'], decimals)}"
    return f"{positive(estimate['value'], decimals)} ± {estimate['margin']:.{decimals}f}"


def positive(value, decimals):
    """A number as text; what rounds to 0 has no sign."""
    return f"{0 if round(abs(value), decimals) == 0 else value:.{decimals}f}"


def shown_change(change, unit, per_point=1.0):
    """A change as every surface shows it."""
    value, margin = (per_point * change["difference"][part] for part in ("value", "margin"))
    value = 0 if round(abs(value), 1) == 0 else value
    noise = "more than noise" if change["beyondNoise"] else "within noise"
    return f"{value:+.1f} ± {margin:.1f} {unit}, {noise}"


def row_of(text, name):
    """The line of a text that begins with a name, with those that go on with it."""
    lines = iter(text.splitlines())
    found = next(line for line in lines if line.startswith(f"  {name}  "))
    for line in lines:
        if not line.startswith("      "):
            break
        found += " " + line.strip()
    return found


class Texts(html.parser.HTMLParser):
    """The text inside every element that has an id, by id."""

    VOID = {"meta", "link", "br", "img", "hr", "input", "col"}

    def __init__(self, page):
        super().__init__()
        self.open, self.texts, self.tags = [], {}, set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in self.VOID:
            self.open.append((tag, dict(attributes).get("id")))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        for _, name in self.open:
            if name:
                self.texts[name] = self.texts.get(name, "") + data.replace("\u00a0", " ")

    def __getitem__(self, name):
        return " ".join(self.texts[name].split())


def leading(figure, name):
    """What leads: the level with earlier windows, once there is one."""
    return figure.get("level", figure).get(name)


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        first = datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(weeks=WEEKS)
        cls.suite = cls.enterClassContext(Suite())
        cls.folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.suite.make_up("--organization", "made-up", "--people", "600", "--weeks",
                          str(WEEKS), "--format", "activities", "--out", str(cls.folder))
        sources = [word for source in SOURCES for word in ("--source", source)]
        cls.suite.back_fill("made-up", 600, first.isoformat(), "--generated",
                            "--display-name", NAME, *sources)
        cls.suite.tutti("import", "--format", "activities", "--organization", "made-up",
                        str(cls.folder / "activities.jsonl"))
        cls.suite.publish("made-up")
        cls.suite.tutti("report", "made-up", "--html", str(cls.folder / "report.html"))
        cls.page = (cls.folder / "report.html").read_text()
        cls.score = json.loads(cls.suite.tutti("score", "made-up", "--format", "json"))["score"]

    def json(self, *arguments):
        return json.loads(self.suite.tutti(*arguments, "--format", "json"))

    def csv(self, *arguments):
        text = self.suite.tutti(*arguments, "--format", "csv")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    def assert_shown(self, figure, value, text, decimals=1):
        if figure["state"] == "FIGURE_STATE_MEASURED":
            self.assertIn(shown(value, decimals), text)
        else:
            self.assertNotIn("±", text)
            self.assertIn(figure["stateReason"], text.replace("\\", ""))  # Markdown escapes

    def assert_on_page(self, figure, value, text, decimals=1):
        """A figure of the page. Those that are not shown have their reason once, above them all."""
        if figure["state"] == "FIGURE_STATE_MEASURED":
            self.assertIn(shown(value, decimals), text)
            return
        self.assertIn(figure["displayName"], text)
        self.assertNotIn("±", text)
        if figure["stateReasonCode"] == "STATE_REASON_NO_SOURCE":
            self.assertIn("No connected source gives ", self.page)
        else:
            self.assertIn(html.escape(figure["stateReason"], quote=False), self.page)

    def test_csv_has_the_numbers_of_json(self):
        rows = {(row["figure"], row["id"]): row for row in self.csv("score", "made-up")}
        total = rows["total", "total"]
        self.assertAlmostEqual(float(total["percent"]), leading(self.score, "percent")["value"], places=3)
        self.assertAlmostEqual(float(total["margin_points"]), leading(self.score, "points")["margin"],
                               places=3)
        self.assertEqual(int(total["windows"]), self.score["level"]["windows"])
        self.assertAlmostEqual(float(total["margin_points_alone"]), self.score["points"]["margin"],
                               places=3)
        for category in self.score["categories"]:
            row = rows["category", category["category"]]
            if category["state"] == "FIGURE_STATE_MEASURED":
                self.assertAlmostEqual(float(row["points"]), leading(category, "points")["value"],
                                       places=3)
                self.assertAlmostEqual(float(row["margin_points"]), leading(category, "points")["margin"],
                                       places=3)
            else:
                self.assertEqual((row["points"], row["reason"]), ("", category["stateReason"]))
        for measure in self.score["measures"]:
            row = rows["measure", measure["measure"]]
            self.assertEqual((row["text"], row["raised_by"]), (measure["sentence"], measure["raiseWords"]))
        history = self.json("history", "made-up")["scores"]
        days = [row["end_day"] for row in self.csv("history", "made-up") if row["figure"] == "total"]
        self.assertEqual(days, [score["endDay"] for score in reversed(history)])
        table = self.json("table", "made-up", "modes")["table"]
        rows = self.csv("table", "made-up", "modes")
        self.assertEqual([float(row["subjects"]) for row in rows],
                         [round(row["subjects"]["value"], 4) for row in table["rows"]])
        actions = self.json("recommendations", "made-up")["recommendations"]
        self.assertEqual([row["id"] for row in self.csv("recommendations", "made-up")],
                         [action["action"] for action in actions])
        tables = self.csv("table", "made-up")
        self.assertIn("modes", [row["id"] for row in tables])

    def test_text_and_markdown_have_the_numbers_of_json(self):
        text = self.suite.tutti("score", "made-up")
        markdown = self.suite.tutti("score", "made-up", "--format", "markdown")
        for category in self.score["categories"]:
            line = row_of(text, category["displayName"])
            row = next(line for line in markdown.splitlines()
                       if line.startswith(f"| {category['displayName']} |"))
            self.assert_shown(category, leading(category, "points"), line)
            self.assert_shown(category, leading(category, "points"), row)
        for surface in (text, markdown, self.suite.tutti("history", "made-up"),
                        self.suite.tutti("table", "made-up", "modes"),
                        self.suite.tutti("recommendations", "made-up")):
            self.assertIn("never a person", " ".join(surface.split()))

    # Mutations, any of: a change in another unit; a level beside the margin of one window; a bound that one
    # surface writes as an estimate; a figure that is rounded before its unit is changed.
    def test_every_surface_has_the_same_number_for_a_figure(self):
        page = Texts(self.page)
        text = self.suite.tutti("score", "made-up", "--measures")
        markdown = self.suite.tutti("score", "made-up", "--measures", "--format", "markdown")
        rows = {(row["figure"], row["id"]): row for row in self.csv("score", "made-up")}
        compared = 0

        def same_in_csv(estimate, row, unit, suffix=""):
            self.assertAlmostEqual(float(row[unit + suffix]), estimate["value"], places=3)
            self.assertAlmostEqual(float(row[f"margin_{unit}{suffix}"]), estimate["margin"], places=3)
            self.assertEqual(row["bound" + suffix], BOUNDS.get(estimate["bound"], ("", 0))[0])

        def compare(expected, *surfaces):
            nonlocal compared
            compared += 1
            for surface in surfaces:
                self.assertIn(expected, " ".join(surface.split()))

        def compare_change(figure, name, row, unit, per_point, *surfaces):
            change = leading(figure, "change") or figure.get("change")
            if change and change["sinceEndDay"]:
                words = "percentage points" if unit == "percent" else "points"
                compare(shown_change(change, words, per_point), row_of(text, name), *surfaces)
                self.assertAlmostEqual(float(row[f"change_{unit}"]), per_point * change["difference"]["value"],
                                       places=3)

        def on_line(name, lines=markdown):
            return next(line for line in lines.splitlines() if line.startswith(f"| {name} |"))

        total = rows["total", "total"]
        for unit in ("percent", "points"):
            compare(shown(leading(self.score, unit)), row_of(text, "Adoption score"),
                    on_line("Adoption score"), page[f"total-{unit}"])
            same_in_csv(leading(self.score, unit), total, unit)
        per_point = 100 / self.score["possiblePoints"]
        compare_change(self.score, "Adoption score", total, "percent", per_point, on_line("Adoption score"), page["main"])
        compare(shown(self.score["percent"]), row_of(text, "Adoption score"), page["main"])
        same_in_csv(self.score["percent"], total, "percent", "_alone")
        for category in self.score["categories"]:
            if category["state"] != "FIGURE_STATE_MEASURED":
                continue
            name, row = category["displayName"], rows["category", category["category"]]
            card = page["category-" + category["category"].replace("_", "-")]
            compare(shown(leading(category, "points")), row_of(text, name), on_line(name), card)
            same_in_csv(leading(category, "points"), row, "points")
            if "level" in category:
                compare(shown(category["points"]), row_of(text, name), on_line(name), card)
                same_in_csv(category["points"], row, "points", "_alone")
            compare_change(category, name, row, "points", 1, on_line(name), card)
        # A measure may have the name of a category.
        measures, marked = (shape.split(f"\n{before} Measures, of this window alone\n")[1]
                            for shape, before in ((text, " "), (markdown, "##")))
        for measure in self.score["measures"]:
            if measure["state"] != "FIGURE_STATE_MEASURED":
                continue
            unit, decimals = ("percent", 1) if measure["unit"] == "UNIT_PERCENT" else ("subjects", 0)
            name = measure["displayName"]
            compare(shown(measure["value"], decimals), row_of(measures, name), on_line(name, marked),
                    page["measure-" + measure["measure"].replace("_", "-")])
            same_in_csv(measure["value"], rows["measure", measure["measure"]], unit)
        for one in self.json("table", "made-up")["tables"]:
            identity = one["name"].rsplit("/", 1)[1]
            if one["state"] != "FIGURE_STATE_MEASURED" or len(one["rows"]) == 1:
                continue
            table = self.csv("table", "made-up", identity)
            card = page["table-" + identity.replace("_", "-")]
            plain = " ".join(self.suite.tutti("table", "made-up", identity).split())
            for row, record in zip(one["rows"], table, strict=True):
                compare(shown(row["share"]) + " %", plain, card)
                compare(shown(row["subjects"], 0), plain, card)
                same_in_csv(row["share"], record, "percent")
                same_in_csv(row["subjects"], record, "subjects")
        self.assertGreater(compared, 60)

    # Mutations: the order of the catalogue; bars as long as those of other commands; a change, a reason or a
    # name of a row that makes its line as long as it likes.
    def test_tables_with_figures_are_listed_first_and_text_fits_a_terminal(self):
        text = self.suite.tutti("table", "made-up")
        others = [self.suite.tutti(command, "made-up", *more) for command, *more in (
            ["score", "--measures"], ["history"], ["table", "modes"], ["recommendations"])]
        for shown_text in (text, *others):
            self.assertEqual([line for line in shown_text.splitlines() if len(line) > 100], [])
        tables = self.json("table", "made-up")["tables"]

        def places(measured):
            return [text.index(f"{one['name'].rsplit('/', 1)[1]}: {one['displayName']}") for one in tables
                    if (one["state"] == "FIGURE_STATE_MEASURED") == measured]
        self.assertLess(max(places(True)), text.index("withheld"))
        self.assertLess(max(places(True)), text.index("not measured"))
        wrapped = " ".join(text.split())
        for one in tables:
            self.assertIn(f"{one['name'].rsplit('/', 1)[1]}: {one['displayName']}", wrapped)

    # Mutation: changes in points of all categories beside scores in percent.
    def test_history_has_changes_in_the_unit_of_its_scores(self):
        text = self.suite.tutti("history", "made-up")
        self.assertIn("not simply the difference of the two figures", " ".join(text.split()))
        compared = 0
        for score in self.json("history", "made-up")["scores"]:
            change = leading(score, "change") or score.get("change")
            if not change or not change["sinceEndDay"] or score["state"] != "FIGURE_STATE_MEASURED":
                continue
            percent = 100 / score["possiblePoints"]
            self.assertIn(shown_change(change, "percentage points", percent), row_of(text, score["endDay"]))
            compared += 1
        self.assertGreater(compared, 0)

    def test_text_is_coloured_on_a_terminal_only(self):
        def on_terminal(**environment):
            leader, follower = pty.openpty()
            with os.fdopen(leader, "rb", buffering=0) as terminal:
                command = subprocess.Popen(
                    [BIN / "tutti", "--score", self.suite.score, "history", "made-up"],
                    stdout=follower, env={**os.environ, **environment})
                os.close(follower)
                text = b""
                while True:
                    try:
                        text += terminal.read(4096)
                    except OSError:  # how a terminal ends
                        break
                self.assertEqual(command.wait(timeout=60), 0)
            return text
        self.assertIn(b"\x1b[", on_terminal(NO_COLOR=""))
        self.assertNotIn(b"\x1b[", on_terminal(NO_COLOR="1"))
        self.assertNotIn("\x1b[", self.suite.tutti("history", "made-up"))

    def test_a_report_is_not_overwritten_unawares(self):
        path = self.folder / "kept.html"
        path.write_text("mine")
        done = self.suite.tutti("report", "made-up", "--html", str(path), check=False)
        self.assertEqual((done.returncode, path.read_text()), (1, "mine"))
        self.assertIn("--force", done.stderr)
        self.suite.tutti("report", "made-up", "--html", str(path), "--force")
        self.assertIn("<!doctype html>", path.read_text())

    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_the_page_shows_the_numbers_of_json_and_asks_for_nothing(self):
        dom, requests = browser.open_page(self.page)
        self.assertEqual(requests, [browser.ADDRESS])
        texts = Texts(dom)
        self.assertNotIn("script", texts.tags)
        self.assertIn(NAME, dom.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        self.assertIn("GENERATED DATA", dom)
        self.assertIn("never a person", dom)
        self.assertEqual(texts["total-percent"], shown(leading(self.score, "percent")) + " %")
        self.assertEqual(texts["total-points"], f"{shown(leading(self.score, 'points'))} of "
                         f"{self.score['possiblePoints']} points")
        states = set()
        for category in self.score["categories"]:
            self.assert_on_page(category, leading(category, "points"),
                                texts["category-" + category["category"].replace("_", "-")])
        for measure in self.score["measures"]:
            text = texts["measure-" + measure["measure"].replace("_", "-")]
            decimals = 1 if measure["unit"] == "UNIT_PERCENT" else 0
            self.assert_on_page(measure, measure.get("value"), text, decimals)
            # What is not shown is named.
            self.assertIn(measure["displayName"], text)
            if measure["state"] == "FIGURE_STATE_MEASURED":
                self.assertIn(measure["numeratorWords"], text)
                self.assertIn(measure["raiseWords"], texts["main"])
            states.add(measure["state"])
        self.assertGreater(len(states), 2, "nothing withheld, or nothing not measured, was tried")
        for score in self.json("history", "made-up")["scores"]:
            self.assertIn(score["endDay"] + shown(leading(score, "percent")), texts["trend-table"])
        for row in self.json("table", "made-up", "modes")["table"]["rows"]:
            self.assertIn(row["displayName"].removesuffix(", with or without more"), texts["table-modes"])
            self.assertIn(shown(row["share"]) + " %" + shown(row["subjects"], 0), texts["table-modes"])
        for action in self.json("recommendations", "made-up")["recommendations"]:
            text = texts["action-" + action["action"].replace("_", "-")]
            self.assertIn(action["title"], text)
            self.assertIn(shown(action["value"]), text)
        statement = self.json("statement", "made-up")["statement"]
        # The grace that aggregate wrote into the record. Mutation: a record without it.
        self.assertIn("one day and 48 hours after the window's last day", str(statement["retention"]))
        self.assertIn(statement["claim"].replace("'", "&#39;"), self.page)
        self.assertIn(statement["catalogFingerprint"], dom)

    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_requests_would_be_seen(self):
        page = self.page.replace(
            "</main>", '<img src="http://elsewhere.example/a.png"><img src="https://elsewhere.example/b.png"></main>')
        # The page's own policy stops them; without it they reach the sink.
        self.assertEqual(browser.open_page(page)[1], [browser.ADDRESS])
        _, requests = browser.open_page(page.replace("Content-Security-Policy", "X-Nothing"))
        self.assertIn("http://elsewhere.example/a.png", requests)
        self.assertIn("elsewhere.example:443", requests)

    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_the_page_is_fit_for_everyone(self):
        backgrounds = set()
        for width in (390, 1280):
            for scheme in (0, 1):  # dark, light
                with self.subTest(width=width, scheme=scheme):
                    found = browser.audit(self.page, width=width,
                                          flags=[f"--blink-settings=preferredColorScheme={scheme}"])
                    self.assertEqual({name: faults for name, faults in found["faults"].items() if faults}, {})
                    self.assertGreater(found["texts"], 500)
                    self.assertEqual(found["width"], width)
                    self.assertLessEqual(found["contentWidth"], width, "it scrolls sideways")
                    backgrounds.add(found["background"])
        self.assertEqual(len(backgrounds), 2, "dark and light look the same")

    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_faults_would_be_seen(self):
        found = browser.audit(FAULTY, width=390)
        for name, faults in found["faults"].items():
            self.assertTrue(faults, name)
        self.assertGreater(found["contentWidth"], 390)

    # Mutations: a positive tabindex; details that a key does not open; focus that is not drawn.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_keys_reach_everything_in_order(self):
        where = """(() => {
            const at = document.activeElement;
            if (!at || at === document.body) return null;
            const all = Array.from(document.querySelectorAll("*"));
            const style = getComputedStyle(at);
            return {place: all.indexOf(at), tag: at.tagName, text: at.textContent.trim().slice(0, 40),
                    href: at.getAttribute("href"), drawn: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
                    seen: at.getBoundingClientRect().bottom > 0 && at.getBoundingClientRect().top < innerHeight};
        })()"""
        reachable = "Array.from(document.querySelectorAll('a[href], summary, [tabindex=\"0\"]'))" \
                    ".filter((e) => e.checkVisibility()).length"
        with browser.Session(self.page) as session:
            def stops():
                found = []
                while True:
                    session.press("Tab", 9)
                    stop = session.evaluate(where)
                    if stop is None or found and stop["place"] == found[0]["place"]:
                        return found
                    found.append(stop)
            found = stops()
            self.assertEqual(found[0]["href"], "#main", "the first stop leads past the sections")
            self.assertEqual([stop["place"] for stop in found], sorted(stop["place"] for stop in found))
            self.assertEqual(len(found), session.evaluate(reachable))
            self.assertEqual([stop for stop in found if not (stop["drawn"] and stop["seen"])], [])
            closed = "document.querySelectorAll('details:not([open])').length"
            before = session.evaluate(closed)
            session.evaluate("document.querySelector('details:not([open]) > summary').focus()")
            session.press("Enter", 13)
            self.assertEqual(session.evaluate(closed), before - 1)
            session.evaluate("document.querySelector('a[href=\"#main\"]').focus()")
            session.press("Enter", 13)
            self.assertEqual(session.evaluate("document.activeElement.id"), "main")
            print(f"{len(found)} stops of the Tab key, in the order of the page")

    # Mutations: a column for rho; a table that scrolls sideways in its own place.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_the_privacy_table_fits_a_phone(self):
        widths = """Array.from(document.querySelectorAll("#guarantees, #guarantees *")).map(
            (element) => element.getBoundingClientRect().right)"""
        with browser.Session(self.page, width=390) as session:
            self.assertEqual(session.evaluate('innerWidth'), 390)
            session.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
            self.assertGreater(session.evaluate("document.querySelectorAll('#guarantees tbody tr').length"), 6)
            self.assertLessEqual(max(session.evaluate(widths)), 390)
            self.assertIsNone(session.evaluate("document.querySelector('#guarantees').closest('.scroll')"))

    # Mutations: a table of the trend that scrolls where the page is narrow; one whose figures do not say what
    # they are of.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_the_figures_of_the_trend_fit_every_page(self):
        widths = "Array.from(document.querySelectorAll('#trend-table *')).map((e) => e.getBoundingClientRect().right)"
        titles = """Array.from(document.querySelectorAll('#trend-table tbody tr:first-child td')).map(
            (e) => getComputedStyle(e, '::before').content)"""
        for width in (390, 800, 1150, 1200, 1280):
            with self.subTest(width=width), browser.Session(self.page, width=width) as session:
                session.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
                self.assertLessEqual(max(session.evaluate(widths)), width)
                if width < 1180:
                    found = session.evaluate(titles)
                    self.assertTrue(found)
                    self.assertTrue(all(title.startswith('"') for title in found))

    # Mutation: the words of figures that are not shown.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_the_page_is_short(self):
        with browser.Session(self.page) as session:
            whole = session.evaluate("""(() => { const page = document.body.cloneNode(true);
                page.querySelectorAll('svg').forEach((e) => e.remove());
                return page.textContent.split(/\\s+/).filter(Boolean).length; })()""")
            at_first = session.evaluate("document.body.innerText.split(/\\s+/).filter(Boolean).length")
        print(f"the report has {whole} words, {at_first} of them not folded away")
        self.assertLess(whole, WORDS)
        self.assertLess(at_first, WORDS_AT_FIRST)

    # Mutations: measures that are folded away; breakdowns that are not.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_measures_are_open_and_breakdowns_folded(self):
        seen = "Array.from(document.querySelectorAll('%s')).map((e) => e.checkVisibility())"
        with browser.Session(self.page) as session:
            measures = session.evaluate(seen % ".measures > li")
            self.assertTrue(measures and all(measures))
            tables = session.evaluate(seen % ".columns > li")
            self.assertTrue(tables and not any(tables))

    # Mutation: without the rules for printing, what is folded away is not on paper.
    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_everything_is_on_paper(self):
        def printed(page):
            path = self.folder / "report.pdf"
            with browser.Session(page) as session:
                session.print(path)
            text = subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, check=True, timeout=60)
            return "".join(text.stdout.decode().split()), text.stdout.count(b"\f")
        text, pages = printed(self.page)
        print(f"the report on {pages} pages of paper")
        self.assertLessEqual(pages, PAGES)

        def holds(words):
            return "".join(words.split()) in text
        self.assertTrue(holds("GENERATED DATA"))
        for category in self.score["categories"]:
            self.assertTrue(holds(category["displayName"]), category)
        for measure in self.score["measures"]:
            shown_words = ["numeratorWords", "raiseWords"] if measure["state"] == "FIGURE_STATE_MEASURED" else []
            for words in ("displayName", *shown_words):
                self.assertTrue(holds(measure[words]), measure[words])
        for score in self.json("history", "made-up")["scores"]:
            self.assertTrue(holds(score["endDay"] + shown(leading(score, "percent"))), score["endDay"])
        self.assertTrue(holds(self.json("statement", "made-up")["statement"]["claim"]))
        self.assertLess(len(printed(self.page.replace("@media print", "@media tty"))[0]), len(text))

    @unittest.skipUnless(browser.CHROMIUM, "no Chromium is installed: the page was not looked at")
    def test_it_is_drawn(self):
        for width in (390, 1280):
            path = self.folder / f"{width}.png"
            browser.open_page(self.page, width=width, screenshot=path)
            data = path.read_bytes()
            self.assertEqual(data[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual(int.from_bytes(data[16:20], "big"), width)
            self.assertGreater(len(data), 50_000, "hardly anything is drawn")


if __name__ == "__main__":
    unittest.main()
