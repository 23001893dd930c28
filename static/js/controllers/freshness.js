// Keeps the list and the open conversation fresh. News carry ids and versions only; what changed
// is fetched again through the ordinary addresses and merged.
import { Controller } from "stimulus"
import { conversation, list, openNumber, openVersion, place } from "lib/desk"
import { reportFailure } from "lib/failures"
import { fetchFragments, mergeFragment, Refused } from "lib/fragments"
import { Live } from "lib/live"
import { paced } from "lib/pace"
import { Poll } from "lib/poll"
import { toast } from "lib/toast"

const LIST_PACE = 800
const CONVERSATION_PACE = 250
const LONG_HIDDEN = 30_000
const SOON = 3000
// News may be lost on their way (Redis away for a moment): live or not, the page asks this often.
const CATCH_UP_EVERY = 60_000

export default class extends Controller {
  static targets = ["news"]
  static values = { live: String, worker: String, changes: String, since: Number, user: Number }

  // Lifecycle

  connect() {
    this.refreshList = paced(() => this.#refreshList(), LIST_PACE)
    this.refreshConversation = paced(() => this.#refreshConversation(), CONVERSATION_PACE)
    this.poll = new Poll(() => this.catchUp())
    this.live = new Live({
      stream: this.liveValue,
      worker: this.workerValue,
      user: this.userValue,
      heard: this.hear,
    })
    this.live.start()
    this.asking = setInterval(() => this.catchUp(), CATCH_UP_EVERY)
  }

  disconnect() {
    this.live.stop()
    this.poll.stop()
    clearInterval(this.asking)
  }

  // Actions

  // A request of our own changed something: the list shows it even when no news arrive.
  answered({ detail: { requestConfig } }) {
    if (requestConfig?.verb !== "get") this.refreshList()
  }

  // Signing in again in another tab makes this page's forms stale: a fresh fragment mends them.
  doubt({ detail: { status } }) {
    if (status === 401) this.signedOut = true
    if (status === 403) this.refreshConversation()
  }

  // The page was hidden, or is seen again.
  seen() {
    if (document.hidden) {
      this.hiddenSince = Date.now()
    } else if (this.signedOut) {
      this.signedOut = false
      this.refreshList()
      this.refreshConversation()
    } else if (Date.now() - (this.hiddenSince ?? Date.now()) > LONG_HIDDEN) {
      this.catchUp()
    }
  }

  async catchUp() {
    try {
      const response = await fetch(`${this.changesValue}?since=${this.sinceValue}`, {
        headers: { "HX-Request": "true" },
      })
      if (!response.ok) throw new Refused(response.status)
      const { at, all, conversations } = await response.json()
      // Only here: single news may be heard while others are lost.
      this.sinceValue = at
      this.#say(this.state === "live" ? "live" : "polling")
      this.#heedChanges(conversations, all || this.behind)
    } catch (error) {
      if (error.status === 401) return reportFailure(401)
      this.#say("offline")
    }
  }

  // Callbacks

  hear = ({ state, news }) => {
    if (news) this.#heed(news)
    // "live" again and again is a stream that was opened anew, or that this page came back to.
    if (!state || state === "connecting" || (state === "down" && state === this.state)) return
    this.state = state
    this.#say(state === "live" ? "live" : "polling")
    // What came between the page and the stream, or while the line was down.
    if (state === "live") this.poll.stop()
    else this.poll.start()
    this.catchUp()
  }

  // Private: what is new

  #heed({ kind, id, version }) {
    if (kind === "missed") return this.catchUp()
    if (kind === "arrival") return this.#welcome(id)
    if (kind === "draft") return this.dispatch("draft-gone", { detail: { number: id } })
    if (kind === "access" || this.#isNews(id, version)) this.refreshList()
    if (kind === "access" || (id === openNumber() && version > openVersion())) {
      this.refreshConversation()
    }
  }

  // `all`: more changed than could be told, or an earlier refresh failed.
  #heedChanges(conversations, all) {
    this.behind = false
    const open = conversations.find(({ id }) => id === openNumber())
    if (all || conversations.some(({ id, version }) => this.#isNews(id, version))) {
      this.refreshList()
    }
    if (all || open?.version > openVersion()) this.refreshConversation()
  }

  #isNews(id, version) {
    const row = document.getElementById(`row-${id}`)
    return !row || Number(row.dataset.version) < version
  }

  // Somebody came whom the person at this desk had invited.
  #welcome(number) {
    const link = { label: "Open", href: `/conversations/${number}/` }
    toast(`You invited somebody, and they wrote privately: #${number}.`, { tone: "success", seconds: 20, link })
  }

  // Private: fetching it

  async #refreshList() {
    const asked = place()
    const shown = document.querySelectorAll("#rows > .row").length
    await this.#quietly("list-gone", async () => {
      const fragments = await fetchFragments(`${list().dataset.url}${asked}&rows=${shown}`)
      if (asked !== place()) return
      for (const fresh of fragments) mergeFragment(fresh)
      this.dispatch("listed", { prefix: "desk" })
    })
  }

  async #refreshConversation() {
    const { number, shown, url } = conversation().dataset
    if (!number) return
    await this.#quietly("conversation-gone", async () => {
      const [fresh] = await fetchFragments(`${url}&shown=${shown}`)
      if (Number(number) !== openNumber() || Number(fresh.dataset.version) < openVersion()) return
      const before = Number(conversation().dataset.newest)
      mergeFragment(fresh)
      this.#announce(before)
    })
  }

  #announce(before) {
    const newest = [...document.querySelectorAll("#timeline [data-message-id]")].filter(
      (message) => Number(message.dataset.messageId) > before && !message.matches(".message-ours"),
    )
    if (!newest.length) return
    const kind = newest.at(-1).matches(".message-public") ? "public post" : "private message"
    const words = newest.at(-1).querySelector(".message-body").textContent.trim()
    this.newsTarget.textContent = `New ${kind} from ${conversation().dataset.who}: ${words}`
  }

  // A refresh that fails is not worth a toast each time: the state in the top bar says it.
  // What is not ours to see any more is said as the event `gone`.
  async #quietly(gone, work) {
    try {
      await work()
    } catch (error) {
      if (error.status === 401) reportFailure(401)
      else if (error.status === 404) this.dispatch(gone)
      else {
        this.behind = true
        this.#say("offline")
      }
      if (this.state === "live") setTimeout(() => this.catchUp(), SOON)
    }
  }

  #say(state) {
    window.dispatchEvent(new CustomEvent("live:state", { detail: { state } }))
  }
}
