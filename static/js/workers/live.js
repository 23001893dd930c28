// Holds the one EventSource of this browser. As a SharedWorker it serves every tab; where there is
// none, the leading tab runs it as its own worker. It stands alone: workers see no import map.
//
// Says to its tabs: {state: "connecting" | "live" | "down"} and {news: {kind, id, version, brand, at}}.
// Hears from its tabs: {listen: {stream, user}} and {leave: true}.

const RETRY_FROM = 1000
const RETRY_TO = 30000
// The server pings every 20 seconds; silence for longer is a line that died without a word.
const SILENCE = 50000
const NEWS = ["conversation", "arrival", "draft", "access", "missed"]

const tabs = new Set()
let source = null
let wanted = null
let state = "connecting"
let tries = 0
let retry = null
let silence = null
let pings = false

self.onconnect = ({ ports: [port] }) => {
  port.onmessage = (message) => hear(port, message)
  port.start()
}

if (!("SharedWorkerGlobalScope" in self)) {
  self.onmessage = (message) => hear(self, message)
}

function hear(tab, { data }) {
  if (data.leave) return leave(tab)
  if (!data.listen) return
  tabs.add(tab)
  tab.postMessage({ state })
  const same = wanted && wanted.stream === data.listen.stream && wanted.user === data.listen.user
  if (same && source && source.readyState !== EventSource.CLOSED) return
  wanted = data.listen
  open()
}

function leave(tab) {
  tabs.delete(tab)
  if (tabs.size) return
  close()
  wanted = null
}

function open() {
  close()
  source = new EventSource(wanted.stream, { withCredentials: true })
  source.addEventListener("hello", (event) => {
    tries = 0
    alive()
    change("live", JSON.parse(event.data).at)
  })
  source.addEventListener("ping", () => {
    pings = true
    alive()
  })
  for (const kind of NEWS) {
    source.addEventListener(kind, (event) => {
      alive()
      tell({ news: { kind, ...JSON.parse(event.data) } })
    })
  }
  // Refused, or cut: the browser's own retry knows no patience, so ours takes its place.
  source.onerror = again
}

function close() {
  clearTimeout(retry)
  clearTimeout(silence)
  source?.close()
  source = null
}

function again() {
  close()
  change("down")
  const pause = Math.min(RETRY_TO, RETRY_FROM * 2 ** tries++)
  retry = setTimeout(open, pause * (0.5 + Math.random()))
}

function alive() {
  clearTimeout(silence)
  if (pings) silence = setTimeout(again, SILENCE)
}

function change(next, at = null) {
  state = next
  tell({ state, at })
}

function tell(message) {
  for (const tab of tabs) tab.postMessage(message)
}
