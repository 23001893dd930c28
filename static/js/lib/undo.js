// Of the replies on the page that can still be taken back, the way to take back the newest: none
// where the time of all is over.
export function lastUndo() {
  const all = document.querySelectorAll(".message-undo:not([data-over]) [data-shortcut=z]")
  return [...all].findLast((button) => !button.disabled && button.offsetParent !== null)
}
