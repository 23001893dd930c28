// What a failed request means to the person who waits for it.
import { toast } from "lib/toast"

const WORDS = {
  0: "Handled can’t be reached. Check your connection; what you typed is kept.",
  400: "That wasn’t understood. Reload the page and try again; what you typed is kept.",
  401: "You are signed out. What you typed is kept.",
  403: "Your role doesn’t allow that.",
  404: "That is gone, or was never yours to see.",
  413: "That is too long to send.",
  429: "Too many tries. Wait a minute.",
}
const BROKEN = "Something broke on our side; it is logged. What you typed is kept. Try again."

// `said` is the server's own sentence, where it has one for people.
export function reportFailure(status, said = "") {
  const link = status === 401 ? { label: "Sign in again", href: "/sign-in/", apart: true } : null
  const words = (status >= 400 && status < 500 && status !== 401 && said) || WORDS[status]
  toast(words ?? BROKEN, { tone: "danger", link })
  window.dispatchEvent(new CustomEvent("failure", { detail: { status } }))
}
