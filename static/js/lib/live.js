// One live stream for all tabs of this browser: a SharedWorker holds it, or, where there is none,
// the tab that wins a lock holds it and passes the news on. A seventh EventSource to one server
// would block the browser.

const CHANNEL = "handled-live"

export class Live {
  // `heard` gets {state} and {news}; see workers/live.js.
  constructor({ stream, worker, user, heard }) {
    this.listen = { stream, user }
    this.address = worker
    this.heard = heard
  }

  start() {
    if ("SharedWorker" in window) this.#share()
    else if (navigator.locks && "BroadcastChannel" in window) this.#elect()
    else this.#own()
    window.addEventListener("pagehide", this.#leave)
    window.addEventListener("pageshow", this.#comeBack)
  }

  stop() {
    this.#leave()
    this.resign?.()
    this.channel?.close()
    window.removeEventListener("pagehide", this.#leave)
    window.removeEventListener("pageshow", this.#comeBack)
  }

  #share() {
    this.port = new SharedWorker(this.address, { name: CHANNEL }).port
    this.port.onmessage = ({ data }) => this.heard(data)
    this.port.postMessage({ listen: this.listen })
  }

  #own(passOn = () => {}) {
    const worker = new Worker(this.address, { name: CHANNEL })
    worker.onmessage = ({ data }) => {
      this.heard(data)
      passOn(data)
    }
    worker.postMessage({ listen: this.listen })
    this.port = worker
  }

  // Followers hear by channel; when the leader's tab closes, the lock makes the next one lead.
  #elect() {
    this.channel = new BroadcastChannel(`${CHANNEL}-${this.listen.user}`)
    this.channel.onmessage = ({ data }) => this.heard(data)
    this.channel.postMessage({ ask: true })
    navigator.locks.request(`${CHANNEL}-${this.listen.user}`, () => {
      this.#lead()
      return new Promise((resolve) => (this.resign = resolve))
    })
  }

  #lead() {
    let state = "connecting"
    this.channel.onmessage = ({ data }) => data.ask && this.channel.postMessage({ state })
    this.#own((data) => {
      state = data.state ?? state
      this.channel.postMessage(data)
    })
  }

  #leave = () => this.port?.postMessage({ leave: true })

  #comeBack = ({ persisted }) => {
    if (persisted) this.port?.postMessage({ listen: this.listen })
  }
}
