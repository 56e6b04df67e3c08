// The bar of every page: where one can go, in which language, in which light, and the presenter's mode.

const THEMES = ["System", "Light", "Dark"];
const themeKey = (path) => `stActiveTheme-${path}-v2`;

function currentTheme() {
  try {
    const stored = JSON.parse(window.localStorage.getItem(themeKey(window.location.pathname)));
    return THEMES.includes(stored) ? stored : "System";
  } catch {
    return "System";
  }
}

/** Streamlit keeps one theme per path, so the choice is written for all pages; it is read when a page loads. */
function chooseTheme(theme, paths) {
  for (const path of paths) window.localStorage.setItem(themeKey(path), JSON.stringify(theme));
  window.location.reload();
}

/** The root's font size is another one now. Pictures that were drawn before hear of it as of a theme: their host's style
 *  changes. */
function sizesChanged() {
  const rem = getComputedStyle(document.documentElement).fontSize;
  for (const host of document.querySelectorAll("*")) if (host.shadowRoot) host.style.setProperty("--notes-rem", rem);
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".root");
  const { labels, pages, page, lang, present } = data;
  document.documentElement.lang = lang;
  document.title = data.title;
  if (document.documentElement.hasAttribute("data-present") !== present) {
    document.documentElement.toggleAttribute("data-present", present);
    sizesChanged();
  }

  const links = pages.map((entry) => {
    const link = element("a", { href: entry.href, text: entry.title, "aria-current": entry.id === page ? "page" : null });
    if (entry.id === "home") link.className = "brand";
    keepInside(link);
    return link;
  });
  const nav = element("nav", { "aria-label": labels.navigation }, links);

  const other = lang === "en" ? "zh-Hant" : "en";
  const language = element("a", { href: addressWith({ lang: other }), text: labels.other_language, lang: other, class: "tool" });
  // The address may change after this bar was drawn, so the link is made anew when it is used.
  language.addEventListener("pointerenter", () => language.setAttribute("href", addressWith({ lang: other })));
  language.addEventListener("focus", () => language.setAttribute("href", addressWith({ lang: other })));
  keepInside(language);

  const theme = element("select", { class: "tool", "aria-label": labels.theme, title: labels.theme }, THEMES.map((name) =>
    element("option", { value: name, text: labels[`theme_${name.toLowerCase()}`], selected: name === currentTheme() })));
  theme.addEventListener("change", () => chooseTheme(theme.value, new Set([window.location.pathname, ...data.paths])));

  const presenter = element("button", { type: "button", class: "tool", "aria-pressed": String(present), text: present ? labels.present_off : labels.present_on });
  presenter.addEventListener("click", () => setControls({ present: present ? null : true }));

  const skip = element("a", { href: "#main", class: "skip", text: labels.skip });
  skip.addEventListener("click", (event) => {
    event.preventDefault();
    const main = document.querySelector(".st-key-main-picture") ?? document.querySelector("[data-testid=stMain]");
    main?.setAttribute("tabindex", "-1");
    main?.focus();
  });

  root.className = `root${present ? " present" : ""}`;
  root.replaceChildren(skip, nav, element("div", { class: "tools" }, [language, theme, presenter]));
  const current = nav.querySelector("[aria-current]");
  if (current) nav.scrollLeft = current.offsetLeft - nav.offsetLeft - nav.clientWidth / 3;
}
