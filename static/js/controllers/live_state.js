// Says in the top bar whether the page hears of news at once, or has to ask.
import { Controller } from "stimulus"

const WORDS = {
  live: ["Live", "New messages appear by themselves"],
  polling: ["Reconnecting", "The live line is down. Handled asks for news every few seconds."],
  offline: ["Offline", "Handled can’t be reached. It keeps trying; what you typed is kept."],
}

export default class extends Controller {
  connect() {
    window.addEventListener("live:state", this.show)
  }

  disconnect() {
    window.removeEventListener("live:state", this.show)
  }

  show = ({ detail }) => {
    const [word, title] = WORDS[detail.state]
    this.element.dataset.state = detail.state
    this.element.textContent = word
    this.element.title = title
    this.element.hidden = false
  }
}
