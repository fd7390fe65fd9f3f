// The theme button changes the page at once and remembers it in the cookie that the server reads for the next page.
const YEAR = 31536000;

export function startTheme() {
  document.addEventListener("submit", (event) => {
    const form = event.target.closest?.("[data-theme-switch]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    const theme = event.submitter?.value === "light" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    const scheme = document.querySelector('meta[name="color-scheme"]');
    if (scheme) scheme.content = theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `anxin-theme=${theme}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
    form.querySelector(theme === "dark" ? ".theme-to-light" : ".theme-to-dark")?.focus();
  });
}
