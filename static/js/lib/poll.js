// Asks for news while nobody tells them: every 3 seconds while the reader is active, more and more
// slowly up to half a minute while they are away.
const FASTEST = 3000
const SLOWEST = 30_000

export class Poll {
  constructor(ask) {
    this.ask = ask
  }

  start() {
    if (this.running) return
    this.running = true
    this.pause = FASTEST
    for (const name of ["pointerdown", "keydown"]) window.addEventListener(name, this.#active)
    this.#wait()
  }

  stop() {
    this.running = false
    clearTimeout(this.timer)
    for (const name of ["pointerdown", "keydown"]) window.removeEventListener(name, this.#active)
  }

  #wait() {
    this.timer = setTimeout(async () => {
      await this.ask()
      this.pause = document.hidden ? SLOWEST : Math.min(SLOWEST, this.pause * 1.5)
      if (this.running) this.#wait()
    }, this.pause)
  }

  #active = () => {
    if (this.pause === FASTEST) return
    this.pause = FASTEST
    clearTimeout(this.timer)
    this.#wait()
  }
}
