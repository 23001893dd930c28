// What every request of a page carries, as it is now: signing in again changed it in what was drawn since.
export function headers() {
  const drawn = document.querySelector("#conversation[hx-headers]") ?? document.body
  return { ...JSON.parse(drawn.getAttribute("hx-headers")), "HX-Request": "true" }
}
