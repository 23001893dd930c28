// A reply that waits in line: its place and time change with what others send, of which no news
// tells; nor is it news that one was looked for on X for long enough. It asks to be drawn anew now
// and then, while somebody may be looking.
import { Controller } from "stimulus"

const EVERY = 20_000

export default class extends Controller {
  connect() {
    this.timer = setInterval(() => document.hidden || this.dispatch("stale"), EVERY)
  }

  disconnect() {
    clearInterval(this.timer)
  }
}
