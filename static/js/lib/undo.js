// Taking back by key what was sent a moment ago.
import htmx from "htmx"

const COMES_WITHIN = 3000

// Of the replies on the page that can still be taken back, the way to take back the newest: none
// where the time of all is over.
export function lastUndo() {
  const all = document.querySelectorAll(".message-undo:not([data-over]) [data-shortcut=z]")
  return [...all].findLast((button) => !button.disabled && button.offsetParent !== null)
}

// Takes back what `form` has sent, as soon as it stands below `before`; a message that does not wait
// never will, and what is sent next is not meant.
export function undoNext(before, form) {
  const look = () => {
    const undo = lastUndo()
    if (!undo || undo.id === before?.id) return
    end()
    htmx.process(undo) // it may have been drawn this very moment
    undo.click()
  }
  const observer = new MutationObserver(look)
  const end = () => {
    observer.disconnect()
    clearTimeout(timer)
    form.removeEventListener("htmx:beforeRequest", sendsAgain)
  }
  // Not what is asked beside it, such as a preview.
  const sendsAgain = ({ detail: { elt } }) => elt === form && end()
  const timer = setTimeout(end, COMES_WITHIN)
  form.addEventListener("htmx:beforeRequest", sendsAgain)
  observer.observe(document.body, { childList: true, subtree: true })
  look()
}
