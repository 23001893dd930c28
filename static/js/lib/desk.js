// Where things stand on the desk: the list, the conversation that is open, and the pane that a
// narrow window shows.

export function list() {
  return document.getElementById("list")
}

// What the list shows, as a query.
export function place() {
  return list().dataset.place
}

export function conversation() {
  return document.getElementById("conversation")
}

export function openNumber() {
  return Number(conversation().dataset.number) || null
}

export function openVersion() {
  return Number(conversation().dataset.version) || 0
}

// One of views, list, thread and panel.
export function shownPane() {
  return document.getElementById("desk").dataset.pane
}

export function showPane(name) {
  document.getElementById("desk").dataset.pane = name
}
