// Short news for the reader; the toasts controller shows it.
export function toast(text, { tone = "info", seconds = 7, link = null } = {}) {
  window.dispatchEvent(new CustomEvent("toast", { detail: { text, tone, seconds, link } }))
}
