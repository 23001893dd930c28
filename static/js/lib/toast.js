// Short news for the reader; the toasts controller shows it, in place of one that says `instead`.
export function toast(text, { tone = "info", seconds = 7, link = null, instead = "" } = {}) {
  window.dispatchEvent(new CustomEvent("toast", { detail: { text, tone, seconds, link, instead } }))
}
