// Looks at a page as it is laid out and leaves what it finds as JSON in a <script
// id="audit">: lists of faults, each empty on a good page, and the width.
(() => {
  const faults = {contrast: [], images: [], headings: [], tables: [], focus: [], links: [], ids: []};
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const words = (element) => (element.textContent || "").trim().replace(/\s+/g, " ").slice(0, 60);
  all("details").forEach((element) => { element.open = true; });

  // Contrast of text, by the WCAG 2 formulas.
  const parse = (color) => {
    const part = color.match(/[\d.]+/g).map(Number);
    return part.length > 3 ? part : [...part, 1];
  };
  const over = (top, bottom) =>
    [0, 1, 2].map((i) => top[i] * top[3] + bottom[i] * (1 - top[3])).concat(1);
  const background = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.push(parse(getComputedStyle(at).backgroundColor));
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  let texts = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || element.closest("svg, script, style")) continue;
    if (element.getClientRects().length === 0) continue;
    ++texts;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const below = background(element);
    const ratio = contrast(over(parse(style.color), below), below);
    if (ratio < (large ? 3 : 4.5)) faults.contrast.push(`${ratio.toFixed(2)}: ${words(element)}`);
  }
  // What is drawn and has to be told from what is around it.
  all("svg .line, svg .whisker, svg .dots, svg .ring, svg .jump").forEach((mark) => {
    const ratio = contrast(parse(getComputedStyle(mark).stroke), background(mark.closest("svg")));
    if (ratio < 3) faults.contrast.push(`${ratio.toFixed(2)}: ${mark.getAttribute("class")}`);
  });

  all("svg, img").forEach((image) => {
    if (image.getAttribute("aria-hidden") === "true") return;
    const ids = (image.getAttribute("aria-labelledby") || "").split(" ").filter(Boolean);
    const named = ids.length > 0 && ids.every((id) => document.getElementById(id)?.textContent.trim());
    if (image.getAttribute("role") !== "img" || !named) faults.images.push(image.outerHTML.slice(0, 80));
  });

  let level = 0;
  all("h1, h2, h3, h4, h5, h6").forEach((heading) => {
    const next = Number(heading.tagName[1]);
    if (next > level + 1 || !words(heading)) faults.headings.push(words(heading) || heading.tagName);
    level = next;
  });
  if (all("h1").length !== 1) faults.headings.push("not one h1");

  all("table").forEach((table) => {
    if (!table.caption) faults.tables.push(`no caption: ${words(table)}`);
    table.querySelectorAll("th:not([scope])").forEach((th) => faults.tables.push(`no scope: ${words(th)}`));
    table.querySelectorAll("tbody tr").forEach((row) => {
      if (!row.querySelector("th")) faults.tables.push(`no row header: ${words(row)}`);
    });
  });

  all("[tabindex]").forEach((element) => {
    if (element.tabIndex > 0) faults.focus.push(`tabindex ${element.tabIndex}`);
  });
  all("a, summary, [tabindex='0']").forEach((element) => {
    element.focus();
    const style = getComputedStyle(element);
    // Focus by script shows like focus by keyboard here: nothing was clicked.
    if (document.activeElement !== element || style.outlineStyle === "none") {
      faults.focus.push(`cannot be seen in focus: ${words(element)}`);
    }
  });
  all("a[href^='#']").forEach((link) => {
    if (!document.getElementById(link.hash.slice(1))) faults.links.push(link.hash);
  });
  if (document.querySelector("a")?.hash !== "#main") faults.links.push("the first link skips to no content");

  const ids = all("[id]").map((element) => element.id);
  faults.ids = ids.filter((id, i) => ids.indexOf(id) !== i);
  if (!document.documentElement.lang) faults.ids.push("no lang");
  if (!document.title) faults.ids.push("no title");

  const result = document.createElement("script");
  result.id = "audit";
  result.type = "application/json";
  result.textContent = JSON.stringify({
    faults, texts, width: innerWidth, contentWidth: document.documentElement.scrollWidth,
    background: getComputedStyle(document.body).backgroundColor,
  }).replaceAll("<", "\\u003c");
  document.body.append(result);
})();
