// What a failed request means to the person who waits for it.
import { toast } from "lib/toast"

const WORDS = {
  0: "Handled can’t be reached. Check your connection; what you typed is kept.",
  400: "That wasn’t understood. Reload the page and try again; what you typed is kept.",
  401: "You are signed out. What you typed is kept.",
  403: "Your role doesn’t allow that.",
  404: "That is gone, or was never yours to see.",
  409: "Something else came first. Look at it, then try again.",
  413: "That is too long to send.",
  422: "That can’t be taken as it is.",
  429: "Too many tries. Wait a minute.",
}
const BROKEN = "Something broke on our side; it is logged. What you typed is kept. Try again."
const UNDONE = "That was not done."

// `said` is the server's own sentence, where it has one for people.
export function reportFailure(status, said = "") {
  tell(status, wordsFor(status, said))
}

// Of what was asked in `home`, a conversation that was left before the answer. `undone` says what that
// means where nothing was done for certain.
export function reportLeft(home, undone, status, said) {
  const { number, who, url } = home.dataset
  const isCertain = status >= 400 && status < 500
  const words = `#${number} ${who}: ${isCertain ? `${undone ?? UNDONE} ` : ""}${wordsFor(status, said)}`
  tell(status, words, { link: { label: `Go to #${number}`, href: url }, instead: said })
}

function wordsFor(status, said) {
  return (status >= 400 && status < 500 && status !== 401 && said) || WORDS[status] || BROKEN
}

function tell(status, words, { link = null, instead = "" } = {}) {
  const signIn = { label: "Sign in again", href: "/sign-in/", apart: true }
  toast(words, { tone: "danger", link: status === 401 ? signIn : link, instead })
  window.dispatchEvent(new CustomEvent("failure", { detail: { status } }))
}
